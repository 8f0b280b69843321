import PorticoTLS
import StrictJSON
import Testing

@Suite("The admin API", .ownThreads)
struct AdminAPITests {
    private let origin: Origin
    private let daemon: Daemon

    init() throws {
        origin = try Origin.saying("hello")
        daemon = try Daemon(Settings(origin, more: Self.tokens))
    }

    private static let tokens = ["purge", "read", "origins", "config", "admin"].map { scope in
        """
        [[admin.token]]
        name = "\(scope)-token"
        sha256 = "\(Digest.hex(Digest.sha256(Array("\(scope)-secret".utf8).span).span))"
        scopes = ["\(scope)"]

        """
    }
    .joined()

    private func key(_ scope: String) -> String { "Fastly-Key: \(scope)-secret" }

    @Test func `health and readiness are for everybody`() throws {
        for path in ["/healthz", "/readyz"] {
            let answer = try daemon.admin("GET", path)
            #expect(answer.status == 200)
            #expect(try JSON(answer.body) == .object(["status": .string("ok")]))
            #expect(answer.head["content-type"] == "application/json")
            #expect(try daemon.admin("HEAD", path).body == "")
        }
        #expect(try daemon.admin("GET", "/healthz", "Via: 1.1 proxy").status == 200)
    }

    @Test func `the metrics page is what Prometheus reads`() throws {
        _ = try daemon.connect().get("/")
        let answer = try daemon.admin("GET", "/metrics")
        #expect(answer.head["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        var families: Set<Substring> = []
        for line in answer.body.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                families.insert(line.split(separator: " ")[2])
                continue
            }
            if line.hasPrefix("#") { continue }
            let sample = try #require(line.lastIndex(of: " "))
            #expect(Double(line[sample...].dropFirst()) != nil || line.hasSuffix("Inf"), "\(line)")
            let name = line.prefix { $0 != "{" && $0 != " " }
            let family = ["_bucket", "_sum", "_count"].reduce(name) {
                families.contains($0) || !$0.hasSuffix($1) ? $0 : $0.dropLast($1.count)
            }
            #expect(families.contains(family), "\(line)")
        }
        // A request is counted when its answer has gone.
        try daemon.wait(for: "one request") {
            try daemon.metric("portico_requests_total{code=\"2xx\"}") == 1
        }
        #expect(
            try daemon.metric(
                "portico_origin_requests_total{pool=\"shop\",node=\"\(origin.node)\"}")
                == 1)
    }

    @Test func `from elsewhere metrics need a token`() throws {
        #expect(try daemon.admin("GET", "/metrics", "Via: 1.1 proxy").status == 401)
        #expect(try daemon.admin("GET", "/metrics", "Host: rebound.example").status == 401)
        #expect(try daemon.admin("GET", "/metrics", "Via: 1.1 proxy", key("read")).status == 200)
        #expect(try daemon.admin("GET", "/metrics", "Via: 1.1 proxy", key("purge")).status == 403)
    }

    @Test func `the dashboard is a page that asks nobody else`() throws {
        let page = try daemon.admin("GET", "/")
        #expect(page.status == 200)
        #expect(page.head["content-type"] == "text/html; charset=utf-8")
        let policy = try #require(page.head["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'; "))
        let nonce = try #require(
            policy.ranges(of: "'nonce-").last.map { policy[$0.upperBound...] }?.prefix { $0 != "'" }
        )
        #expect(nonce.utf8.count == 32 && page.body.contains("<script nonce=\"\(nonce)\">"))
        #expect(page.body.contains(origin.node))
        #expect(try daemon.admin("HEAD", "/").body == "")
        #expect(try daemon.admin("GET", "/", "Host: rebound.example").status == 401)
        #expect(try daemon.admin("GET", "/", "Via: 1.1 proxy", key("read")).status == 200)
        #expect(try daemon.admin("GET", "/", "Via: 1.1 proxy", key("purge")).status == 403)
    }

    @Test func `commands ask over TLS, and believe only good certificates`() throws {
        var settings = Settings(origin, more: Self.tokens)
        settings.admin = "tls = true"
        let daemon = try Daemon(settings)
        func run(_ host: String, _ words: String...) throws -> Command.Result {
            try Command.run(
                ["env", "PORTICO_TOKEN=admin-secret", "NO_COLOR=1"] + Self.trust(words)
                    + [Daemon.program] + words.filter { !$0.hasPrefix("trust=") }
                    + ["--admin", "https://\(host):\(daemon.adminPort)"])
        }
        let refused = try run("localhost", "status")
        #expect(refused.status == 2 && refused.errors.contains("its certificate is not believed"))
        let status = try run("127.0.0.1", "status", "--insecure")
        #expect(status.status == 0 && status.output.contains(", ready, up for"))
        #expect(try run("localhost", "purge", "--all", "--insecure").output.hasPrefix("purged"))
        #expect(try run("localhost", "explain", "http://a/", "--insecure").status == 0)
        let trust = "trust=" + daemon.folder["var/development.crt"]
        #expect(try run("localhost", "status", trust).status == 0)
        // It speaks TLS, and is not asked in the clear.
        let plain = try Daemon.run(
            "status", "--admin", "http://127.0.0.1:\(daemon.adminPort)")
        #expect(plain.status == 2)
        let deaf = try Daemon.run(
            "status", "--insecure", "--admin", "https://127.0.0.1:\(self.daemon.adminPort)")
        #expect(deaf.status == 2 && deaf.errors.contains("does not speak TLS"))
    }

    /// OpenSSL's variable for the authorities of the system.
    private static func trust(_ words: [String]) -> [String] {
        words.filter { $0.hasPrefix("trust=") }.map { "SSL_CERT_FILE=\($0.dropFirst(6))" }
    }

    @Test func `status needs the scope read`() throws {
        let none = try daemon.admin("GET", "/v1/status")
        #expect(none.status == 401)
        #expect(none.head["www-authenticate"]?.hasPrefix("Bearer") == true)
        #expect(try daemon.admin("GET", "/v1/status", "Fastly-Key: wrong").status == 401)
        #expect(try daemon.admin("GET", "/v1/status", key("config")).status == 403)
        for field in [key("read"), "Authorization: Bearer read-secret", key("admin")] {
            let answer = try daemon.admin("GET", "/v1/status", field)
            #expect(answer.status == 200)
            let status = try JSON(answer.body)
            #expect(status["workers"] == .number(2))
            #expect(status["configuration"]?["sha256"]?.text?.utf8.count == 64)
            #expect(status["origins"]?["shop"]?[0]?["node"] == .string(origin.node))
        }
    }

    @Test(arguments: [
        ("GET", "/nothing", 404), ("POST", "/healthz", 405), ("GET", "/v1/reload", 405),
        ("GET", "/v1/status", 401), ("DELETE", "/v1/origins/shop/a/drain", 405),
        ("POST", "/v1/reload", 401),
    ])
    func `errors are problems`(_ method: String, _ path: String, _ status: Int) throws {
        let answer = try daemon.admin(method, path)
        #expect(answer.status == status)
        #expect(answer.head["content-type"] == "application/problem+json")
        #expect(answer.head["cache-control"] == "no-store")
        #expect((answer.head["allow"] != nil) == (status == 405))
        let problem = try JSON(answer.body)
        #expect(problem["status"] == .number(Double(status)))
        #expect(problem["type"] == .string("about:blank"))
        #expect(problem["title"]?.text?.isEmpty == false)
        #expect(problem["detail"]?.text?.isEmpty == false)
    }

    @Test func `reload says what it did`() throws {
        let other = try Origin.saying("new")
        #expect(try daemon.admin("POST", "/v1/reload", key("read")).status == 403)
        try daemon.folder.write("config.toml", "[origins.shop]\nnode = 1\n")
        let refused = try daemon.admin("POST", "/v1/reload", key("config"))
        #expect(refused.status == 422)
        #expect(refused.head["content-type"] == "application/problem+json")
        #expect(
            try JSON(refused.body)["problems"]?[0]?.text?.contains("config.toml:2:1:") == true
                || JSON(refused.body)["problems"]?[1]?.text?.contains("config.toml:2:1:") == true)
        #expect(try daemon.connect().get("/").body == "hello")
        let settings = Settings(other, more: Self.tokens)
        try daemon.folder.write("config.toml", settings.text)
        let done = try daemon.admin("POST", "/v1/reload", key("config"))
        #expect(done.status == 200)
        #expect(
            try JSON(done.body)["sha256"]
                == .string(Digest.hex(Digest.sha256(Array(settings.text.utf8).span).span)))
        try daemon.wait(for: "the new node") { try daemon.connect().get("/").body == "new" }
        let audit = try daemon.command.line(with: "result=done")
        #expect(audit.contains("action=reload") && audit.contains("token=config-token"))
    }

    @Test func `a drained node gets nothing until it is enabled`() throws {
        let second = try Origin.saying("second")
        let daemon = try Daemon(
            {
                var settings = Settings(origin, more: Self.tokens)
                settings.nodes.append(second.node)
                return settings
            }())
        func bodies() throws -> Set<String> {
            let wire = try daemon.connect()
            return try Set((0..<8).map { _ in try wire.get("/").body })
        }
        func change(_ change: String) throws -> JSON? {
            let path = "/v1/origins/shop/\(origin.node)/\(change)"
            #expect(try daemon.admin("POST", path, key("read")).status == 403)
            return try JSON(daemon.admin("POST", path, key("origins")).body)["state"]
        }
        #expect(try bodies() == ["hello", "second"])
        #expect(try change("drain") == .string("drained"))
        #expect(try bodies() == ["second"])
        #expect(try change("enable") == .string("up"))
        #expect(try bodies() == ["hello", "second"])
        #expect(try change("disable") == .string("disabled"))
        #expect(try bodies() == ["second"])
        #expect(
            try daemon.admin("POST", "/v1/origins/shop/none/drain", key("origins")).status == 404)
        let listed = try JSON(daemon.admin("GET", "/v1/origins", key("read")).body)
        #expect(listed["shop"]?[0]?["state"] == .string("disabled"))
    }
}
