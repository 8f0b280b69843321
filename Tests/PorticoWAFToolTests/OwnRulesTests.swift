import PorticoBytes
import PorticoSecLang
import PorticoWAF
import Testing

@testable import PorticoWAFTool

@Suite("Portico's own rules")
struct OwnRulesTests {
    private static let rules: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/") + "/rules"
    }()

    private func load() throws -> RuleBook { try RuleBook([Self.rules + "/main.conf"]) }

    @Test func `each holds to its cases, and lets pass what shops get all day`() async throws {
        let book = try load()
        var cases: [TestCase] = []
        for file in RequestSource.files(Self.rules + "/tests") {
            let text = String(decoding: RuleFiles.disk.contents(file) ?? [], as: UTF8.self)
            cases += try TestFile.read(text, file: file)
        }
        #expect(cases.count > 100)
        for result in await TestRun.run(
            cases, book.rules, WAFSettings(name: "own"), workers: 2)
        {
            #expect(result.failure == nil, "\(result.name)")
        }
        // Each rule that blocks has a case that it must match.
        let wanted = Set(cases.flatMap(\.stages).flatMap(\.output.expectedIDs))
        for rule in book.rules.rules where rule.severity != nil {
            #expect(wanted.contains(rule.id), "\(rule.id) has no case")
        }
    }

    @Test func `there is nothing to complain of`() throws {
        let lint = Lint.check([Self.rules + "/main.conf"], clock: { 0 })
        #expect(lint.findings.map(\.sentence) == [])
    }

    @Test func `passwords do not reach the audit log`() throws {
        var rehearsal = Rehearsal(try load().rules, WAFSettings(name: "own"))
        let raw =
            "GET /?password=geheim%27%20or%201=1--&q=geheim%27+or+1%3D1-- HTTP/1.1\r\n"
            + "Host: h\r\nCookie: c=geheim' or 1=1--\r\n\r\n"
        let answer = rehearsal.run(Array(raw.utf8))
        #expect(answer.isBlocked)
        let record = String(decoding: answer.record, as: UTF8.self)
        #expect(!record.contains("geheim"))
    }
}
