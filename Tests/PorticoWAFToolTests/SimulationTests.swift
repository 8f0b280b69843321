import PorticoBytes
import PorticoSecLang
import PorticoWAF
import Testing

@testable import PorticoWAFTool

@Suite("Fastly's simulation")
struct SimulationTests {
    private func ask(_ question: String) throws -> JSONValue {
        let rules = try RuleSet.load(
            ["r.conf"],
            files: RuleFiles([
                "r.conf": """
                SecRule ARGS "@contains union" \\
                    "id:1,phase:2,pass,log,tag:attack-sqli,setvar:tx.anomaly_score=+5"
                SecRule REQUEST_HEADERS:User-Agent "@contains odd" "id:2,phase:1,pass,log"
                SecRule TX:anomaly_score "@ge 5" "id:3,phase:2,deny,log"
                SecRule RESPONSE_STATUS "@streq 500" "id:4,phase:3,pass,log"
                """
            ]))
        let bytes = Array(question.utf8)
        let answer = try Simulation.answer(bytes.span, rules, WAFSettings(name: "t"))
        return try parsed(answer)
    }

    @Test func `an attack is blocked with 406 and its signals`() throws {
        let answer = try ask(#"{"request":"GET /?q=union HTTP/1.1\r\nHost: h\r\n\r\n"}"#)
        #expect(answer["waf_response"]?.integer == 406)
        let signals = answer["signals"]?.elements ?? []
        #expect(signals.map { $0["type"]?.text } == ["SQLI", "BLOCKED"])
        #expect(signals[0]["detector"]?.text == "1")
        #expect(signals[0]["location"]?.text == "QUERYSTRING")
        #expect(signals[0]["name"]?.text == "q" && signals[0]["value"]?.text == "union")
        for signal in signals {
            #expect(signal["redaction"]?.text == "none")
            #expect(signal["detector_scope"]?.text == "system")
        }
    }

    @Test func `a rule of the site's own is a signal of the workspace`() throws {
        let answer = try ask(
            #"{"request":"GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: odd\r\n\r\n"}"#)
        #expect(answer["waf_response"]?.integer == 200)
        let signal = try #require(answer["signals"]?.elements.first)
        #expect(signal["type"]?.text == "site.rule-2")
        #expect(signal["detector_scope"]?.text == "workspace")
        #expect(signal["location"]?.text == "HEADER")
    }

    @Test func `the response is looked at, too`() throws {
        let answer = try ask(
            #"{"request":"GET / HTTP/1.1\r\nHost: h\r\n\r\n","response":"HTTP/1.1 500 X\r\n\r\n"}"#)
        #expect(answer["signals"]?.elements.first?["type"]?.text == "site.rule-4")
    }

    @Test(arguments: ["", "[]", "{}", #"{"request":""}"#, #"{"request":7}"#, "{"])
    func `a question without a request is refused`(_ question: String) {
        #expect(throws: Simulation.Fault.malformed) { try ask(question) }
    }

    @Test func `large questions are refused`() {
        let text = String(repeating: "a", count: Simulation.mostBytes + 1)
        #expect(throws: Simulation.Fault.tooLarge) { try ask("{\"request\":\"\(text)\"}") }
    }
}
