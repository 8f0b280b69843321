import PorticoLoop
import Testing

@Suite("The daemon and bytes as they are", .ownThreads)
struct FramingTests {
    private let origin: Origin
    private let daemon: Daemon

    init() throws {
        origin = try Origin.echo()
        daemon = try Daemon(
            Settings(
                origin,
                more: """
                    [limits]
                    header_timeout = "1s"
                    body_timeout = "1s"
                    idle_timeout = "1s"
                    body_bytes = "64KiB"
                    """))
    }

    @Test func `pipelined requests are answered in their order`() throws {
        let wire = try daemon.connect()
        try wire.send(
            (1...20).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
                + "POST /21 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                + "GET /22 HTTP/1.1\r\nHost: a\r\n\r\n")
        for index in 1...22 {
            let body = try wire.response().body
            #expect(body.contains(" /\(index) HTTP/1.1\n"))
            if index == 21 { #expect(body.hasSuffix("\n\nabc")) }
        }
    }

    @Test func `a client that has finished sending still gets its answer`() throws {
        let wire = try daemon.connect()
        try wire.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.finish()
        #expect(try wire.textToEnd().contains("GET /half HTTP/1.1\n"))
    }

    @Test func `a head that comes byte by byte is read`() throws {
        let wire = try daemon.connect()
        for byte in "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n".utf8 { try wire.send([byte]) }
        #expect(try wire.response().status == 200)
    }

    @Test func `a head that takes too long is answered with 408`() throws {
        let wire = try daemon.connect()
        try wire.send("GET / HTTP/1.1\r\nHost: a\r\n")
        let answer = try wire.response()
        #expect(answer.status == 408)
        #expect(answer.head["connection"] == "close")
        #expect(try wire.textToEnd() == "")
    }

    @Test func `a body that takes too long is answered with 408`() throws {
        let wire = try daemon.connect()
        try wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        #expect(try wire.response().status == 408)
        #expect(try wire.textToEnd() == "")
    }

    @Test func `a connection without a request is closed in silence`() throws {
        #expect(try daemon.connect().textToEnd() == "")
        let wire = try daemon.connect()
        #expect(try wire.get("/").status == 200)
        #expect(try wire.textToEnd() == "")
    }

    /// What another server behind us might read in another way (RFC 9112 §11.2).
    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nabcde",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "GET /\r\nHost: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n",
    ])
    func `an ambiguous request is refused and the connection closed`(_ request: String) throws {
        let wire = try daemon.connect()
        try wire.send(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try wire.response()
        #expect(answer.status == 400)
        #expect(answer.head["connection"] == "close")
        #expect(try wire.textToEnd() == "")
        #expect(origin.requests == [])
    }

    @Test(arguments: [
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413),
    ])
    func `what is clear and not wanted has its status`(_ request: String, _ status: Int) throws {
        let wire = try daemon.connect()
        try wire.send(request)
        #expect(try wire.response().status == status)
        #expect(origin.requests == [])
    }

    @Test func `a head beyond the limits is refused`() throws {
        let long = String(repeating: "a", count: 17_000)
        let many = (1...200).map { "X\($0): 1\r\n" }.joined()
        for (head, status) in [
            ("GET /\(long) HTTP/1.1\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\(long)\(long)\(long)\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n", 431),
        ] {
            let wire = try daemon.connect()
            try wire.send(head)
            #expect(try wire.response().status == status)
        }
    }

    @Test(arguments: [
        "5\nabcde\r\n0\r\n\r\n", "g\r\n", "-1\r\n", "5\r\nabcdefg\r\n", "5 \u{1}\r\n",
    ])
    func `a broken chunk is refused and the connection closed`(_ chunks: String) throws {
        let wire = try daemon.connect()
        try wire.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        #expect(try wire.response().status == 400)
        #expect(try wire.textToEnd() == "")
    }

    @Test func `a chunked body beyond the limit is refused`() throws {
        let wire = try daemon.connect()
        let chunk = "4000\r\n" + String(repeating: "a", count: 0x4000) + "\r\n"
        try wire.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<5 { try wire.send(chunk) }
        #expect(try wire.response().status == 413)
    }

    @Test func `an answer that breaks off is not made to look whole`() throws {
        let origin = try Origin { call in
            try call.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            throw Trouble("cut")
        }
        let daemon = try Daemon(Settings(origin))
        let answer = try daemon.curl("http://{}/")
        #expect([18, 56].contains(answer.status))
        let chunked = try Origin { call in
            try call.wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            throw Trouble("cut")
        }
        let other = try Daemon(Settings(chunked))
        #expect([18, 56].contains(try other.curl("http://{}/").status))
    }
}
