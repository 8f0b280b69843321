import PorticoBytes
import PorticoCache
import PorticoCoding
import PorticoHTTP
import PorticoLoop
import PorticoTelemetry
import Synchronization
import Testing

@testable import PorticoExchange

/// One process after another over one folder: a stage, and a cache that is told to be another's.
@Suite("The disk store behind requests")
struct DiskTests {
    private final class House {
        let cache: ResponseCache
        let stage: Stage
        private let news = News()
        var events: [DiskEvent] { news.events.withLock { $0 } }

        init(
            on worker: isolated Worker, _ disk: ScriptedDisk, writer: BlockingPool = .immediate,
            compressesFrom: Int? = nil
        ) {
            var settings = CacheSettings()
            settings.memoryBytes = 1 << 20
            settings.diskBytes = 4 << 20
            cache = ResponseCache(settings, seed: (1, 2))
            let pool = makePool(nodes: 1)
            let site = Site(
                hosts: ["shop.example"], routes: [],
                otherwise: Route(
                    pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil,
                    caches: true),
                denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
                purgeSite: cache.ledger.site(Array("shop".utf8)), compressesFrom: compressesFrom)
            stage = Stage(on: worker, pool: pool, site: site, cache: cache)
            let instant = worker.reactor.now.nanoseconds
            var surroundings = DiskTier.Surroundings(
                folder: { disk },
                report: { [news] event in news.events.withLock { $0.append(event) } },
                readers: .immediate, writer: writer, journal: .immediate)
            // Each process begins at zero, a minute after the other: only the wall clock goes on.
            surroundings.clocks = { (Instant(nanoseconds: instant), 1_700_000_000_000_000) }
            cache.disk?.open(in: surroundings)
            cache.disk?.load()
        }

        func part(
            _ range: String, _ takesFiles: Bool, on worker: isolated Worker
        ) -> ScriptedClient {
            stage.ask(fields: "Range: \(range)", on: worker) { $0.takesFiles = takesFiles }
        }

        /// Purges, and whether that is durable.
        func purge(
            _ target: PurgeTarget, of site: String = "shop", _ depth: PurgeDepth = .hard,
            on worker: isolated Worker
        ) -> Bool? {
            let outcome = Outcome()
            worker.reactor.start { [cache] in
                outcome.isDurable =
                    try? await cache.purge(target, of: site, depth, on: .immediate).isDurable
            }
            worker.settle()
            return outcome.isDurable
        }
    }

    private final class News: Sendable {
        let events = Mutex<[DiskEvent]>([])
    }

    private final class Outcome { var isDurable: Bool? }

    private static func fresh(
        _ body: String, _ fields: String = "Surrogate-Key: p1 p2"
    ) -> [Piece] {
        [
            .head(
                "200\nContent-Length: \(body.utf8.count)\nCache-Control: max-age=60\n"
                    + "ETag: \"a\"\n\(fields)", .known(UInt64(body.utf8.count))),
            .bytes(body), .end,
        ]
    }

    @Test func `given to another process, nothing is written, and what is in memory serves`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("body"))
            #expect(house.stage.ask(on: worker).body == "body")
            house.cache.disk?.flush()
            house.cache.disk?.giveAway()
            #expect(house.cache.disk?.figures.store == nil)
            let count = disk.byteCount
            #expect(house.stage.ask(on: worker).values("Cache-Status") == ["portico; hit; ttl=60"])
            house.stage.origin("a", Self.fresh("other"))
            let other = "GET /other HTTP/1.1"
            #expect(house.stage.ask(other, on: worker).body == "other")
            house.cache.disk?.tend()
            #expect(disk.byteCount == count && house.cache.disk?.figures.store == nil)
            // Nobody took it after all.
            house.cache.disk?.takeBack()
            #expect(house.cache.disk?.figures.store?.objects == 1)
            house.stage.origin("a", Self.fresh("third"))
            #expect(house.stage.ask("GET /third HTTP/1.1", on: worker).body == "third")
            #expect(house.cache.disk?.figures.store?.objects == 2)
            #expect(house.purge(.everything, on: worker) == true)
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            #expect(
                house.stage.ask(fields: "Cache-Control: only-if-cached", on: worker).events[0]
                    == "504")
        }
    }

    @Test func `a cache that another process follows answers nobody`() {
        Worker.rehearse { worker in
            let house = House(on: worker, ScriptedDisk())
            house.stage.origin("a", Self.fresh("one"))
            #expect(house.stage.ask(on: worker).body == "one")
            #expect(house.stage.ask(on: worker).body == "one")
            house.cache.retire()
            for body in ["two", "three"] {
                house.stage.origin("a", Self.fresh(body))
                let answer = house.stage.ask(on: worker)
                #expect(answer.body == body)
                // The names by which it is purged are for nobody, as ever.
                #expect(answer.values("Surrogate-Key") == [])
            }
            #expect(
                house.stage.ask(fields: "Cache-Control: only-if-cached", on: worker).events[0]
                    == "504")
        }
    }

    @Test func `what was stored is there after a restart`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("body"))
            #expect(house.stage.ask(on: worker).body == "body")
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            let first = house.stage.ask(on: worker)
            #expect(first.body == "body")
            #expect(first.values("Cache-Status") == ["portico; hit; ttl=60"])
            #expect(first.values("ETag") == ["\"a\""] && first.values("Surrogate-Key") == [])
            let figures = house.cache.disk?.figures
            #expect(figures?.hits == 1 && figures?.promoted == 1)
            // The second time it comes from memory.
            #expect(house.stage.ask("HEAD / HTTP/1.1", on: worker).headLength == .known(4))
            #expect(house.stage.ask(fields: "If-None-Match: \"a\"", on: worker).events[0] == "304")
            #expect(house.cache.disk?.figures.hits == 1)
            #expect(house.stage.dialer.log == [])
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            let only = house.stage.ask(fields: "Cache-Control: only-if-cached", on: worker)
            #expect(only.body == "body")
            let other = "GET /other HTTP/1.1"
            #expect(
                house.stage.ask(other, fields: "Cache-Control: only-if-cached", on: worker)
                    .events[0] == "504")
        }
    }

    @Test func `what is only on disk is coded on its way`() {
        let disk = ScriptedDisk()
        let text = String(repeating: "<li>9.99</li>\n", count: 50_000)
        Worker.rehearse { worker in
            let house = House(on: worker, disk, compressesFrom: 1024)
            house.stage.origin("a", Self.fresh(text, "Content-Type: text/html"))
            for status in ["fwd=uri-miss; stored", "hit; ttl=60"] {
                let client = house.stage.ask(fields: "Accept-Encoding: br, gzip", on: worker)
                #expect(client.values("Cache-Status") == ["portico; \(status)"])
                #expect(client.values("Content-Encoding") == ["br"])
                #expect(client.values("ETag") == ["W/\"a\""] && client.headLength == .unknown)
                var decoder = Coder(decoding: .brotli)
                let plain = try? decoder?.whole(client.bodyBytes.span)
                #expect(plain.map { String(decoding: $0, as: UTF8.self) } == text)
            }
            #expect(house.part("bytes=0-3", false, on: worker).body == "<li>")
        }
    }

    @Test func `many who want what is on disk cost one read`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("body"))
            house.stage.ask(on: worker)
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            let clients = (0..<5).map { _ in house.stage.ask(on: worker) }
            #expect(clients.allSatisfy { $0.body == "body" })
            #expect(house.cache.disk?.figures.hits == 1)
        }
    }

    @Test(arguments: [
        (PurgeTarget.tags([Array("p2".utf8)]), "shop"), (.tags([Array("p2".utf8)]), ""),
        (.url(Array("shop.example/".utf8)), "shop"), (.host(Array("shop.example".utf8)), "shop"),
        (.prefix(Array("shop.example".utf8)), "shop"), (.pattern(Array("^p2$".utf8)), "shop"),
        (.everything, "shop"), (.everything, ""),
    ])
    func `a purge that was answered holds after a restart`(_ target: PurgeTarget, _ site: String) {
        for depth in [PurgeDepth.hard, .soft] {
            let disk = ScriptedDisk()
            Worker.rehearse { worker in
                let house = House(on: worker, disk)
                house.stage.origin("a", Self.fresh("old"))
                house.stage.ask(on: worker)
                let syncs = disk.state.withLock { $0.syncs }
                #expect(house.purge(target, of: site, depth, on: worker) == true)
                #expect(disk.state.withLock { $0.syncs } == syncs + 1)
            }
            Worker.rehearse { worker in
                let house = House(on: worker, disk.reopened())
                house.stage.origin("a", Self.fresh("new"))
                let answer = house.stage.ask(on: worker)
                #expect(answer.body == "new")
                #expect(
                    answer.values("Cache-Status") == [
                        "portico; fwd=\(depth == .hard ? "uri-miss" : "stale"); stored"
                    ])
            }
            Worker.rehearse { worker in
                let house = House(on: worker, disk.reopened())
                house.stage.origin("a", Self.fresh("newest"))
                // The purge was before this one's time; but nothing says so of another process.
                #expect(["old", "new", "newest"].contains(house.stage.ask(on: worker).body))
                #expect(house.stage.ask(on: worker).body != "old")
            }
        }
    }

    @Test(arguments: [
        (PurgeTarget.tags([Array("p".utf8)]), "shop"), (.tags([Array("p1".utf8)]), "elsewhere"),
        (.url(Array("shop.example/a".utf8)), "shop"),
        (.prefix(Array("shop.example/a".utf8)), "shop"),
        (.pattern(Array("x".utf8)), "shop"), (.everything, "elsewhere"),
    ])
    func `a purge of something else does not touch it`(_ target: PurgeTarget, _ site: String) {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("old"))
            house.stage.ask(on: worker)
            #expect(house.purge(target, of: site, on: worker) == true)
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            #expect(house.stage.ask(on: worker).body == "old")
        }
    }

    @Test func `a pattern that nobody can read any more purges its site`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("old"))
            house.stage.ask(on: worker)
            _ = house.purge(.pattern(Array("(".utf8)), on: worker)
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            house.stage.origin("a", Self.fresh("new"))
            #expect(house.stage.ask(on: worker).body == "new")
        }
    }

    @Test func `what a purge cannot be written down for is not believed again`() {
        for fault in [DiskFault.full, .system(5)] {
            let disk = ScriptedDisk()
            Worker.rehearse { worker in
                let house = House(on: worker, disk)
                house.stage.origin("a", Self.fresh("old"))
                house.stage.ask(on: worker)
                disk.set { $0.fault = fault }
                let isDurable = house.purge(.tags([Array("p1".utf8)]), on: worker)
                // A full device can still lose its journal; a broken one nothing.
                #expect(isDurable == (fault == .full))
                disk.set { $0.fault = nil }
                if isDurable == false {
                    house.cache.disk?.tend()
                    #expect(house.events.last == .recovered)
                }
            }
            Worker.rehearse { worker in
                let house = House(on: worker, disk.reopened())
                house.stage.origin("a", Self.fresh("new"))
                #expect(house.stage.ask(on: worker).body == "new")
            }
        }
    }

    @Test func `an unsafe request takes it from the disk as well`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("old"))
            house.stage.ask(on: worker)
            house.stage.origin("a", [.head("204", .none), .end])
            house.stage.ask("DELETE / HTTP/1.1", on: worker)
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            house.stage.origin("a", Self.fresh("new"))
            #expect(house.stage.ask(on: worker).body == "new")
        }
    }

    @Test func `an unsafe request reaches what is still being fetched`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            let origin = house.stage.origin("a", [Self.fresh("old")[0]])
            house.stage.ask(on: worker)
            house.stage.origin("a", [.head("204", .none), .end])
            house.stage.ask("DELETE / HTTP/1.1", on: worker)
            origin.arrivals.add([.bytes("old"), .end])
            worker.settle()
            #expect(house.cache.disk?.figures.store?.objects == 0)
        }
    }

    @Test func `variants live side by side`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            for language in ["de", "en", "fr"] {
                house.stage.origin("a", Self.fresh(language, "Vary: Accept-Language"))
                house.stage.ask(fields: "Accept-Language: \(language)", on: worker)
            }
        }
        Worker.rehearse { worker in
            let house = House(on: worker, disk.reopened())
            for language in ["en", "de", "fr", "de"] {
                let answer = house.stage.ask(fields: "Accept-Language: \(language)", on: worker)
                #expect(answer.body == language)
            }
            house.stage.origin("a", Self.fresh("it", "Vary: Accept-Language"))
            let other = house.stage.ask(fields: "Accept-Language: it", on: worker)
            #expect(other.values("Cache-Status") == ["portico; fwd=vary-miss; stored"])
        }
    }

    @Test func `a damaged body is fetched again`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("a body that is damaged"))
            house.stage.ask(on: worker)
        }
        Worker.rehearse { worker in
            let disk = disk.reopened()
            #expect(disk.damage("a body that is damaged"))
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("another"))
            #expect(house.stage.ask(on: worker).body == "another")
            #expect(house.cache.disk?.figures.store?.damaged == 1)
        }
    }

    @Test func `what a 304 has made fresh is fresh after a restart`() {
        for size in [10, 700_000] {
            let disk = ScriptedDisk()
            Worker.rehearse { worker in
                let house = House(on: worker, disk)
                let stale = "200\nContent-Length: \(size)\nCache-Control: max-age=0\nETag: \"a\""
                house.stage.origin("a", [.head(stale, .known(UInt64(size))), .block(size), .end])
                house.stage.ask(on: worker)
                worker.advance(by: .milliseconds(1))
                let origin = house.stage.origin(
                    "a", [.head("304\nCache-Control: max-age=90\nETag: \"a\"", .none), .end])
                #expect(house.stage.ask(on: worker).outlet.taken.count == size)
                #expect(origin.fields.contains("If-None-Match: \"a\""))
            }
            Worker.rehearse { worker in
                let house = House(on: worker, disk.reopened())
                let answer = house.stage.ask(on: worker)
                #expect(answer.values("Cache-Status") == ["portico; hit; ttl=90"])
                #expect(answer.outlet.taken.count == size)
            }
        }
    }

    @Test func `what memory does not hold comes and goes in pieces`() {
        let disk = ScriptedDisk()
        let size = 700_000
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            let head = "200\nContent-Length: \(size)\nCache-Control: max-age=60"
            let origin = house.stage.origin("a", [.head(head, .known(UInt64(size)))])
            let client = house.stage.ask(on: worker)
            for _ in 0..<70 { origin.arrivals.add([.block(10_000)]) }
            origin.arrivals.add([.end])
            worker.settle()
            // What is not kept in memory moves on once a turn.
            for _ in 0..<70 { worker.advance(by: .milliseconds(1)) }
            #expect(client.outlet.taken.count == size)
            #expect(client.values("Cache-Status") == ["portico; fwd=uri-miss; stored"])
            #expect(house.cache.store.usage.objects == 0)
            #expect(house.stage.ask(on: worker).outlet.taken.count == size)
            #expect(house.stage.dialer.log == ["a"])
        }
        for takesFiles in [false, true] {
            Worker.rehearse { worker in
                let disk = disk.reopened()
                disk.set { $0.descriptor = takesFiles ? 7 : nil }
                disk.set { $0.isAtHand = false }
                let house = House(on: worker, disk)
                let whole = house.stage.ask(on: worker) { $0.takesFiles = takesFiles }
                #expect(whole.outlet.taken == [UInt8](repeating: 0x78, count: size))
                #expect(whole.values("Cache-Status") == ["portico; hit; ttl=60"])
                #expect((whole.filed == size) == takesFiles)
                #expect(house.part("bytes=5-9", takesFiles, on: worker).body == "xxxxx")
                #expect(house.part("bytes=0-0,699999-", takesFiles, on: worker).events[0] == "206")
                let head = house.stage.ask("HEAD / HTTP/1.1", on: worker)
                #expect(head.headLength == .known(700_000))
                #expect(house.cache.store.usage.objects == 0)
            }
        }
    }

    @Test func `a large body that breaks off leaves nothing`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            let head = "200\nContent-Length: 700000\nCache-Control: max-age=60"
            house.stage.origin(
                "a",
                [.head(head, .known(700_000)), .block(300_000), .fault(.origin(.truncated))])
            let client = house.stage.ask(on: worker)
            for _ in 0..<4 { worker.advance(by: .milliseconds(1)) }
            #expect(client.events.contains("cut"))
            #expect(house.cache.disk?.figures.store?.objects == 0)
            // Its room is taken by the next one.
            house.stage.origin("a", [.head(head, .known(700_000)), .block(700_000), .end])
            house.stage.ask(on: worker)
            for _ in 0..<4 { worker.advance(by: .milliseconds(1)) }
            #expect(house.cache.disk?.figures.store?.segments == 1)
            #expect(house.cache.disk?.figures.store?.objects == 1)
        }
    }

    @Test func `a body that breaks off leaves the older one`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("old"))
            house.stage.ask(on: worker)
            house.stage.origin(
                "a", [Self.fresh("new")[0], .bytes("n"), .fault(.origin(.truncated))])
            let client = house.stage.ask(fields: "Cache-Control: no-cache", on: worker)
            #expect(client.events.contains("cut"))
            #expect(house.stage.ask(on: worker).body == "old")
        }
    }

    @Test func `a full disk is served from memory, until there is room`() {
        let disk = ScriptedDisk()
        disk.set { $0.capacity = 200_000 }
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("body"))
            house.stage.ask(on: worker)
            #expect(house.stage.ask(on: worker).body == "body")
            #expect(house.cache.disk?.figures.store?.isFailing == true)
            #expect(
                house.events == [.loaded(objects: 0, skipped: 0), .failing(.full)])
            #expect(house.purge(.everything, on: worker) == true)
        }
        #expect(disk.byteCount <= 200_000)
    }

    @Test func `a folder that cannot be used is used when it can be`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("old"))
            house.stage.ask(on: worker)
        }
        disk.set { $0.fault = .system(30) }
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            #expect(house.events == [.failing(.system(30))])
            house.stage.origin("a", Self.fresh("new"))
            #expect(house.stage.ask(on: worker).body == "new")
            // The old one is there, and might come back.
            #expect(house.purge(.everything, on: worker) == false)
            disk.set { $0.fault = nil }
            house.cache.disk?.tend()
            #expect(house.events.contains(.recovered))
            #expect(house.purge(.everything, on: worker) == true)
            house.stage.origin("a", Self.fresh("newest"))
            #expect(house.stage.ask(on: worker).body == "newest")
            #expect(house.cache.disk?.figures.store?.objects == 1)
        }
    }

    @Test func `what is not written does not bring the older one back`() {
        let disk = ScriptedDisk()
        Worker.rehearse { worker in
            let house = House(on: worker, disk)
            house.stage.origin("a", Self.fresh("old"))
            house.stage.ask(on: worker)
        }
        Worker.rehearse { worker in
            let house = House(
                on: worker, disk, writer: BlockingPool(threads: 0, capacity: 0))
            house.stage.origin("a", Self.fresh("new"))
            house.stage.ask(fields: "Cache-Control: no-cache", on: worker)
            #expect(house.cache.disk?.figures.dropped == 1)
            #expect(house.cache.disk?.figures.store?.objects == 0)
            #expect(house.cache.disk?.figures.queuedBytes == 0)
        }
    }
}
