import Glibc
import PorticoTLS
import Synchronization
import Testing

/// The real binary over a real folder, killed without warning.
@Suite("The disk store over a kill", .ownThreads)
struct DiskStoreTests {
    private static let secret = "purge-secret"
    private static let more = """
        [cache]
        memory = "4MiB"
        disk = "64MiB"
        [[admin.token]]
        name = "shop"
        sha256 = "\(Digest.hex(Digest.sha256(Array(secret.utf8).span).span))"
        scopes = ["purge"]
        [[site]]
        hosts = ["*"]
        origins = "shop"
        """

    /// `/SIZE/KEY`: so many bytes that depend on the target and the version, which the test raises.
    private final class Shop: Sendable {
        let version = Atomic(1)

        func body(_ target: String, _ version: Int) -> String {
            let size = Int(target.split(separator: "/")[0]) ?? 0
            let line = "\(target) \(version) of what the shop says\n"
            return String(
                String(repeating: line, count: size / line.utf8.count + 1).prefix(size))
        }

        func origin() throws -> Origin {
            try Origin { call in
                let body = self.body(call.target, self.version.load(ordering: .relaxed))
                let key = call.target.split(separator: "/").last.map(String.init) ?? ""
                try call.answer(
                    200, body,
                    fields: ["Cache-Control: max-age=600", "Surrogate-Key: all \(key)"])
            }
        }
    }

    private func isHit(_ response: Wire.Response) -> Bool {
        response.head["cache-status"]?.hasPrefix("portico; hit") ?? false
    }

    private func purge(_ key: String, _ daemon: Daemon) throws -> Int {
        try daemon.admin(
            "POST", "/service/default/purge/\(key)", "Fastly-Key: \(Self.secret)"
        ).status
    }

    @Test func `what was stored is served whole, what was purged is not`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        let settings = Settings(origin, more: Self.more)
        let targets = ["/0/none", "/10/small", "/40000/middle", "/900000/long", "/3000000/vast"]
        let folder = try ScratchFolder()
        do {
            let daemon = try Daemon(settings, in: folder)
            for target in targets + ["/5000/gone"] {
                #expect(try daemon.connect().get(target).body == shop.body(target, 1))
            }
            try daemon.wait(for: "everything on disk") {
                try daemon.metric("portico_cache_disk_writes_total") == 6
            }
            #expect(try purge("gone", daemon) == 200)
            // More is on its way when it ends.
            for number in 0..<20 {
                try daemon.connect().send(
                    "GET /200000/\(number) HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            }
            daemon.command.signal(SIGKILL)
            _ = try? daemon.command.end()
        }
        shop.version.store(2, ordering: .relaxed)
        let daemon = try Daemon(settings, in: folder)
        #expect(try daemon.connect().get("/5000/gone").body == shop.body("/5000/gone", 2))
        try daemon.wait(for: "the index") {
            try daemon.metric("portico_cache_disk_segments_unread") == 0
        }
        for target in targets {
            let response = try daemon.connect().get(target)
            #expect(isHit(response) && response.body == shop.body(target, 1))
        }
        for number in 0..<20 {
            let body = try daemon.connect().get("/200000/\(number)").body
            #expect([1, 2].contains { shop.body("/200000/\(number)", $0) == body })
        }
        #expect(try daemon.metric("portico_cache_disk_up") == 1)
        #expect(try daemon.metric("portico_cache_disk_errors_total") == 0)
        let bytes = try daemon.metric("portico_cache_disk_bytes")
        #expect(try bytes <= daemon.metric("portico_cache_disk_budget_bytes"))
    }

    @Test func `a slow client of a file gets all of it, and ranges of it`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        let daemon = try Daemon(Settings(origin, more: Self.more))
        let target = "/3000000/vast"
        let body = shop.body(target, 1)
        #expect(try daemon.connect().get(target).body == body)
        try daemon.wait(for: "it to be on disk") {
            try daemon.metric("portico_cache_disk_objects") == 1
        }
        let wire = try daemon.connect()
        // Two on one connection, of which the first fills the socket before it is read.
        try wire.send("GET \(target) HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        try wire.send(
            "GET \(target) HTTP/1.1\r\nHost: shop.example\r\nRange: bytes=1000000-1999999\r\n\r\n")
        let first = try wire.response()
        #expect(isHit(first) && first.body == body)
        let second = try wire.response()
        #expect(second.status == 206)
        #expect(second.body == String(body.dropFirst(1_000_000).prefix(1_000_000)))
    }

    @Test func `two daemons do not write into one folder`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        let settings = Settings(origin, more: Self.more)
        let first = try Daemon(settings)
        #expect(try first.connect().get("/10/a").body == shop.body("/10/a", 1))
        let folder = try ScratchFolder()
        var other = settings
        other.server = "state_dir = \"\(first.folder["var"])\""
        let second = try Daemon(other, in: folder)
        #expect(try second.connect().get("/10/a").body == shop.body("/10/a", 1))
        #expect(try second.metric("portico_cache_disk_up") == 0)
        #expect(try purge("a", second) == 500)
        #expect(try first.metric("portico_cache_disk_up") == 1)
        #expect(try purge("a", first) == 200)
    }
}
