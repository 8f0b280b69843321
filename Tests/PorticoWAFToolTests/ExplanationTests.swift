import PorticoBytes
import PorticoSecLang
import PorticoWAF
import StrictJSON
import Testing

@testable import PorticoWAFTool

@Suite("Explaining what rules make of a request")
struct ExplanationTests {
    private let rules = """
        SecAction "id:1,phase:1,pass,nolog,setvar:tx.anomaly_score=0"
        SecRule ARGS:skip "@streq 1" "id:2,phase:1,pass,nolog,skipAfter:END"
        SecRule REQUEST_HEADERS:X-Off "@streq 1" \\
            "id:3,phase:1,pass,nolog,ctl:ruleRemoveById=10,ctl:ruleRemoveTargetById=11;ARGS:b"
        SecRule ARGS:never "@streq x" "id:4,phase:1,deny"
        SecMarker END
        SecRule ARGS|!ARGS:token "@rx (?i)union\\s+select" \\
            "id:10,phase:2,pass,log,t:none,t:urlDecodeUni,t:lowercase,msg:'SQL',\\
            setvar:tx.anomaly_score=+5"
        SecRule ARGS "@contains evil" "id:11,phase:2,deny,log,msg:'Evil'"
        SecRuleUpdateTargetById 10 "!ARGS:free"
        SecRule ARGS "@streq gone" "id:12,phase:2,deny"
        SecRuleRemoveById 12
        """

    private func explain(_ target: String, _ fields: String = "") throws -> Explanation {
        let book = try RuleBook(["r.conf"], files: RuleFiles(["r.conf": rules]))
        var rehearsal = Rehearsal(book.rules, WAFSettings(name: "t"))
        let text = "GET \(target) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n"
        return .make(
            book, SampleRequest(name: "x", bytes: Array(text.utf8)), through: &rehearsal)
    }

    private func lines(
        _ target: String, _ fields: String = "", _ detail: Explanation.Detail = .matches
    ) throws -> [String] {
        try explain(target, fields).lines(detail, Style(isColoured: false))
    }

    @Test func `the span is shown in place, behind the transformations`() throws {
        let lines = try lines("/?q=%2555NION%20SELECT")
        #expect(lines[1].hasPrefix("passes; score 5"))
        let start = try #require(lines.firstIndex { $0.hasPrefix("+ 10  SQL") })
        #expect(
            lines[(start + 1)...].prefix(8) == [
                "    @rx (?i)union\\s+select", "      ARGS:q",
                "        as it is      %55NION SELECT",
                "        urlDecodeUni  UNION SELECT", "        lowercase     union select",
                "                      ^^^^^^^^^^^^", "    score 0 -> 5",
                "  11      no match in ARGS:q",
            ])
    }

    @Test func `the line that excludes a variable is named`() throws {
        let lines = try lines(
            "/?free=union+select&token=union+select", "", .only([10...10]))
        #expect(lines.contains("      ARGS:free: excluded by r.conf:11"))
        #expect(lines.contains("      ARGS:token: excluded by r.conf:7"))
    }

    @Test func `what a ctl leaves out names its rule`() throws {
        let lines = try lines("/?a=union+select&b=evil", "X-Off: 1\r\n", .everything)
        #expect(lines.contains("- 10      left out by rule 3 (r.conf:3)"))
        #expect(lines.contains("      ARGS:b: excluded by rule 3 (r.conf:3)"))
        #expect(lines.contains("- 12  removed by r.conf:13"))
    }

    @Test func `the rule that blocks is named`() throws {
        let lines = try lines("/?a=evil")
        #expect(lines[1].hasPrefix("blocked with 403 by rule 11 (r.conf:10)"))
        #expect(lines.contains("    blocks with 403"))
    }

    @Test func `skips say how much they leave out`() throws {
        #expect(
            try lines("/?skip=1").contains {
                $0.contains("skips 2 rules") || $0.contains("matched, skips")
            })
    }

    @Test func `no line is wider than the terminal, whatever the request`() throws {
        let long = String(repeating: "a%00%C3%A9", count: 400)
        for line in try lines("/?\(long)=union+select\(long)&x=evil", "", .everything) {
            #expect(line.count <= 80, "\(line)")
        }
    }

    @Test func `colours only change how it looks`() throws {
        let explanation = try explain("/?q=union+select")
        let coloured = explanation.lines(.matches, Style(isColoured: true)).joined()
        #expect(coloured.contains("\u{1B}[1;7;31munion select\u{1B}[0m"))
        #expect(!explanation.lines(.matches, Style(isColoured: false)).joined().contains("\u{1B}"))
    }

    @Test func `the same in JSON`() throws {
        var text = Buffer()
        try explain("/?q=union+select").write(to: &text)
        let json = try parsed(text.bytes.array)
        let rule = json["rules"]?.elements.first { $0["id"]?.integer == 10 }
        let look = rule?["links"]?.elements.first?.elements.first
        #expect(rule?["outcome"]?.text == "matched")
        #expect(look?["variable"]?.text == "ARGS:q")
        #expect(look?["end"]?.integer == 12)
        #expect(look?["steps"]?.elements.count == 2)
    }

    @Test func `watching changes no verdict`() throws {
        let book = try RuleBook(["r.conf"], files: RuleFiles(["r.conf": rules]))
        var rehearsal = Rehearsal(book.rules, WAFSettings(name: "t"))
        for target in ["/?a=evil", "/?q=union+select", "/?skip=1", "/"] {
            let raw = Array("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
            let plain = rehearsal.run(raw)
            let watched = rehearsal.run(raw, watch: RuleWatch())
            #expect(plain.ids == watched.ids && plain.status == watched.status)
            #expect(plain.score == watched.score)
        }
    }

    @Test func `a marked span stays in view in a long value`() {
        let value = Array((String(repeating: "x", count: 200) + "HIT" + "y").utf8)
        let marked = MarkedValue(
            value, span: 200..<203, width: 40, style: Style(isColoured: false))
        #expect(marked.text.count <= 40)
        let start = marked.text.distance(
            from: marked.text.startIndex,
            to: marked.text.firstRange(of: "HIT")?.lowerBound ?? marked.text.endIndex)
        #expect(marked.carets == String(repeating: " ", count: start) + "^^^")
    }
}
