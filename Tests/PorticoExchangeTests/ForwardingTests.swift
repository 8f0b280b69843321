import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoExchange

/// The fields that an origin gets for a request with these.
private func forwarded(
    _ fields: String, _ facts: ClientFacts = makeFacts(), line: String = "GET / HTTP/1.1",
    isUpgrade: Bool = false
) -> Fields {
    let request = makeRequest(line + "\nHost: shop.example" + (fields.isEmpty ? "" : "\n" + fields))
    let id = Array("id".utf8)
    return Forwarding.request(
        from: request, facts: facts, requestID: id.span, isUpgrade: isUpgrade
    ).fields
}

@Suite("Heads for origins")
struct RequestForwardingTests {
    @Test func `the whole head of a plain request`() {
        #expect(
            forwarded("Accept: */*\nX-Own: 1").text == [
                "Host: shop.example", "Accept: */*", "X-Own: 1", "X-Forwarded-For: 192.0.2.1",
                "X-Forwarded-Proto: http", "X-Forwarded-Host: shop.example", "X-Forwarded-Port: 80",
                "Forwarded: for=192.0.2.1;proto=http;host=\"shop.example\"", "Via: 1.1 portico",
                "X-Request-Id: id",
            ])
    }

    @Test func `what an untrusted client says of itself is replaced`() {
        let fields = forwarded(
            """
            X-Forwarded-For: 10.0.0.1
            X-Forwarded-Proto: https
            X-Forwarded-Host: evil.example
            X-Forwarded-Port: 1
            Forwarded: for=10.0.0.1
            X-Request-Id: chosen
            """)
        #expect(fields["X-Forwarded-For"] == ["192.0.2.1"])
        #expect(fields["X-Forwarded-Proto"] == ["http"])
        #expect(fields["X-Forwarded-Host"] == ["shop.example"])
        #expect(fields["X-Forwarded-Port"] == ["80"])
        #expect(fields["Forwarded"] == ["for=192.0.2.1;proto=http;host=\"shop.example\""])
        #expect(fields["X-Request-Id"] == ["id"])
    }

    @Test func `what a trusted proxy says is passed on, and the proxy itself added`() {
        let fields = forwarded(
            """
            X-Forwarded-For: 203.0.113.9
            X-Forwarded-For: 198.51.100.7
            X-Forwarded-Proto: HTTPS
            X-Forwarded-Host: front.example:8443
            X-Forwarded-Port: 8443
            Forwarded: for=unknown
            """, makeFacts("198.51.100.7", peer: "10.0.0.1", isTrusted: true))
        #expect(fields["X-Forwarded-For"] == ["203.0.113.9, 198.51.100.7, 10.0.0.1"])
        #expect(fields["X-Forwarded-Proto"] == ["https"])
        #expect(fields["X-Forwarded-Host"] == ["front.example:8443"])
        #expect(fields["X-Forwarded-Port"] == ["8443"])
        #expect(fields["Forwarded"] == ["for=198.51.100.7;proto=https;host=\"front.example:8443\""])
    }

    @Test func `a trusted proxy that says nothing is the client`() {
        let fields = forwarded("", makeFacts("10.0.0.1", isTrusted: true))
        #expect(fields["X-Forwarded-For"] == ["10.0.0.1"])
        #expect(fields["X-Forwarded-Proto"] == ["http"])
    }

    @Test(arguments: [("65535", "65535"), ("65536", "80"), ("x", "80"), ("", "80")])
    func `a port that is none is not believed`(_ said: String, _ port: String) {
        let fields = forwarded(
            "X-Forwarded-Port: \(said)", makeFacts("10.0.0.1", isTrusted: true))
        #expect(fields["X-Forwarded-Port"] == [port])
    }

    @Test func `an IPv6 address is quoted and bracketed in Forwarded alone (RFC 7239 §6)`() {
        let fields = forwarded("", makeFacts("2001:db8::1", tls: "TLSv1.3", port: 443))
        #expect(
            fields["Forwarded"] == ["for=\"[2001:db8::1]\";proto=https;host=\"shop.example\""])
        #expect(fields["X-Forwarded-For"] == ["2001:db8::1"])
        #expect(fields["X-Forwarded-Port"] == ["443"])
    }

    @Test func `a quoted host cannot end its quotes`() {
        let fields = forwarded(
            "X-Forwarded-Host: a\";for=\"b\\", makeFacts("10.0.0.1", isTrusted: true))
        #expect(fields["Forwarded"] == ["for=10.0.0.1;proto=http;host=\"a;for=b\""])
    }

    @Test(arguments: [
        "Connection: close", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: gzip",
        "Trailer: X", "Transfer-Encoding: chunked", "Upgrade: h2c", "Proxy-Authorization: Basic x",
        "Proxy: http://evil.example", "HTTP2-Settings: x", "Content-Length: 5", "Portico-Debug: t",
        "Fastly-Key: k", "X-Purge-Token: t",
    ])
    func `what is meant for this hop does not go on`(_ line: String) {
        #expect(forwarded(line).text == forwarded("").text)
    }

    @Test func `fields that Connection names go, the host stays`() {
        let fields = forwarded(
            "Connection: x-one, Host\nConnection: X-Two, X-Forwarded-For\nX-One: 1\nX-Two: 2\nX-Three: 3"
        )
        #expect(fields["X-One"] == [])
        #expect(fields["X-Two"] == [])
        #expect(fields["X-Three"] == ["3"])
        #expect(fields["Host"] == ["shop.example"])
        #expect(fields["X-Forwarded-For"] == ["192.0.2.1"])
    }

    @Test func `a Via of others stays before ours, which says what came in`() {
        #expect(forwarded("Via: 1.1 a")["Via"] == ["1.1 a", "1.1 portico"])
        #expect(forwarded("", line: "GET / HTTP/1.0")["Via"] == ["1.0 portico"])
    }

    @Test func `a handshake says Connection and Upgrade again`() {
        let fields = forwarded(
            "Connection: keep-alive, Upgrade\nUpgrade: h2c, websocket\nSec-WebSocket-Key: k",
            isUpgrade: true)
        #expect(fields["Connection"] == ["Upgrade"])
        #expect(fields["Upgrade"] == ["websocket"])
        #expect(fields["Sec-WebSocket-Key"] == ["k"])
    }

    @Test func `the target goes on as it came`() {
        let request = makeRequest("GET /a//b/%2e?x=%20 HTTP/1.1\nHost: shop.example")
        let id = [UInt8](repeating: 0x61, count: 1)
        let head = Forwarding.request(
            from: request, facts: makeFacts(), requestID: id.span, isUpgrade: false)
        #expect(head[head.targetRange].text == "/a//b/%2e?x=%20")
    }
}

@Suite("Heads for clients")
struct ResponseForwardingTests {
    private func prepared(
        _ text: String, length: BodyLength = .unknown, to method: Method = .get,
        isUpgrade: Bool = false
    ) -> [String] {
        var head = makeResponse(text)
        let id = Array("id".utf8)
        Forwarding.prepareResponse(
            &head, length: length, answering: method, requestID: id.span, isUpgrade: isUpgrade)
        return head.fields.text
    }

    private let own = ["Via: 1.1 portico", "X-Request-Id: id"]

    @Test(arguments: [
        "Connection: close", "Connection: X-Hop\nX-Hop: 1", "Keep-Alive: timeout=5", "Upgrade: h2",
        "Transfer-Encoding: chunked", "Trailer: X", "Proxy-Authenticate: Basic",
        "Surrogate-Key: a b", "Surrogate-Control: max-age=1", "Cache-Tag: a", "X-Magento-Tags: a",
        "X-Request-Id: theirs",
    ])
    func `what is meant for this hop or for the edge does not go on`(_ lines: String) {
        #expect(prepared("200\n" + lines) == own)
    }

    @Test func `all else does, cookies one by one`() {
        let lines = [
            "Set-Cookie: a=1", "Set-Cookie: b=2", "Server: x", "CDN-Cache-Control: no-store",
        ]
        #expect(prepared("200\n" + lines.joined(separator: "\n")) == lines + own)
    }

    @Test(arguments: [
        (BodyLength.known(5), Method.get, "200", true), (.unknown, .get, "200", false),
        (.none, .head, "200", true), (.none, .get, "304", true), (.none, .get, "204", false),
        (.none, .head, "204", false), (.none, .head, "304", true),
    ])
    func `a length stays where it is true or speaks of what GET would get`(
        _ length: BodyLength, _ method: Method, _ status: String, _ stays: Bool
    ) {
        let fields = prepared("\(status)\nContent-Length: 5", length: length, to: method)
        #expect(fields == (stays ? ["Content-Length: 5"] : []) + own)
    }

    @Test func `a switch of protocols says so again`() {
        let fields = prepared(
            "101\nConnection: upgrade\nUpgrade: websocket\nSec-WebSocket-Accept: x",
            length: .none, isUpgrade: true)
        #expect(
            fields == ["Sec-WebSocket-Accept: x"] + own + [
                "Connection: Upgrade", "Upgrade: websocket",
            ])
    }

    @Test func `an interim response goes without framing`() {
        var head = makeResponse("103\nLink: </a>\nConnection: close\nContent-Length: 3")
        Forwarding.prepareInterim(&head)
        #expect(head.fields.text == ["Link: </a>"])
    }
}
