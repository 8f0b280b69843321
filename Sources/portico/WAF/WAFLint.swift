import ArgumentParser
import PorticoBytes
import PorticoLoop
import PorticoWAFTool

struct WAFLint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Find mistakes in rules, slow patterns, and what it all costs.",
        discussion: """
            Each finding names file, line, column and its kind; docs/WAF.md says more of the \
            kinds. Exit status: 1 when there is an error or a warning.
            """)

    @ArgumentParser.Argument(help: "SecLang files, in order.")
    var rules: [String]

    @Flag(help: "Also what is no mistake in itself.")
    var notes = false

    @Flag(help: "Leave out what takes time: probing patterns, measuring requests.")
    var quick = false

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() {
        let lint = Lint.check(rules, probes: !quick, clock: { monotonicNow().nanoseconds })
        if json {
            var text = Buffer()
            lint.write(to: &text)
            Terminal.say(text)
        } else {
            let lines = lint.lines(notes: notes, .terminal)
            if !lines.isEmpty { Terminal.say(lines.joined(separator: "\n")) }
        }
        if lint.count > 0 { Terminal.end(.found) }
    }
}
