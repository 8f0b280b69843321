import ArgumentParser
import PorticoBytes
import PorticoWAF
import PorticoWAFTool

struct WAFDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show whose verdict changes from one set of rules to another.",
        discussion: """
            Exit status: 1 when a verdict changes.

                portico waf diff old/main.conf new/main.conf --requests rules/tests
            """)

    @ArgumentParser.Argument(help: "The rules in force; several files are joined by commas.")
    var before: String

    @ArgumentParser.Argument(help: "The rules that shall take their place.")
    var after: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files of raw HTTP requests, or go-ftw tests; - is standard input.", valueName: "file"))
    var requests: [String]

    @OptionGroup var application: WAFApplication

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() {
        let left = WAFApplication.book(Self.files(before))
        let right = WAFApplication.book(Self.files(after))
        let samples = requests.flatMap { WAFRequests.read(file: $0, exact: false) }
        let diff = VerdictDiff.compare(left.rules, right.rules, samples, application.settings)
        if json {
            var text = Buffer()
            diff.write(to: &text)
            Terminal.say(text)
        } else {
            Terminal.say(diff.lines(.terminal).joined(separator: "\n"))
        }
        if !diff.verdicts.isEmpty { Terminal.end(.found) }
    }

    private static func files(_ list: String) -> [String] {
        list.split(separator: ",").map(String.init)
    }
}
