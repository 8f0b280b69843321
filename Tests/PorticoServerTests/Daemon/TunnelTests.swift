import Testing

@Suite("Tunnels through the daemon", .ownThreads)
struct TunnelTests {
    private static let handshake =
        "GET /chat HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    /// Switches and says each line again, until the other side has finished.
    private static func parrot() throws -> Origin {
        try Origin { call in
            guard call.head["upgrade"] == "websocket" else { return try call.answer(426) }
            try call.wire.send(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nwelcome\n")
            while let line = try? call.wire.text(to: "\n") { try call.wire.send("you: \(line)") }
            try call.wire.send("bye\n")
            throw Trouble("over")
        }
    }

    @Test func `bytes go both ways and each side may finish`() throws {
        let origin = try Self.parrot()
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        // What is sent with the handshake belongs to the tunnel.
        try wire.send(Self.handshake + "early\n")
        let head = try wire.head()
        #expect(head.status == 101)
        #expect(head["upgrade"] == "websocket")
        #expect(head["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(try wire.text(to: "\n") == "welcome\n")
        #expect(try wire.text(to: "\n") == "you: early\n")
        for index in 0..<50 {
            try wire.send("\(index)\n")
            #expect(try wire.text(to: "\n") == "you: \(index)\n")
        }
        wire.finish()
        #expect(try wire.textToEnd() == "bye\n")
    }

    @Test func `much goes both ways at once`() throws {
        let origin = try Self.parrot()
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send(Self.handshake)
        _ = try wire.text(to: "welcome\n")
        let line = String(repeating: "x", count: 9_999) + "\n"
        for _ in 0..<10 { try wire.send(line) }
        for _ in 0..<10 { #expect(try wire.text(to: "\n") == "you: " + line) }
    }

    @Test func `an origin that does not switch answers as usual`() throws {
        let origin = try Origin.saying("plain")
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send(Self.handshake)
        #expect(try wire.response().body == "plain")
        #expect(try wire.get("/").body == "plain")
    }

    @Test func `an origin that leaves ends the tunnel`() throws {
        let origin = try Self.parrot()
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send(Self.handshake)
        _ = try wire.text(to: "welcome\n")
        origin.close()
        _ = try wire.textToEnd()
    }

    @Test func `a client that leaves ends the tunnel`() throws {
        let origin = try Self.parrot()
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send(Self.handshake)
        _ = try wire.text(to: "welcome\n")
        #expect(try daemon.metric("portico_connections") == 1)
        wire.close()
        try daemon.wait(for: "the end of the tunnel") {
            try daemon.metric("portico_connections") == 0
                && daemon.metric("portico_origin_connections_open") == 0
        }
    }

    @Test func `an answer 101 that nobody asked for is the origin's fault`() throws {
        let origin = try Origin { call in
            try call.wire.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
        }
        let daemon = try Daemon(Settings(origin))
        #expect(try daemon.connect().get("/").status == 502)
    }
}
