import Glibc
import PorticoLoop
import Testing

@Suite("The daemon and HTTP/2", .ownThreads)
struct HTTP2Tests {
    private static func serving(_ origin: Origin, more: String = "") throws -> Daemon {
        var settings = Settings(origin, more: more)
        settings.listeners = ["h2c = true", "tls = true", "tls = true\nhttp2 = false"]
        return try Daemon(settings)
    }

    @Test func `ALPN, prior knowledge and the listener say which protocol is spoken`() throws {
        let origin = try Origin.echo()
        let daemon = try Self.serving(origin)
        let secure = "https://127.0.0.1:\(daemon.ports[1])/a?b=c"
        let answer = try daemon.curl("-ik", "--http2", secure)
        #expect(answer.output.hasPrefix("HTTP/2 200"))
        #expect(answer.output.contains("GET /a?b=c HTTP/1.1\nhost: 127.0.0.1:\(daemon.ports[1])\n"))
        #expect(answer.output.contains("\nvia: 2 portico\n"))
        #expect(try daemon.curl("-ik", "--http1.1", secure).output.hasPrefix("HTTP/1.1 200"))
        #expect(
            try daemon.curl("-ik", "--http2", "https://127.0.0.1:\(daemon.ports[2])/")
                .output.hasPrefix("HTTP/1.1 200"))
        #expect(
            try daemon.curl("-i", "--http2-prior-knowledge", "http://{}/")
                .output.hasPrefix("HTTP/2 200"))
        #expect(try daemon.curl("-i", "http://{}/").output.hasPrefix("HTTP/1.1 200"))
        // A request may come in pieces as small as the preface's first byte.
        let wire = try daemon.connect()
        try wire.send("P")
        try wire.send("OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(try wire.response().status == 200)
        #expect(try daemon.metric("portico_requests_by_protocol_total{protocol=\"h2\"}") >= 2)
    }

    @Test func `long bodies go both ways, and 100 comes from the origin`() throws {
        let origin = try Origin { call in
            guard call.target == "/long" else { return try call.answer(200, "\(call.bodyCount)") }
            try call.answer(200, String(repeating: "0123456789abcdef", count: 200_000))
        }
        let daemon = try Self.serving(origin)
        let base = "https://127.0.0.1:\(daemon.ports[1])"
        try daemon.folder.writeZeroes("body", count: 8 << 20)
        let file = daemon.folder["body"]
        #expect(
            try daemon.curl("-k", "--http2", "--data-binary", "@\(file)", base + "/up").output
                == "\(8 << 20)")
        let expecting = try daemon.curl(
            "-vk", "--http2", "-H", "Expect: 100-continue", "-T", "-", base + "/up", input: file)
        #expect(expecting.output == "\(8 << 20)")
        #expect(expecting.errors.contains("< HTTP/2 100"))
        let down = try daemon.curl(
            "-k", "--http2", "-o", daemon.folder["down"], "-w", "%{size_download}", base + "/long")
        #expect(down.output == "3200000")
    }

    /// What gRPC's clients do for a small message.
    @Test func `a body of unknown length that comes with its head reaches the origin`() throws {
        let origin = try Origin { try $0.answer(200, "\($0.bodyCount) bytes") }
        let daemon = try Self.serving(origin)
        let wire = try daemon.connect()
        var section: [UInt8] = []
        for (name, value) in [
            (":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/"),
        ] {
            section += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            section += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        try wire.send(
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings
                + [0, 0, UInt8(section.count), 1, 4, 0, 0, 0, 1] + section
                + [0, 0, 5, 0, 1, 0, 0, 0, 1] + Array("hello".utf8))
        #expect(try wire.text(to: "5 bytes").hasSuffix("5 bytes"))
    }

    @Test func `trailers and early hints come through`() throws {
        let origin = try Origin { call in
            try call.wire.send(
                "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n")
        }
        let daemon = try Self.serving(origin)
        let answer = try daemon.curl(
            "-k", "--http2", "-D", "-", "https://127.0.0.1:\(daemon.ports[1])/")
        #expect(answer.output.contains("HTTP/2 103"))
        #expect(answer.output.contains("link: </a.css>"))
        #expect(answer.output.contains("hello"))
        #expect(answer.output.contains("x-sum: 7"))
    }

    @Test func `what is under way is finished when the daemon stops`() throws {
        let (arrived, goOn) = (Signal(), Signal())
        let origin = try Origin { call in
            arrived.give()
            goOn.take()
            try call.answer(200, "late")
        }
        let daemon = try Self.serving(origin)
        let client = try Command([
            "curl", "-ksS", "--http2", "https://127.0.0.1:\(daemon.ports[1])/",
        ])
        #expect(arrived.take())
        daemon.command.signal(SIGTERM)
        try daemon.wait(for: "a closed port") {
            do {
                try Wire(to: daemon.port).close()
                return false
            } catch is Wire.Refused {
                return true
            }
        }
        goOn.give()
        let answer = try client.end(within: .seconds(20))
        #expect(answer.output == "late" && answer.status == 0)
        #expect(try daemon.command.end().status == 0)
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    @Test func `a reload takes leave of connections and loses no stream`() throws {
        let (arrived, goOn) = (Signal(), Signal())
        let origin = try Origin { call in
            arrived.give()
            goOn.take()
            try call.answer(200, "late")
        }
        let daemon = try Self.serving(origin)
        let idle = try daemon.connect()
        try idle.send(Self.preface + [0, 0, 0, 4, 0, 0, 0, 0, 0])
        let client = try Command([
            "curl", "-ksS", "--http2", "https://127.0.0.1:\(daemon.ports[1])/",
        ])
        #expect(arrived.take())
        #expect(try daemon.reload())
        // It goes, after a GOAWAY that it does not answer.
        _ = try idle.textToEnd()
        goOn.give()
        let answer = try client.end(within: .seconds(20))
        #expect(answer.output == "late" && answer.status == 0)
    }

    @Test func `an origin may be spoken to in HTTP/2, over one connection`() throws {
        let origin = try Origin { call in
            guard call.target == "/trailers" else {
                return try call.answer(200, "\(call.bodyCount)")
            }
            try call.wire.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n"
            )
        }
        let behind = try Self.serving(origin)
        var settings = Settings(origin)
        settings.nodes = ["127.0.0.1:\(behind.port)"]
        settings.pool = "protocol = \"h2c\""
        let daemon = try Daemon(settings)
        try daemon.folder.writeZeroes("body", count: 3 << 20)
        let file = "@\(daemon.folder["body"])"
        for _ in 0..<3 {
            #expect(
                try daemon.curl("--data-binary", file, "http://{}/up").output
                    == "\(3 << 20)")
        }
        #expect(try daemon.curl("-D", "-", "http://{}/trailers").output.contains("x-sum: 7"))
        // One for each worker, at most.
        #expect(
            try daemon.metric("portico_origin_connections_used_total{connection=\"new\"}") <= 2)
        #expect(
            try behind.metric("portico_requests_by_protocol_total{protocol=\"h2\"}") == 4)
    }
}
