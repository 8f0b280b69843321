import Glibc
import Testing

@Suite("The daemon's end", .ownThreads)
struct StoppingTests {
    /// Sends half of an answer, and the rest when it is told to.
    private static func slow(_ goOn: Signal) throws -> Origin {
        try Origin { call in
            guard call.target == "/slow" else { return try call.answer(200, "quick") }
            try call.wire.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
            goOn.take()
            try call.wire.send("rest")
        }
    }

    private func isRefused(_ port: UInt16) throws -> Bool {
        do {
            try Wire(to: port).close()
            return false
        } catch is Wire.Refused {
            return true
        }
    }

    @Test func `a request that runs is finished while new connections are refused`() throws {
        let goOn = Signal()
        let origin = try Self.slow(goOn)
        var settings = Settings(origin)
        settings.listeners = ["", "tls = true"]
        let daemon = try Daemon(settings)
        let idle = try daemon.connect()
        #expect(try idle.get("/").body == "quick")
        let wire = try daemon.connect()
        try wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try wire.text(to: "half").hasPrefix("HTTP/1.1 200"))
        daemon.command.signal(SIGTERM)
        // What waits for nothing ends at once.
        #expect(try idle.textToEnd() == "")
        for port in daemon.ports + [daemon.adminPort] {
            try daemon.wait(for: "a closed port") { try isRefused(port) }
        }
        goOn.give()
        #expect(try wire.textToEnd() == "rest")
        #expect(try daemon.command.end().status == 0)
    }

    @Test func `an answer that begins while the daemon stops ends its connection`() throws {
        let (arrived, goOn) = (Signal(), Signal())
        let origin = try Origin { call in
            arrived.give()
            goOn.take()
            try call.answer(200, "late")
        }
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(arrived.take())
        daemon.command.signal(SIGTERM)
        // Each worker closes its socket when it has heard of the end.
        try daemon.wait(for: "a closed port") { try isRefused(daemon.port) }
        goOn.give()
        let answer = try wire.response()
        #expect(answer.body == "late")
        #expect(answer.head["connection"] == "close")
        #expect(try wire.textToEnd() == "")
        #expect(try daemon.command.end().status == 0)
    }

    /// Its task waits for what the client still sends: closing under it was a crash.
    @Test func `a connection that lingers after a refusal ends in good order`() throws {
        let daemon = try Daemon(Settings(try Origin.echo()))
        let wire = try daemon.connect()
        try wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n")
        #expect(try wire.textToEnd().hasPrefix("HTTP/1.1 413"))
        daemon.command.signal(SIGTERM)
        try daemon.wait(for: "a closed port") { try isRefused(daemon.port) }
        wire.close()
        #expect(try daemon.command.end().status == 0)
    }

    @Test func `a reload while the daemon stops changes nothing`() throws {
        let goOn = Signal()
        let origin = try Self.slow(goOn)
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try wire.text(to: "half")
        daemon.command.signal(SIGTERM)
        _ = try daemon.command.line(with: "stopping")
        var settings = Settings(origin)
        settings.listeners = ["", ""]
        #expect(try !daemon.reload(settings))
        goOn.give()
        #expect(try wire.textToEnd() == "rest")
        #expect(try daemon.command.end().status == 0)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `a second signal ends all at once`(_ signal: Int32) throws {
        let goOn = Signal()
        let origin = try Self.slow(goOn)
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        try wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try wire.text(to: "half")
        daemon.command.signal(signal)
        _ = try daemon.command.line(with: "stopping")
        daemon.command.signal(signal)
        #expect(try wire.textToEnd() == "")
        #expect(try daemon.command.end(within: .seconds(10)).status == 0)
        goOn.give()
    }

    @Test func `after the grace time what still runs is cut`() throws {
        let goOn = Signal()
        let origin = try Self.slow(goOn)
        var settings = Settings(origin)
        settings.server = "shutdown_grace = \"200ms\""
        let daemon = try Daemon(settings)
        let wire = try daemon.connect()
        try wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try wire.text(to: "half")
        let result = try daemon.stop()
        #expect(result.status == 0)
        #expect(result.errors.contains("the grace time is over"))
        #expect(try wire.textToEnd() == "")
        goOn.give()
    }

    @Test func `a port that is taken is told and nothing starts`() throws {
        let origin = try Origin.echo()
        let daemon = try Daemon(Settings(origin))
        let folder = try ScratchFolder()
        try folder.write(
            "config.toml",
            """
            [[listen]]
            address = "127.0.0.1:\(daemon.port)"
            [admin]
            address = "127.0.0.1:0"
            [origins.shop]
            nodes = ["\(origin.node)"]
            """)
        let result = try Daemon.run("serve", "--config", folder["config.toml"])
        #expect(result.status == 2)
        #expect(result.errors.contains("127.0.0.1:\(daemon.port): Address already in use"))
    }
}
