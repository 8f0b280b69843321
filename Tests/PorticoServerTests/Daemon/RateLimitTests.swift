import Testing

@Suite("Rate limits and address lists", .ownThreads)
struct RateLimitTests {
    /// One request an hour, so that no test's duration matters.
    private static let strict = """
        [[site]]
        rate_limits = ["strict"]
        allow_files = ["allow.txt"]
        [[rate_limit]]
        name = "strict"
        rate = "1/h"
        burst = 3

        """

    private func daemon(_ origin: Origin, allow: String = "") throws -> Daemon {
        let folder = try ScratchFolder()
        try folder.write("allow.txt", allow)
        return try Daemon(Settings(origin, more: Self.strict), in: folder)
    }

    @Test func `the burst is exact over all workers, and holds on over a reload`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try daemon(origin)
        // Connections of their own: they end up with any worker.
        for _ in 0..<3 { #expect(try daemon.connect().get("/").status == 200) }
        for _ in 0..<4 {
            let refused = try daemon.connect().get("/")
            #expect(refused.status == 429)
            #expect(refused.head["retry-after"] == "3600")
            #expect(refused.head["ratelimit"] == "\"strict\";r=0;t=3600")
            #expect(refused.head["ratelimit-policy"] == "\"strict\";q=3;w=10800")
        }
        #expect(
            try daemon.metric(
                "portico_rate_limited_requests_total{limit=\"strict\",action=\"reject\"}") == 4)
        #expect(try daemon.metric("portico_rate_limit_keys{limit=\"strict\"}") == 1)
        #expect(try daemon.reload())
        #expect(try daemon.connect().get("/").status == 429)
        // Its meaning is another now, and so nothing is held against anybody.
        let other = Self.strict + "key = \"client_net\"\n"
        #expect(try daemon.reload(Settings(origin, more: other)))
        try daemon.wait(for: "the new limit") { try daemon.connect().get("/").status == 200 }
    }

    @Test func `lists are read again on reload`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try daemon(origin)
        for _ in 0..<3 { #expect(try daemon.connect().get("/").status == 200) }
        #expect(try daemon.connect().get("/").status == 429)
        try daemon.folder.write("allow.txt", "# the office\n127.0.0.0/8\n")
        #expect(try daemon.reload())
        // Each worker hears of it in its own time.
        try daemon.wait(for: "the list") {
            try (0..<8).allSatisfy { _ in try daemon.connect().get("/").status == 200 }
        }
        try daemon.folder.write("allow.txt", "127.0.0.1/8\n")
        #expect(try !daemon.reload())
        #expect(try daemon.connect().get("/").status == 200)
    }
}
