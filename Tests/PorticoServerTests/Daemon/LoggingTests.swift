import Glibc
import PorticoLoop
import StrictJSON
import Testing

@Suite("The daemon's access log", .ownThreads)
struct LoggingTests {
    private let origin: Origin
    init() throws { origin = try Origin.saying("hello") }

    private func daemon(_ log: String, _ listener: String = "") throws -> Daemon {
        var settings = Settings(origin)
        settings.log = log
        settings.listeners = [listener]
        return try Daemon(settings)
    }

    @Test func `each line is JSON with every field`() throws {
        let daemon = try daemon("access = \"stdout\"\nredact = [\"token\"]")
        _ = try daemon.connect().get(
            "/a?token=secret&b=1", "User-Agent: a \"quoted\" one",
            "Referer: https://r.example/?token=x",
            "Cookie: secret=1", "Authorization: secret")
        let text = try daemon.command.outputLine(with: "{")
        let line = try JSON(text)
        #expect(
            line.keys == [
                "time", "request_id", "client_ip", "host", "method", "uri", "protocol", "tls",
                "status", "bytes_in", "bytes_out", "duration_us", "ttfb_us", "cache",
                "cache_key_hash", "origin", "origin_us", "retries", "waf", "waf_score",
                "rate_limited", "image", "user_agent", "referer",
            ])
        #expect(line["client_ip"] == .string("127.0.0.1"))
        #expect(line["host"] == .string("shop.example"))
        #expect(line["method"] == .string("GET"))
        #expect(line["uri"] == .string("/a?token=***&b=1"))
        #expect(line["protocol"] == .string("HTTP/1.1"))
        #expect(line["tls"] == .null)
        #expect(line["status"] == .number(200))
        #expect(line["cache"] == .string("pass"))
        #expect(line["origin"] == .string(origin.node))
        #expect(line["retries"] == .number(0))
        #expect(line["user_agent"] == .string("a \"quoted\" one"))
        #expect(line["referer"] == .string("https://r.example/?token=***"))
        #expect((line["bytes_in"]?.number ?? 0) > 100)
        #expect((line["bytes_out"]?.number ?? 0) > 100)
        #expect((line["duration_us"]?.number ?? -1) >= (line["ttfb_us"]?.number ?? 0))
        #expect(line["time"]?.text?.hasSuffix("Z") == true)
        #expect(!text.contains("secret"))
    }

    @Test func `TLS, refused requests and failures have their lines`() throws {
        let daemon = try daemon("access = \"stdout\"", "tls = true")
        _ = try daemon.curl("-k", "https://{}/")
        let first = try JSON(try daemon.command.outputLine(with: "{"))
        #expect(first["tls"] == .string("TLSv1.3"))
        let plain = try self.daemon("access = \"stdout\"")
        let wire = try plain.connect()
        try wire.send("nonsense\r\n\r\n")
        #expect(try wire.response().status == 400)
        let refused = try JSON(try plain.command.outputLine(with: "{"))
        #expect(refused["status"] == .number(400))
        origin.close()
        #expect(try plain.connect().get("/").status == 503)
        let failed = try JSON(try plain.command.outputLine(with: "{"))
        #expect(failed["status"] == .number(503))
    }

    @Test func `the request's id is the one that client and origin saw`() throws {
        let origin = try Origin.echo()
        var settings = Settings(origin)
        settings.log = "access = \"stdout\""
        let daemon = try Daemon(settings)
        let answer = try daemon.connect().get("/", "X-Request-Id: mine")
        let id = try #require(answer.head["x-request-id"])
        #expect(id != "mine" && !id.isEmpty)
        #expect(answer.body.contains("\nx-request-id: \(id)\n"))
        #expect(try JSON(daemon.command.outputLine(with: "{"))["request_id"] == .string(id))
    }

    @Test func `the combined format is what every tool reads`() throws {
        let daemon = try daemon("access = \"stdout\"\nformat = \"combined\"")
        _ = try daemon.connect().get("/a?b", "User-Agent: test \"1\"", "Referer: http://r/")
        let line = try daemon.command.outputLine(with: "GET")
        let pattern =
            /127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/a\?b HTTP\/1\.1" 200 \d+ "http:\/\/r\/" "test \\x221\\x22"/
        #expect(line.wholeMatch(of: pattern) != nil, "\(line)")
    }

    @Test func `after USR1 lines go into a new file`() throws {
        let daemon = try daemon("access = \"access.log\"")
        let wire = try daemon.connect()
        func wait(_ name: String, _ path: String) throws {
            try daemon.wait(for: "\(path) in \(name)") {
                (try? daemon.folder.read(name))?.contains("\"\(path)\"") == true
            }
        }
        _ = try wire.get("/one")
        try wait("access.log", "/one")
        try daemon.folder.rename("access.log", to: "access.log.1")
        _ = try wire.get("/two")
        try wait("access.log.1", "/two")
        daemon.command.signal(SIGUSR1)
        try daemon.wait(for: "a new file") { Files.exists(daemon.folder["access.log"]) }
        _ = try wire.get("/three")
        try wait("access.log", "/three")
        #expect(try !daemon.folder.read("access.log.1").contains("/three"))
        #expect(try daemon.stop().status == 0)
    }

    @Test func `a reader of stdout who does not read slows nobody, and what is lost is counted`()
        throws
    {
        let daemon = try daemon("access = \"stdout\"")
        let wire = try daemon.connect()
        let long = String(repeating: "x", count: 15_000)
        let request = "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n"
        let name = "portico_log_records_dropped_total{log=\"access\"}"
        #expect(try daemon.metric(name) == 0)
        for _ in 0..<400 {
            try wire.send(request)
            guard try wire.response().status == 200 else { throw Trouble("no answer") }
        }
        #expect(try daemon.metric(name) > 0)
        #expect(try wire.get("/").status == 200)
        daemon.command.signal(SIGTERM)
        #expect(try daemon.command.end(within: .seconds(15)).status == 0)
    }
}
