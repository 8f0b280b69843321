import PorticoBytes
import PorticoSecLang
import Testing

@testable import PorticoWAF

@Suite("Secrets in the audit record (sanitiseArg and the like)")
struct SecretsTests {
    private func record(_ rules: String, _ head: String) throws -> String {
        let set = try RuleSet.load(["r.conf"], files: RuleFiles(["r.conf": rules]))
        var transaction = Transaction(set, WAFSettings(name: "t"), persistent: PersistentStore())
        let now = Instant(nanoseconds: 1)
        transaction.start(RequestIdentity(), now: now)
        let bytes = Array(head.utf8)
        transaction.setRawHead(bytes.span)
        _ = transaction.inspectRequestHead(now: now)
        _ = transaction.inspectRequestBody(now: now)
        transaction.finish(now: now)
        var line = Buffer()
        let host: [UInt8] = []
        transaction.appendRecord(
            to: &line, status: 403, host: host.span, engineName: "t", now: now)
        return line.bytes.text
    }

    private let see =
        "SecRule ARGS|REQUEST_HEADERS \"@rx (?i)se\\w*\" \"id:9,phase:2,pass,log,t:none,t:lowercase,"
        + "msg:'%{MATCHED_VAR}',logdata:'%{TX.0}'\""

    @Test func `an argument is masked wherever its value stands`() throws {
        let text = try record(
            "SecAction \"id:1,phase:1,pass,nolog,sanitiseArg:pw\"\n" + see,
            "GET /?PW=Se%20cret&a=1 HTTP/1.1\r\nHost: h\r\nX: xse CRET\r\n\r\n")
        #expect(text.contains("\"uri\":\"/?PW=*&a=1\""))
        #expect(text.contains("{\"variable\":\"ARGS:PW\",\"value\":\"*\"}"))
        #expect(!text.lowercased().contains("cret") || text.contains("xse cret"))
    }

    @Test func `a field is masked, others are not`() throws {
        let text = try record(
            "SecAction \"id:1,phase:1,pass,nolog,sanitiseRequestHeader:X-Key\"\n" + see,
            "GET /?a=seen HTTP/1.1\r\nHost: h\r\nX-Key: secretkey\r\n\r\n")
        #expect(!text.contains("secretkey") && text.contains("seen"))
    }

    @Test func `what matched is masked`() throws {
        let text = try record(
            "SecRule ARGS \"@rx ^\\d{16}$\" \"id:1,phase:2,pass,log,sanitiseMatched\"",
            "GET /?card=4111111111111111 HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(!text.contains("4111"))
        #expect(text.contains("\"uri\":\"/?card=*\""))
    }

    @Test func `without a mask nothing is`() throws {
        let text = try record(see, "GET /?pw=secret HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(text.contains("\"value\":\"secret\",\"start\":0,\"end\":6"))
    }

    @Test func `a mask without a name is a fault`() {
        #expect(throws: RuleSetFault.self) {
            try RuleSet.load(
                ["r.conf"], files: RuleFiles(["r.conf": "SecAction \"id:1,pass,sanitiseArg\""]))
        }
    }
}
