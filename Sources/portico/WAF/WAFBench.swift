import ArgumentParser
import PorticoBytes
import PorticoLoop
import PorticoWAFTool

struct WAFBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what each rule costs, the slowest first.",
        discussion: "Without requests, a shop's are taken: a page, a search, a login, a checkout.")

    @OptionGroup var rules: WAFRules
    @OptionGroup var requests: WAFRequests

    @Option(help: "How often each request runs.")
    var rounds = 200

    @Option(help: "How many rules are shown.")
    var top = 20

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        if !(1...1_000_000).contains(rounds) || top < 0 {
            throw ValidationError("--rounds is 1 to 1000000, --top not negative.")
        }
    }

    func run() {
        let bench = RuleBench.measure(
            rules.book(), requests.isEmpty ? ShopRequests.all : requests.read(), rounds: rounds,
            rules.application.settings, clock: { monotonicNow().nanoseconds })
        if json {
            var text = Buffer()
            bench.write(to: &text)
            Terminal.say(text)
        } else {
            Terminal.say(bench.lines(showing: top, .terminal).joined(separator: "\n"))
        }
    }
}
