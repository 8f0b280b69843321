import PorticoBytes
import PorticoSecLang
import Testing

@testable import PorticoWAFTool

@Suite("Mistakes in rules")
struct LintTests {
    private func findings(_ rules: String, probes: Bool = false) -> [LintFinding] {
        Lint.check(
            ["r.conf"], files: RuleFiles(["r.conf": rules]), probes: probes, clock: { 0 }
        ).findings
    }

    @Test(arguments: [
        ("SecRule ARGS \"@rx (\" \"id:1,deny\"", "broken", 1, 14),
        ("SecRuul ARGS x", "broken", 1, 1),
        (
            "SecRule ARGS \"@streq a\" \"id:1,deny\"\nSecRule ARGS \"@streq a\" \"id:1,deny\"",
            "broken", 2, 1
        ),
        ("SecRule ARGS \"@streq a\" \"id:1,deny,skipAfter:X\"", "unreachable-skip", 1, 35),
        ("SecMarker X\nSecRule ARGS \"@streq a\" \"id:1,deny,skipAfter:X\"", "unused-marker", 1, 1),
        (
            "SecAction \"id:1,phase:1,pass,skipAfter:X\"\nSecRule ARGS a \"id:2,phase:1,deny\"\n"
                + "SecMarker X", "dead-rule", 2, 1
        ),
        ("SecRule TX:a \"@eq 1\" \"id:1,deny\"", "never-set", 1, 9),
        ("SecRule ARGS \"@gt %{tx.most}\" \"id:1,deny\"", "never-set", 1, 14),
        ("SecRule ARGS_POST a \"id:1,phase:1,deny\"", "never-matches", 1, 9),
        ("SecRule RESPONSE_BODY a \"id:1,phase:3,deny\"", "never-matches", 1, 9),
        ("SecRule ARGS \"@contains Ab\" \"id:1,deny,t:lowercase\"", "never-matches", 1, 14),
        ("SecRuleRemoveById 7", "no-such-rule", 1, 1),
        ("SecRule ARGS a \"id:1,deny,skip:2\"", "unreachable-skip", 1, 27),
    ])
    func `a mistake is found where it stands`(
        _ rules: String, _ kind: String, _ line: Int, _ column: Int
    ) {
        let found = findings(rules)
        #expect(
            found.contains {
                $0.kind.rawValue == kind && $0.place.line == line
            }, "\(found.map(\.sentence))")
        #expect(found.allSatisfy { $0.place.column > 0 && $0.place.file == "r.conf" })
    }

    @Test(arguments: [
        "SecRule TX:a \"@eq 1\" \"id:1,deny\"\nSecAction \"id:2,phase:1,pass,setvar:tx.a=1\"",
        "SecRule TX:a_b \"@eq 1\" \"id:1,deny\"\n"
            + "SecAction \"id:2,phase:1,pass,setvar:'tx.a_%{MATCHED_VAR}=1'\"",
        "SecRule &TX:a \"@eq 0\" \"id:1,pass,setvar:tx.a=1\"",
        "SecRule ARGS a \"id:1,phase:2,deny,skipAfter:X\"\nSecMarker X",
        "SecRule ARGS \"@contains Ab\" \"id:1,deny,t:lowercase,t:base64Decode\"",
        "SecRule ARGS a \"id:7,deny\"\nSecRuleRemoveById 7",
    ])
    func `what is well is not complained of`(_ rules: String) {
        #expect(findings(rules).filter { $0.weight != .note }.isEmpty)
    }

    @Test(arguments: [
        "^(?:a+)+$", "^(a|a)*$", "(\\w+\\s*)*=x", "^(\\w|\\d)+$", "^(?:x[^;]*;?)*!$",
    ])
    func `patterns that explode are given up by the match limit`(_ pattern: String) {
        let growth = PatternProbe.worst(Array(pattern.utf8), clock: { 0 })
        #expect(growth?.isGivenUp == true)
    }

    @Test(arguments: [
        "^(?:union|select)\\b", "^[a-z]+$", "a++b", "(?>a+)b", "^\\w{1,20}=\\d+$", "(?i)\\bor\\b",
        "(", "[", "(?", "\\", "a{", "[[:alpha:]]+x", "", "(?=a)b", "(?<n>a)\\1",
    ])
    func `patterns that do not explode are left alone`(_ pattern: String) {
        #expect(PatternProbe.worst(Array(pattern.utf8), clock: { 0 }) == nil)
    }

    @Test func `time that grows with the square is seen`() {
        // A clock that runs as fast as a quadratic pattern works: by the squares of calls.
        var calls: UInt64 = 0
        var now: UInt64 = 0
        let growth = PatternProbe.worst(Array("a*b".utf8)) {
            calls += 1
            if calls % 2 == 0 { now += calls * calls * calls * calls * 1000 }
            return now
        }
        #expect(growth != nil && growth?.isGivenUp == false)
    }

    @Test func `a summary counts rules and patterns`() throws {
        let lint = Lint.check(
            ["r.conf"],
            files: RuleFiles([
                "r.conf": "SecRule ARGS \"@rx select\" \"id:1,phase:1,deny\"\n"
                    + "SecRule ARGS \"@rx .\" \"id:2,phase:2,deny\""
            ]), probes: false, clock: { 0 })
        let summary = try #require(lint.summary)
        #expect(summary.rules == [1, 1, 0, 0, 0])
        #expect(summary.patterns == 2 && summary.filtered == 1)
        var text = Buffer()
        lint.write(to: &text)
        let json = try parsed(text.bytes.array)
        #expect(json["summary"]?["patterns"]?.integer == 2)
        #expect(lint.lines(notes: true, Style(isColoured: false)).count == 2)
    }
}
