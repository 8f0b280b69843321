import ArgumentParser
import PorticoBytes
import PorticoServer

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Validate configuration, certificates and rules without starting.",
        discussion: """
            Every problem is reported with file, line, column and what would be right. Also said \
            is which firewall rules each site has.
            """)

    @Option(help: "The configuration file.")
    var config = "config.toml"

    @Flag(help: "Report as one JSON object.")
    var json = false

    func run() {
        let report = CheckReport.make(
            ConfigurationLoader(file: config, environment: environment()))
        if json { sayJSON(report) } else { sayLines(report) }
        if report.isUnreadable { Terminal.end(.couldNot) }
        if !report.problems.isEmpty { Terminal.end(.found) }
    }

    private func sayLines(_ report: CheckReport) {
        for line in report.problems { Terminal.complain(line) }
        for line in report.warnings { Terminal.complain("warning: " + line) }
        for line in report.firewalls { Terminal.say(line) }
        if report.problems.isEmpty { Terminal.say("\(config) is valid") }
    }

    private func sayJSON(_ report: CheckReport) {
        var text = Buffer()
        text.append("{\"valid\":\(report.problems.isEmpty)")
        for (name, lines) in [
            ("problems", report.problems), ("warnings", report.warnings),
            ("firewalls", report.firewalls),
        ] {
            text.append(",\"\(name)\":")
            text.append(jsonArray: lines)
        }
        text.append("}")
        Terminal.say(text.bytes.text)
    }
}
