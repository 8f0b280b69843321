import Testing

@Suite("The PROXY protocol", .ownThreads)
struct ProxyProtocolTests {
    private let origin: Origin
    private let daemon: Daemon

    init() throws {
        origin = try Origin.echo()
        var settings = Settings(origin)
        settings.listeners = ["proxy_protocol = true\ntrusted_proxies = [\"127.0.0.0/8\"]"]
        daemon = try Daemon(settings)
    }

    private static let v2: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12,
        192, 0, 2, 9, 192, 0, 2, 2, 0xDC, 0x04, 0x01, 0xBB,
    ]

    @Test func `both versions name the client`() throws {
        let one = try daemon.connect()
        try one.send("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n")
        #expect(try one.get("/").body.contains("\nx-forwarded-for: 192.0.2.1\n"))
        #expect(try one.get("/").body.contains("\nx-forwarded-for: 192.0.2.1\n"))
        let two = try daemon.connect()
        try two.send(Self.v2)
        #expect(try two.get("/").body.contains("\nx-forwarded-for: 192.0.2.9\n"))
    }

    @Test func `a header in pieces is read`() throws {
        let wire = try daemon.connect()
        for byte in Self.v2 { try wire.send([byte]) }
        #expect(try wire.get("/").status == 200)
    }

    @Test func `a connection that named its client does not take the daemon with it`() throws {
        for _ in 0..<3 {
            let wire = try daemon.connect()
            try wire.send("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n")
            #expect(try wire.get("/", "Connection: close").status == 200)
            #expect(try wire.textToEnd() == "")
        }
        #expect(try daemon.admin("GET", "/healthz").status == 200)
        try daemon.wait(for: "no connection") { try daemon.metric("portico_connections") == 0 }
    }

    @Test func `who comes by PROXY header cannot name another client in X-Forwarded-For`() throws {
        let wire = try daemon.connect()
        try wire.send("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n")
        let body = try wire.get(
            "/", "X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https",
            "X-Forwarded-Host: evil.example"
        ).body
        #expect(body.contains("\nx-forwarded-for: 192.0.2.1\n"))
        #expect(body.contains("\nx-forwarded-proto: http\n"))
        #expect(body.contains("\nx-forwarded-host: shop.example\n"))
    }

    @Test func `a trusted proxy behind a balancer is still believed`() throws {
        let wire = try daemon.connect()
        try wire.send("PROXY TCP4 127.0.0.9 192.0.2.2 56324 443\r\n")
        let body = try wire.get("/", "X-Forwarded-For: 192.0.2.77").body
        #expect(body.contains("\nx-forwarded-for: 192.0.2.77, 127.0.0.9\n"))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PROXY TCP4 nobody\r\n"])
    func `a connection without a header is closed without an answer`(_ text: String) throws {
        let wire = try daemon.connect()
        try wire.send(text)
        #expect(try wire.textToEnd() == "")
    }

    @Test func `a peer that is not trusted is closed without an answer`() throws {
        var settings = Settings(origin)
        settings.listeners = ["proxy_protocol = true\ntrusted_proxies = [\"10.0.0.0/8\"]"]
        let daemon = try Daemon(settings)
        let wire = try daemon.connect()
        try? wire.send("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n")
        #expect(try wire.textToEnd() == "")
    }

    @Test func `TLS follows the header`() throws {
        var settings = Settings(origin)
        settings.listeners = [
            "tls = true\nproxy_protocol = true\ntrusted_proxies = [\"127.0.0.0/8\"]"
        ]
        let daemon = try Daemon(settings)
        let answer = try daemon.curl("-k", "--haproxy-protocol", "https://{}/")
        #expect(answer.status == 0)
        #expect(answer.output.contains("\nx-forwarded-proto: https\n"))
    }

    @Test func `without the header a trusted proxy's word counts, another's does not`() throws {
        for (trusted, client) in [
            ("127.0.0.0/8", "192.0.2.5, 127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"),
        ] {
            var settings = Settings(origin)
            settings.listeners = ["trusted_proxies = [\"\(trusted)\"]"]
            let daemon = try Daemon(settings)
            let body = try daemon.connect().get("/", "X-Forwarded-For: 192.0.2.5").body
            #expect(body.contains("\nx-forwarded-for: \(client)\n"))
        }
    }
}
