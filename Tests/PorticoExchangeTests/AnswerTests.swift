import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoExchange

@Suite("Error pages")
struct ErrorPageTests {
    private func page(_ status: UInt16, accept: String = "") -> (type: String, body: String) {
        let (id, accept) = (Array("0a1b".utf8), Array(accept.utf8))
        let page = ErrorPage.make(status: status, requestID: id.span, accept: accept.span)
        return ("\(page.contentType)", String(decoding: page.body, as: UTF8.self))
    }

    @Test(arguments: [
        ("application/json", true), ("Application/JSON; q=0.9", true), ("", false), ("*/*", false),
        ("application/problem+json", true), ("text/html, application/json", false),
        ("application/json, text/html", true), ("application/jsonp", false),
        ("text/plain ,\tapplication/json", true), (",,;", false),
    ])
    func `JSON goes to those who ask for it before HTML`(_ accept: String, _ isJSON: Bool) {
        let found = page(503, accept: accept)
        #expect(found.type == (isJSON ? "application/json" : "text/html; charset=utf-8"))
        #expect(found.body.hasPrefix(isJSON ? "{" : "<!doctype html>"))
    }

    @Test func `JSON has three members`() {
        #expect(
            page(504, accept: "application/json").body
                == #"{"status":504,"title":"Gateway Timeout","request_id":"0a1b"}"# + "\n")
    }

    @Test(arguments: [
        400, 403, 404, 405, 408, 413, 414, 417, 421, 429, 431, 501, 502, 503, 504, 505,
    ])
    func `HTML names status and request, and no internals`(_ status: UInt16) {
        let body = page(status).body
        #expect(body.contains("<title>\(status) "))
        #expect(body.contains("request 0a1b"))
        #expect(!body.contains("portico"))
        #expect(body.hasSuffix("</html>\n"))
    }
}

@Suite("Request ids")
struct RequestIDTests {
    @Test func `an id is 32 hexadecimal digits, and no two are alike`() {
        var ids = RequestIDs(seed: (1, 2))
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let id = ids.next()
            let text = id.span.text
            #expect(text.utf8.allSatisfy { ASCII.hexadecimalValue($0) != nil && $0 < 0x67 })
            #expect(text.lowercased() == text)
            seen.insert(text)
        }
        #expect(seen.count == 1000)
    }

    @Test func `another seed makes other ids`() {
        var one = RequestIDs(seed: (1, 2))
        var two = RequestIDs(seed: (3, 4))
        let (first, second) = (one.next(), two.next())
        #expect(first.span.text != second.span.text)
    }

    @Test(arguments: [
        ("a", true), ("0af7651916cd43dd8448eb211c80319c", true), ("Root=1-67891233-abcdef", true),
        ("a:b/c", true), ("", false), ("a b", false), ("a\"b", false), ("a<b", false),
        ("a,b", false), ("a\u{e9}", false), (String(repeating: "a", count: 128), true),
        (String(repeating: "a", count: 129), false),
    ])
    func `an id from outside must be harmless wherever it is written`(
        _ id: String, _ isWellFormed: Bool
    ) {
        let bytes = Array(id.utf8)
        #expect(RequestIDs.isWellFormed(bytes.span) == isWellFormed)
    }
}

@Suite("Faults")
struct ExchangeFaultTests {
    @Test(
        arguments: [
            (ExchangeFault.client(.gone), nil), (.client(.slow), 408),
            (.client(.malformed(status: 413)), 413), (.origin(.unreachable(111)), 503),
            (.origin(.connectTimeout), 504), (.origin(.unresolved), 503),
            (.origin(.untrusted), 502),
            (.origin(.exhausted), 503), (.origin(.closedBeforeAnswer), 502),
            (.origin(.truncated), 502),
            (.origin(.malformed), 502), (.origin(.noAnswer), 504), (.origin(.stalled), 504),
            (.refused(.unknownHost), 404), (.refused(.misdirected), 421),
            (.refused(.forbidden), 403),
            (.refused(.methodNotAllowed), 405), (.refused(.expectationFailed), 417),
            (.refused(.noOrigin), 503),
            (.refused(.malformed(status: 431)), 431),
        ] as [(ExchangeFault, UInt16?)])
    func `each fault has its status`(_ fault: ExchangeFault, _ status: UInt16?) {
        #expect(fault.status == status)
    }

    @Test func `a node is not to blame for our lack of descriptors`() {
        #expect(!OriginFault.exhausted.blamesNode)
        #expect(OriginFault.unreachable(111).blamesNode)
    }
}
