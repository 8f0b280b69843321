import ArgumentParser
import PorticoBytes
import PorticoSecLang
import PorticoWAF
import PorticoWAFTool

struct WAFExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Show what each rule makes of a request, and why.",
        discussion: """
            Rules that matched are shown in full: the value before and after each transformation, \
            the matched span in place, the score. The others take a line; --all and --rule show \
            them in full, too. Exit status: 1 when a request is blocked (or would be).

                portico waf explain rules/main.conf --url '/?q=1%20UNION%20SELECT%202'
            """)

    @OptionGroup var rules: WAFRules
    @OptionGroup var requests: WAFRequests

    @Flag(help: "Every rule in full.")
    var all = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Only these, in full: ids or ranges.", valueName: "id"))
    var rule: [String] = []

    @Flag(help: "Report as one JSON object a request.")
    var json = false

    func validate() throws {
        if requests.isEmpty { throw ValidationError("--request, --curl or --url is wanted.") }
        for text in rule where SecLangParser.ids(Array(text.utf8)) == nil {
            throw ValidationError("--rule \(text): an id or a range such as 942100-942199.")
        }
    }

    func run() {
        let ids = rule.compactMap { SecLangParser.ids(Array($0.utf8)) }
        let found = Self.explain(
            rules.book(), requests.read(), rules.application.settings,
            !ids.isEmpty ? .only(ids) : all ? .everything : .matches, json: json)
        if found { Terminal.end(.found) }
    }

    /// Whether a request is blocked.
    static func explain(
        _ book: RuleBook, _ requests: [SampleRequest], _ settings: WAFSettings,
        _ detail: Explanation.Detail, json: Bool
    ) -> Bool {
        var rehearsal = Rehearsal(book.rules, settings)
        var found = false
        for (index, request) in requests.enumerated() {
            let explanation = Explanation.make(book, request, through: &rehearsal)
            found = found || explanation.isDetected
            if json {
                var text = Buffer()
                explanation.write(to: &text)
                Terminal.say(text)
            } else {
                if index > 0 { Terminal.say("") }
                let lines = explanation.lines(detail, .terminal)
                Terminal.say(lines.joined(separator: "\n"))
            }
        }
        return found
    }
}
