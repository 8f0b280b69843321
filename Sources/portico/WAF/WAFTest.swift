import ArgumentParser
import PorticoBytes
import PorticoLoop
import PorticoSecLang
import PorticoWAF
import PorticoWAFTool

struct WAFTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run requests or go-ftw tests through rules.",
        discussion: """
            Exit status: 1 when a request is blocked (or would be), or a test fails.

                portico waf test rules/main.conf --url '/?id=1%27%20or%20true--'
                portico waf test rules/main.conf --request attacks.http
                portico waf test rules/main.conf --tests rules/tests
            """)

    @OptionGroup var rules: WAFRules
    @OptionGroup var requests: WAFRequests

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "go-ftw test files, or folders of them.", valueName: "file"))
    var tests: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Platform overrides of go-ftw tests.", valueName: "file"))
    var overrides: [String] = []

    @Option(help: "How tests are reported: tap, junit or json; without, what failed and a sum.")
    var format: String?

    @Option(help: "How many run at the same time; 0: one for each CPU.")
    var jobs = 0

    @Flag(help: "Explain each request.")
    var explain = false

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        if tests.isEmpty && requests.isEmpty {
            throw ValidationError("Requests (--request, --curl, --url) or --tests are wanted.")
        }
        if let format, TestReport(rawValue: format) == nil {
            throw ValidationError("--format is tap, junit or json.")
        }
        if format != nil, tests.isEmpty { throw ValidationError("--format goes with --tests.") }
        if !(0...1024).contains(jobs) { throw ValidationError("--jobs is 0 to 1024.") }
    }

    func run() throws {
        let book = rules.book()
        var found = false
        if !requests.isEmpty { found = try judgeRequests(book) }
        if !tests.isEmpty, !runTests(book) { found = true }
        if found { Terminal.end(.found) }
    }

    /// Whether one is blocked.
    private func judgeRequests(_ book: RuleBook) throws -> Bool {
        let samples = requests.read()
        if explain {
            return WAFExplain.explain(
                book, samples, rules.application.settings, .matches, json: json)
        }
        var rehearsal = Rehearsal(book.rules, rules.application.settings)
        let report = VerdictReport(samples.map { ($0, rehearsal.run($0.bytes)) })
        if json {
            var text = Buffer()
            report.write(to: &text)
            Terminal.say(text)
        } else {
            for line in report.lines(.terminal) { Terminal.say(line) }
        }
        return report.hasBlocked
    }

    // MARK: - go-ftw

    /// Whether all passed.
    private func runTests(_ book: RuleBook) -> Bool {
        let cases = readCases()
        let began = monotonicNow()
        let settings = rules.application.settings
        let workers = jobs == 0 ? Process.cpus : jobs
        let results = waiting {
            await TestRun.run(cases, book.rules, settings, workers: workers)
        }
        let duration = monotonicNow().since(began)
        let failed = results.count { $0.failure != nil }
        if let report = json ? TestReport.json : format.flatMap(TestReport.init) {
            var text = Buffer()
            report.write(results, to: &text)
            Terminal.say(text)
        } else {
            let style = Style.terminal
            for result in results {
                guard let failure = result.failure else { continue }
                Terminal.say(style("failed ", .red) + "\(result.name)  \(result.file)")
                Terminal.say("       " + failure)
            }
            let tenths = duration.nanoseconds / 100_000_000
            Terminal.say(
                "\(Style.counted(results.count - failed, "test")) passed, "
                    + "\(failed) failed, in \(tenths / 10).\(tenths % 10) s")
        }
        return failed == 0
    }

    private func readCases() -> [TestCase] {
        var cases: [TestCase] = []
        do throws(TestFileFault) {
            for path in tests {
                for file in RequestSource.files(path) {
                    cases += try TestFile.read(Self.text(file), file: file)
                }
            }
            for file in overrides {
                _ = try TestFile.override(&cases, with: Self.text(file), file: file)
            }
        } catch {
            Terminal.complain("\(error.file): \(error.message)")
            Terminal.end(.couldNot)
        }
        if cases.isEmpty {
            Terminal.complain("no test in \(tests.joined(separator: ", "))")
            Terminal.end(.couldNot)
        }
        return cases
    }

    private static func text(_ file: String) throws(TestFileFault) -> String {
        guard let bytes = RuleFiles.disk.contents(file) else {
            throw TestFileFault(file: file, message: "it cannot be read")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
