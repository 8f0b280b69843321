import PorticoBytes
import PorticoSecLang
import PorticoWAF
import Synchronization
import Testing

@testable import PorticoWAFTool

@Suite("Reports of tests and requests")
struct ReportTests {
    private let results = [
        TestResult(name: "1-1", file: "a.yaml", failure: nil, ids: [1]),
        TestResult(
            name: "1-2", file: "a&b.yaml", failure: "status <200>\nand \"more\"\u{1}", ids: []),
    ]

    private func text(_ report: TestReport) -> String {
        var text = Buffer()
        report.write(results, to: &text)
        return text.bytes.text
    }

    @Test func `TAP has one line a test`() {
        #expect(
            text(.tap) == "TAP version 13\n1..2\nok 1 - 1-1\nnot ok 2 - 1-2\n"
                + "# status <200> and \"more\"\u{1}\n")
    }

    @Test func `JUnit is well-formed`() {
        #expect(
            text(.junit).contains(
                "<failure message=\"status &lt;200&gt; and &quot;more&quot; \"/>"))
        #expect(text(.junit).contains("classname=\"a&amp;b.yaml\""))
    }

    @Test func `JSON counts`() throws {
        let json = try parsed(Array(text(.json).utf8))
        #expect(json["total"]?.integer == 2 && json["passed"]?.integer == 1)
        #expect(json["results"]?.elements[1]["why"]?.text?.hasPrefix("status <200>") == true)
    }

    private func rules(_ text: String) throws -> RuleSet {
        try RuleSet.load(["r.conf"], files: RuleFiles(["r.conf": text]))
    }

    private func request(_ target: String) -> SampleRequest {
        SampleRequest(
            name: target, bytes: Array("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
    }

    @Test func `verdicts name rules, variables and spans`() throws {
        let rules = try rules("SecRule ARGS \"@rx b+\" \"id:7,phase:2,deny,log,msg:'Bees'\"")
        var rehearsal = Rehearsal(rules, WAFSettings(name: "t"))
        let report = VerdictReport(
            ["/?a=abbc", "/"].map { (request($0), rehearsal.run(request($0).bytes)) })
        #expect(report.hasBlocked)
        #expect(
            report.lines(Style(isColoured: false)) == [
                "blocked  403    GET /?a=abbc  score 0", "    7  Bees",
                "             ARGS:a  abbc", "                      ^^",
                "passed   200    GET /  score 0",
            ])
        var text = Buffer()
        report.write(to: &text)
        let json = try parsed(text.bytes.array)
        #expect(json["requests"]?.elements[0]["record"]?["rules"]?.elements.count == 1)
        #expect(json["requests"]?.elements[1]["action"]?.text == "passed")
    }

    @Test func `a comparison tells verdicts from matches`() throws {
        let left = try rules("SecRule ARGS a \"id:1,phase:2,deny,log\"")
        let right = try rules(
            "SecRule ARGS a \"id:2,phase:2,deny,log\"\nSecRule ARGS b \"id:3,phase:2,deny,log\"")
        let diff = VerdictDiff.compare(
            left, right, ["/?x=a", "/?x=b", "/"].map(request), WAFSettings(name: "t"))
        #expect(diff.count == 3 && diff.changes.count == 2 && diff.verdicts.count == 1)
        #expect(
            diff.lines(Style(isColoured: false)) == [
                "GET /?x=a", "    blocked 403, as before", "    - 1", "    + 2", "GET /?x=b",
                "    passed 200 -> blocked 403", "    + 3",
                "3 requests: 1 change verdict, 1 match other rules",
            ])
        var text = Buffer()
        diff.write(to: &text)
        let json = try parsed(text.bytes.array)
        #expect(json["verdicts"]?.integer == 1)
    }

    @Test func `a measurement counts each rule that ran, the slowest first`() throws {
        let book = try RuleBook(
            ["r.conf"],
            files: RuleFiles([
                "r.conf": "SecRule ARGS|REQUEST_URI a \"id:1,phase:1,pass,log\"\n"
                    + "SecAction \"id:2,phase:1,pass,nolog,skip:1\"\n"
                    + "SecRule ARGS a \"id:3,phase:1,deny\""
            ]))
        let clock = Ticks()
        let bench = RuleBench.measure(
            book, [request("/?x=b")], rounds: 3, WAFSettings(name: "t"), clock: clock.read)
        #expect(Set(bench.lines.map(\.rule.id)) == [1, 2])
        #expect(bench.lines.allSatisfy { $0.runs == 1 })
        #expect(bench.phases.map(\.number) == [1])
        #expect(bench.medians.count == 1)
        var text = Buffer()
        bench.write(to: &text)
        let json = try parsed(text.bytes.array)
        #expect(json["rules"]?.elements.count == 2)
        #expect(
            bench.lines(showing: 1, Style(isColoured: false)).last?.contains("1 other rule") == true
        )
    }

    @Test func `the shop's requests are whole`() throws {
        let rules = try rules("SecAction \"id:1,phase:2,pass,nolog\"")
        var rehearsal = Rehearsal(rules, WAFSettings(name: "t"))
        for sample in ShopRequests.all {
            let answer = rehearsal.run(sample.bytes)
            #expect(answer.status == 200 && answer.errors.isEmpty, "\(sample.name)")
        }
    }
}

/// A clock that goes on by 100 ns at each look.
private final class Ticks: Sendable {
    private let count = Mutex(UInt64(0))
    @Sendable func read() -> UInt64 {
        count.withLock {
            $0 += 100
            return $0
        }
    }
}
