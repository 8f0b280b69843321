import PorticoLoop
import PorticoTLS
import StrictJSON
import Synchronization
import Testing

/// A shop whose pages say how often they were made, behind a daemon with two sites.
@Suite("Purging a running daemon", .ownThreads)
struct PurgeTests {
    private let origin: Origin
    private let daemon: Daemon

    init() throws {
        let counter = Counter()
        origin = try Origin { call in
            let type = call.target.hasSuffix(".png") ? "image/png" : "text/html"
            let tag = call.target.split(separator: "/").last.map(String.init) ?? "home"
            try call.answer(
                200, "\(counter.next())",
                fields: [
                    "Content-Type: \(type)",
                    "Cache-Control: max-age=600, stale-while-revalidate=60",
                    "Surrogate-Key: all t-\(tag.split(separator: "?")[0])", "X-Pool: blue",
                ])
        }
        daemon = try Daemon(Settings(origin, more: Self.more))
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)
        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    private static let more =
        """
        [[site]]
        hosts = ["shop.example"]
        service_id = "secret-id"
        type_keys = true
        compress = false
        [[site]]
        hosts = ["other.example"]
        compress = false

        """
        + [("shop", "purge"), ("keys", "purge_select"), ("eyes", "read")].map { name, scope in
            """
            [[admin.token]]
            name = "\(name)"
            sha256 = "\(Digest.hex(Digest.sha256(Array("\(name)-secret".utf8).span).span))"
            scopes = ["\(scope)"]

            """
        }
        .joined()

    private func page(_ target: String, host: String = "shop.example") throws -> Wire.Response {
        let wire = try daemon.connect()
        try wire.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        return try wire.response()
    }

    /// Whether a page is what it was before `body`; it is stored afterwards.
    private func isKept(
        _ target: String, host: String = "shop.example", while body: () throws -> Void
    ) throws -> Bool {
        let before = try page(target, host: host).body
        try body()
        return try page(target, host: host).body == before
    }

    /// For closures within an expectation.
    private func expect<Value: Equatable>(_ value: Value, _ wanted: Value) {
        #expect(value == wanted)
    }

    @discardableResult
    private func send(
        _ method: String, _ target: String, host: String = "shop.example", _ fields: String...
    ) throws -> Wire.Response {
        let wire = try daemon.connect()
        let lines = fields.map { $0 + "\r\n" }.joined()
        try wire.send("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(lines)\r\n")
        return try wire.response()
    }

    /// What each client sends, what it reads, and which of four pages then are gone: /a, /b, /c.png
    /// of the shop, and /a of the other site.
    static let dialects: [(String, String, String, [String], reason: String, gone: String)] = [
        ("PURGE", "/a", "shop.example", [], "Purged", "a"),
        ("PURGE", "/a", "shop.example", ["Fastly-Key: keys-secret"], "Purged", "a"),
        (
            "PURGE", "/", "shop.example",
            ["X-Magento-Tags-Pattern: ((^|,)t-a(,|$))|((^|,)x(,|$))"], "Purged", "a"
        ),
        ("PURGE", "/", "shop.example", ["X-Magento-Tags-Pattern: .*"], "Purged", "abc"),
        ("PURGE", "/", "127.0.0.1", ["X-Magento-Tags-Pattern: ((^|,)t-a(,|$))"], "Purged", "ao"),
        ("PURGE", "/", "127.0.0.1", ["X-Magento-Tags-Pattern: .*"], "Purged", "abco"),
        ("PURGE", "/", "shop.example", ["X-Magento-Tags-Pattern: ^t-[bc]"], "Purged", "bc"),
        ("PURGE", "/", "shop.example", ["X-Pool: ^blue$"], "Purged", "abc"),
        ("PURGE", "/", "shop.example", ["X-Pool: green"], "Purged", ""),
        ("PURGE", "/", "shop.example", ["xkey: t-a t-b"], "Invalidated 2 objects", "ab"),
        (
            "PURGEKEYS", "/", "shop.example", ["xkey-purge: t-b"],
            "Purged 1 objects, expired 0 objects", "b"
        ),
        ("BAN", "/", "shop.example", [], "Banned", "abc"),
        ("BAN", "/b", "shop.example", [], "Banned", "b"),
        (
            "BAN", "/", "shop.example",
            ["X-Host: .*", "X-Url: .*", "X-Content-Type: image/png"], "Banned", "c"
        ),
        (
            "BAN", "/", "shop.example",
            ["X-Host: ^other", "X-Url: .*", "X-Content-Type: .*"], "Banned", "o"
        ),
        ("BAN", "/", "shop.example", ["X-Host: .*", "X-Url: ^/[ab]$"], "Banned", "ab"),
        ("BAN", "/", "shop.example", ["X-Cache-Tags: (^|,)(t\\-a|t\\-z)(,|$)"], "Banned", "a"),
        ("BAN", "/", "shop.example", ["Cache-Tags: t-a|t-b"], "Banned", "ab"),
        // All conditions of a BAN have to hold.
        (
            "BAN", "/", "shop.example",
            ["X-Host: .*", "X-Url: ^/[bc]", "X-Content-Type: image/png"], "Banned", "c"
        ),
        (
            "BAN", "/", "shop.example",
            ["X-Host: ^shop", "X-Url: ^/b", "X-Cache-Tags: (^|,)(t\\-a|t\\-b)(,|$)"], "Banned", "b"
        ),
        (
            "BAN", "/", "other.example",
            ["X-Host: ^shop", "X-Cache-Tags: (^|,)(all)(,|$)", "X-Content-Type: ^text/"],
            "Banned", "ab"
        ),
        ("PURGE", "/.*", "shop.example", ["X-Purge-Method: regex"], "Purged", "abc"),
        ("PURGE", "/", "shop.example", ["Surrogate-Key: t-a, t-b"], "Purged", "ab"),
        ("PURGE", "/", "shop.example", ["xkey: image"], "Invalidated 1 objects", "c"),
        ("PURGE", "/", "shop.example", ["xkey: text"], "Invalidated 2 objects", "ab"),
    ]

    @Test(arguments: dialects.indices)
    func `each dialect is answered in its words, and purges what it means`(_ index: Int) throws {
        let (method, target, host, fields, reason, gone) = Self.dialects[index]
        let pages = [
            ("a", "/a", "shop.example"), ("b", "/b", "shop.example"),
            ("c", "/c.png", "shop.example"), ("o", "/a", "other.example"),
        ]
        let before = try pages.map { try page($0.1, host: $0.2).body }
        let wire = try daemon.connect()
        let lines = fields.map { $0 + "\r\n" }.joined()
        try wire.send("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\(lines)\r\n")
        let answer = try wire.response()
        #expect(answer.head.line == "HTTP/1.1 200 \(reason)")
        #expect(try JSON(answer.body)["status"] == .string("ok"))
        let after = try pages.map { try page($0.1, host: $0.2).body }
        let changed = zip(pages, zip(before, after)).filter { $0.1.0 != $0.1.1 }.map { $0.0.0 }
        #expect(changed.joined() == gone)
    }

    @Test func `who may not is told so, and how`() throws {
        #expect(try send("PURGE", "/a", "X-Forwarded-For: 127.0.0.1").status == 405)
        #expect(try send("BAN", "/", "Forwarded: for=127.0.0.1").status == 405)
        #expect(try send("PURGE", "/a", "Fastly-Key: x", "X-Forwarded-For: 1.1.1.1").status == 405)
        #expect(try send("PURGE", "/a", "Fastly-Key: eyes-secret").status == 403)
        #expect(
            try send("PURGE", "/", "Fastly-Key: keys-secret", "X-Magento-Tags-Pattern: .*").status
                == 403)
        #expect(try send("PURGE", "/", "X-Magento-Tags-Pattern:").status == 400)
        #expect(try send("PURGE", "/", "X-Magento-Tags-Pattern: (").status == 400)
        #expect(try send("PURGEKEYS", "/").status == 400)
        #expect(try send("PURGE", "/a", host: "nobody.example").status == 404)
        #expect(try send("PURGE", "/a", "X-Purge-Token: 1_00").status == 403)
        func token(_ ahead: Int64, path: String = "/a", key: String = "secret-id") -> String {
            let expiry = "\(wallNow() / 1_000_000 + ahead)"
            let digest = Digest.hmacSHA1(
                key: Array(key.utf8).span, Array((path + expiry).utf8).span)
            return "X-Purge-Token: \(expiry)_\(Digest.hex(digest.span))"
        }
        #expect(try send("PURGE", "/a", token(30), "X-Forwarded-For: 1.1.1.1").status == 200)
        #expect(try send("PURGE", "/a", token(-5)).status == 410)
        #expect(try send("PURGE", "/a", token(400)).status == 410)
        #expect(try send("PURGE", "/b", token(30)).status == 403)
        // A site without a service id takes no such tokens, whatever one guesses.
        let guess = token(30, key: "other.example")
        #expect(try send("PURGE", "/a", host: "other.example", guess).status == 403)
    }

    @Test func `a long list of tags is taken from those who may purge only`() throws {
        let tags = (0..<9000).map { "((^|,)cat_p_\($0)(,|$))" } + ["((^|,)t-a(,|$))"]
        let field = "X-Magento-Tags-Pattern: " + tags.joined(separator: "|")
        #expect(field.utf8.count > 200_000)
        #expect(try !isKept("/a") { try expect(send("PURGE", "/", field).status, 200) })
        #expect(try send("GET", "/a", field).status == 431)
        #expect(try send("PURGE", "/", field + field).status == 431)
    }

    @Test func `a soft purge serves what it has, once, and fetches anew`() throws {
        let before = try page("/a").body
        #expect(try send("PURGE", "/a", "Fastly-Soft-Purge: 1").status == 200)
        // Nobody asks: it was asked for once only, and waits.
        let stale = try page("/a")
        #expect(stale.body == before)
        try daemon.wait(for: "the new one") { try page("/a").body != before }
    }

    @Test func `what is asked for most is fetched before somebody asks`() throws {
        for _ in 0..<3 { _ = try page("/hot") }
        let before = origin.requests.filter { $0.contains("/hot") }.count
        #expect(try send("PURGEKEYS", "/", "xkey-softpurge: all").status == 200)
        try daemon.wait(for: "the fetch") {
            origin.requests.filter { $0.contains("/hot") }.count == before + 1
        }
        try daemon.wait(for: "a hit") {
            try page("/hot").head["cache-status"]?.hasPrefix("portico; hit") == true
        }
        #expect(origin.requests.filter { $0.contains("/hot") }.count == before + 1)
    }

    @Test func `tags are shown to who may read, and to nobody else`() throws {
        for _ in 0..<2 {
            #expect(try daemon.connect().get("/a").head["surrogate-key"] == nil)
            for field in ["Portico-Debug: 1", "Portico-Debug: shop-secret", "Fastly-Debug: 1"] {
                #expect(try daemon.connect().get("/a", field).head["surrogate-key"] == nil)
            }
            let shown = try daemon.connect().get("/a", "Portico-Debug: eyes-secret")
            #expect(shown.head["surrogate-key"] == "all t-a")
        }
        // It is in no cache key, and no origin has seen it.
        #expect(origin.requests.count == 1)
    }

    // MARK: - The admin API

    private func admin(
        _ method: String, _ path: String, _ token: String = "shop", body: String = ""
    ) throws -> Wire.Response {
        let wire = try Wire(to: daemon.adminPort)
        try wire.send(
            "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nFastly-Key: \(token)-secret\r\n"
                + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        return try wire.response()
    }

    @Test(arguments: [
        ("{\"tags\":[\"t-a\"]}", "a"), ("{\"hosts\":[\"shop.example\"]}", "abc"),
        ("{\"prefixes\":[\"shop.example/b\"]}", "b"), ("{\"purge_everything\":true}", "abc"),
        ("{\"files\":[\"https://shop.example/a\",{\"url\":\"http://shop.example/b\"}]}", "ab"),
    ])
    func `Cloudflare's clients are served`(_ body: String, _ gone: String) throws {
        let pages = [("a", "/a"), ("b", "/b"), ("c", "/c.png")]
        let before = try pages.map { try page($0.1).body }
        let answer = try admin(
            "POST", "/client/v4/zones/shop.example/purge_cache", body: body)
        #expect(answer.status == 200)
        let said = try JSON(answer.body)
        #expect(said["success"] == .bool(true) && said["errors"] == .array([]))
        let id = try #require(said["result"]?["id"]?.text)
        let after = try pages.map { try page($0.1).body }
        #expect(
            zip(pages, zip(before, after)).filter { $0.1.0 != $0.1.1 }.map { $0.0.0 }.joined()
                == gone)
        let record = try JSON(admin("GET", "/v1/purges/\(id)", "eyes").body)
        #expect(record["token"] == .string("shop") && record["site"] == .string("shop.example"))
        #expect(record["soft"] == .bool(false) && record["duration_us"] != nil)
        #expect(try daemon.command.line(with: "audit").contains("token=shop"))
    }

    @Test func `refusals come in each vendor's words`() throws {
        let path = "/client/v4/zones/shop.example/purge_cache"
        for body in [
            "", "[]", "{}", "{\"tags\":1}", "{\"tags\":[1]}", "{\"files\":[\"http://\"]}",
        ] {
            let answer = try admin("POST", path, body: body)
            #expect(answer.status == 400, "\(body)")
            #expect(try JSON(answer.body)["success"] == .bool(false))
        }
        let all = try admin("POST", path, "keys", body: "{\"purge_everything\":true}")
        #expect(all.status == 403)
        #expect(try admin("POST", path, "eyes", body: "{\"tags\":[\"a\"]}").status == 403)
        let unknown = try admin("POST", "/service/shop.example/purge/a", "nobody")
        #expect(unknown.status == 401)
        #expect(
            try JSON(unknown.body)["msg"]
                == .string("Provided credentials are missing or invalid"))
        let keys = (0...256).map { "\"k\($0)\"" }.joined(separator: ",")
        let many = try admin(
            "POST", "/service/shop.example/purge", body: "{\"surrogate_keys\":[\(keys)]}")
        #expect(many.status == 400)
        #expect(try JSON(many.body)["status"] == .string("fail"))
        #expect(try admin("GET", "/v1/purges/none", "eyes").status == 404)
    }

    @Test func `what is stored, and why, can be asked`() throws {
        _ = try page("/a?x=1")
        let stored = try JSON(admin("GET", "/v1/cache?url=shop.example/a?x=1", "eyes").body)
        #expect(stored["objects"]?[0]?["status"] == .number(200))
        #expect(stored["objects"]?[0]?["tags"]?[1] == .string("t-a"))
        let tagged = try JSON(admin("GET", "/v1/cache?key=t-a", "eyes").body)
        #expect(tagged["objects"]?[0]?["url"] == .string("http://shop.example/a?x=1"))
        #expect(try JSON(admin("GET", "/v1/cache", "eyes").body)["objects"] == .number(1))
        func explain(_ url: String, _ more: String = "") throws -> JSON {
            try JSON(admin("GET", "/v1/explain?url=\(url)\(more)", "eyes").body)
        }
        let hit = try explain("http://shop.example/a%3Fx=1")
        #expect(hit["outcome"] == .string("hit"))
        #expect(hit["key"] == .string("h|shop.example|/a?x=1|"))
        #expect(
            try explain("http://shop.example/a%3Fx=1", "&header=Cache-Control:%20no-cache")[
                "outcome"] == .string("validate"))
        #expect(try explain("https://shop.example/a%3Fx=1")["outcome"] == .string("miss"))
        #expect(try explain("http://nobody.example/")["outcome"] == .string("refused"))
        #expect(try send("PURGE", "/a?x=1", "Fastly-Soft-Purge: 1").status == 200)
        let purged = try explain("http://shop.example/a%3Fx=1")
        #expect(purged["outcome"] == .string("stale"))
        #expect(purged["purges"]?[0]?["purge"]?["token"] == .string("purge_from"))
        for bad in ["", "http://", "http://a%20b/", "http://a/&header=a%0D%0Ab:%201"] {
            #expect(try admin("GET", "/v1/explain?url=\(bad)", "eyes").status == 400, "\(bad)")
        }
    }

    @Test func `the commands purge and explain`() throws {
        func run(_ arguments: String..., token: String = "shop") throws -> Command.Result {
            try Command.run(
                ["env", "PORTICO_TOKEN=\(token)-secret", Daemon.program] + arguments
                    + ["--admin", "http://127.0.0.1:\(daemon.adminPort)"])
        }
        #expect(try !isKept("/a") { try expect(run("purge", "--key", "t-a").status, 0) })
        #expect(
            try !isKept("/a") { try expect(run("purge", "--url", "shop.example/a").status, 0) })
        #expect(
            try !isKept("/a") { try expect(run("purge", "--tags-pattern", "^t-").status, 0) })
        let all = try run("purge", "--all", "--soft", "--json")
        #expect(all.status == 0)
        #expect(try JSON(all.output)["soft"] == .bool(true))
        let said = try run("purge", "--key", "a", "--key", "b", "--site", "shop.example")
        #expect(said.output.hasPrefix("purged 2 keys of shop.example in "))
        #expect(try run("purge", "--all", token: "keys").status == 2)
        #expect(try run("purge", "--tags-pattern", "(").errors.contains("wrong at byte 2"))
        #expect(try run("purge").status == 64)
        #expect(try run("purge", "--all", "--key", "a").status == 64)
        let told = try run("explain", "http://shop.example/none", token: "eyes")
        #expect(told.status == 0)
        #expect(told.output.contains("none: miss\n"))
        let json = try run(
            "explain", "http://shop.example/none", "-H", "If-Match: \"a\"", "--json", token: "eyes")
        #expect(try JSON(json.output)["outcome"] == .string("bypass"))
        #expect(try run("explain", "http://shop.example/", token: "shop").status == 2)
        #expect(
            try Daemon.run("purge", "--all", "--admin", "http://127.0.0.1:1").status == 2)
    }
}
