import PorticoBytes
import PorticoCache
import PorticoHTTP
import PorticoLoop
import PorticoTelemetry
import Testing

@testable import PorticoExchange

struct CacheTests {
    /// A stage whose only site is cached.
    private func stage(
        on worker: isolated Worker, _ cache: ResponseCache = Self.makeCache()
    ) -> Stage {
        let pool = makePool(nodes: 1)
        let site = Site(
            hosts: ["shop.example"], routes: [],
            otherwise: Route(
                pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil, caches: true),
            denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
            purgeSite: cache.ledger.site(Array("shop".utf8)))
        return Stage(on: worker, pool: pool, site: site, cache: cache)
    }

    private static func makeCache(
        _ adjust: (inout CacheSettings) -> Void = { _ in }
    ) -> ResponseCache {
        var settings = CacheSettings()
        settings.memoryBytes = 1 << 20
        adjust(&settings)
        return ResponseCache(settings, seed: (1, 2))
    }

    private static let fresh = Piece.head(
        "200\nContent-Length: 2\nCache-Control: max-age=60\nETag: \"a\"\nSurrogate-Key: p1 p2",
        .known(2))
    private static let body: [Piece] = [.bytes("hi"), .end]

    @Test func `a second request gets what the first one brought`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let origin = stage.origin("a", [Self.fresh] + Self.body)
            let first = stage.ask(on: worker)
            #expect(first.body == "hi" && first.headLength == .known(2))
            #expect(first.values("Cache-Status") == ["portico; fwd=uri-miss; stored"])
            #expect(first.values("Surrogate-Key") == [])
            #expect(origin.events == ["began", "released"])
            worker.advance(by: .seconds(3))
            let second = stage.ask(on: worker)
            #expect(second.body == "hi")
            #expect(second.values("Cache-Status") == ["portico; hit; ttl=57"])
            #expect(second.values("Age") == ["3"])
            #expect(stage.dialer.log == ["a"])
            #expect(stage.ask("HEAD / HTTP/1.1", on: worker).body == "")
            let part = stage.ask(fields: "Range: bytes=1-1", on: worker)
            #expect(part.body == "i" && part.values("Content-Range") == ["bytes 1-1/2"])
            let condition = stage.ask(fields: "If-None-Match: \"a\"", on: worker)
            #expect(condition.events == ["304", "end", "over"])
            #expect(stage.inFlight == 0 && stage.counters.value(of: .cacheHits) == 4)
        }
    }

    @Test func `what is stale is validated, and lives on when it holds`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            worker.advance(by: .seconds(61))
            let origin = stage.origin(
                "a", [.head("304\nCache-Control: max-age=90\nETag: \"a\"", .none), .end])
            let second = stage.ask(on: worker)
            #expect(origin.fields.contains("If-None-Match: \"a\""))
            #expect(second.body == "hi")
            #expect(second.values("Cache-Status") == ["portico; fwd=stale; fwd-status=304; stored"])
            #expect(stage.ask(on: worker).values("Cache-Status") == ["portico; hit; ttl=90"])
        }
    }

    @Test func `many who miss at once cost one fetch`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let origin = stage.origin("a", [])
            let clients = (0..<5).map { _ in stage.ask(on: worker) }
            #expect(stage.dialer.log == ["a"])
            origin.arrivals.add([Self.fresh, .bytes("h")])
            worker.settle()
            #expect(clients.allSatisfy { $0.events == ["200"] })
            origin.arrivals.add([.bytes("i"), .end])
            worker.settle()
            #expect(clients.allSatisfy { $0.body == "hi" && $0.events == ["200", "end", "over"] })
            #expect(stage.dialer.log == ["a"] && stage.counters.value(of: .cacheJoined) == 4)
        }
    }

    @Test func `what is fetched while a POST changes it is not stored`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let slow = stage.origin("a", [])
            let first = stage.ask(on: worker)
            stage.origin("a", [.ok, .bytes("ok"), .end])
            #expect(stage.ask("POST / HTTP/1.1", on: worker).body == "ok")
            slow.arrivals.add([Self.fresh] + Self.body)
            worker.settle()
            #expect(first.body == "hi" && first.values("Cache-Status") == ["portico; fwd=uri-miss"])
            stage.origin("a", [Self.fresh] + Self.body)
            #expect(
                stage.ask(on: worker).values("Cache-Status") == ["portico; fwd=uri-miss; stored"])
        }
    }

    @Test func `how long a page serves after a soft purge counts from the purge`() {
        Worker.rehearse { worker in
            let cache = Self.makeCache()
            let stage = stage(on: worker, cache)
            stage.origin(
                "a",
                [.head("200\nCache-Control: max-age=600, stale-while-revalidate=60", .known(2))]
                    + Self.body)
            stage.ask(on: worker)
            _ = cache.ledger.purge(.everything, of: nil, .soft, at: worker.reactor.now)
            worker.advance(by: .seconds(59))
            stage.origin("a", [.head("503", .known(2))] + Self.body)
            #expect(stage.ask(on: worker).values("Cache-Status").first?.contains("hit") == true)
            worker.advance(by: .seconds(2))
            stage.origin("a", [Self.fresh] + Self.body)
            let late = stage.ask(on: worker).values("Cache-Status")
            #expect(late.first?.contains("fwd=stale") == true)
        }
    }

    @Test func `what a soft purge made stale is fetched few at a time`() {
        Worker.rehearse { worker in
            let cache = Self.makeCache()
            let stage = stage(on: worker, cache)
            for page in 0..<6 {
                stage.origin("a", [Self.fresh] + Self.body)
                stage.ask("GET /\(page) HTTP/1.1", on: worker)
                stage.ask("GET /\(page) HTTP/1.1", on: worker)
            }
            _ = cache.ledger.purge(.everything, of: nil, .soft, at: worker.reactor.now)
            let stale = cache.store.hottest(staleAfter: cache.ledger.now + 1, limit: 10)
            #expect(stale.count == 6)
            let before = stage.dialer.log.count
            let origins = (0..<6).map { _ in stage.origin("a", []) }
            stage.exchanges.refresh(stale)
            worker.settle()
            #expect(stage.dialer.log.count == before + 4)
            for origin in origins { origin.arrivals.add([Self.fresh] + Self.body) }
            worker.settle()
            #expect(stage.dialer.log.count == before + 6)
            #expect(
                stage.ask("GET /0 HTTP/1.1", on: worker).values("Cache-Status")
                    == ["portico; hit; ttl=60"])
        }
    }

    @Test func `who leaves takes nothing from those who wait`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", [])
            let first = stage.ask(on: worker)
            let second = stage.ask(on: worker)
            stage.origin("a", [Self.fresh] + Self.body)
            first.hangUp()
            worker.settle()
            #expect(second.body == "hi")
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `a body that breaks off is cut and forgotten`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", [Self.fresh, .bytes("h"), .fault(.origin(.truncated))])
            let first = stage.ask(on: worker)
            #expect(first.events == ["200", "cut", "over"])
            stage.origin("a", [Self.fresh] + Self.body)
            #expect(stage.ask(on: worker).body == "hi")
            #expect(stage.dialer.log == ["a", "a"] && stage.failures(of: 0) == 1)
        }
    }

    @Test func `a purge by key reaches what carries it`() {
        Worker.rehearse { worker in
            let cache = Self.makeCache()
            let stage = stage(on: worker, cache)
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            _ = cache.ledger.purge(.tags([Array("p3".utf8)]), of: nil, .hard)
            #expect(stage.ask(on: worker).values("Cache-Status") == ["portico; hit; ttl=60"])
            _ = cache.ledger.purge(.tags([Array("p2".utf8)]), of: nil, .hard)
            stage.origin("a", [Self.fresh] + Self.body)
            #expect(
                stage.ask(on: worker).values("Cache-Status") == ["portico; fwd=uri-miss; stored"])
            let target = cache.purgeTarget(url: Array("https://SHOP.example:8443/".utf8).span)
            #expect(target?.host == Array("shop.example".utf8))
            if let target { _ = cache.ledger.purge(target.1, of: nil, .hard) }
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            #expect(stage.dialer.log == ["a", "a", "a"])
        }
    }

    @Test func `what may not be shared is not kept, and nobody waits for it`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let answer: [Piece] = [
                .head("200\nContent-Length: 2\nCache-Control: private", .known(2))
            ]
            stage.origin("a", answer + Self.body)
            let first = stage.ask(on: worker)
            #expect(first.values("Cache-Status") == ["portico; fwd=uri-miss"])
            stage.origin("a", [])
            let second = stage.origin("a", answer + Self.body)
            stage.ask(on: worker)
            #expect(stage.ask(fields: "Range: bytes=0-0", on: worker).body == "hi")
            #expect(second.fields.contains("Range: bytes=0-0"))
            worker.advance(by: .seconds(60))
        }
    }

    @Test func `a stale answer serves where no origin does`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            worker.advance(by: .seconds(70))
            let second = stage.ask(on: worker)
            #expect(second.body == "hi")
            #expect(second.values("Cache-Status") == ["portico; fwd=stale; ttl=-10"])
            #expect(
                stage.ask(fields: "Cache-Control: only-if-cached", on: worker).events
                    == ["504", "end", "over"])
        }
    }

    @Test func `grace fetches behind the client's back`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, Self.makeCache { $0.grace = .seconds(30) })
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            worker.advance(by: .seconds(70))
            let origin = stage.origin("a", [.head("304", .none), .end])
            #expect(stage.ask(on: worker).values("Cache-Status") == ["portico; hit; ttl=-10"])
            #expect(origin.events == ["began", "released"])
            #expect(stage.ask(on: worker).values("Cache-Status") == ["portico; hit; ttl=60"])
        }
    }

    @Test func `an unsafe request makes its target invalid`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            stage.origin("a", [.ok] + Self.body)
            let post = stage.ask("POST / HTTP/1.1", on: worker)
            #expect(post.values("Cache-Status") == ["portico; fwd=method"])
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            #expect(stage.dialer.log == ["a", "a", "a"])
        }
    }

    private static func posted(_ more: String) -> [Piece] {
        [
            .head(
                "200\nContent-Length: 2\nCache-Control: max-age=60" + more, .known(2)),
            .bytes("po"), .end,
        ]
    }

    @Test func `a POST's answer that says so serves later GETs`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            stage.origin("a", Self.posted("\nContent-Location: /"))
            let post = stage.ask("POST / HTTP/1.1", on: worker)
            #expect(post.body == "po")
            #expect(post.values("Cache-Status") == ["portico; fwd=method; stored"])
            let get = stage.ask(on: worker)
            #expect(get.body == "po" && get.values("Cache-Status") == ["portico; hit; ttl=60"])
        }
    }

    @Test(arguments: [
        ("", "", ""), ("", "\nContent-Location: /other", ""),
        ("X-Forwarded-Prefix: /a", "\nContent-Location: /", ""),
        ("If-None-Match: \"a\"", "\nContent-Location: /", ""),
        ("Host: SHOP.example", "\nContent-Location: /", ""),
    ])
    func `another POST's answer does not`(_ fields: String, _ answer: String, _ unused: String) {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", Self.posted(answer))
            let post = stage.ask("POST / HTTP/1.1", fields: fields, on: worker)
            #expect(post.values("Cache-Status") == ["portico; fwd=method"])
            stage.origin("a", [Self.fresh] + Self.body)
            #expect(stage.ask(on: worker).body == "hi")
        }
    }

    @Test func `a POST during a purge leaves nothing behind`() {
        Worker.rehearse { worker in
            let cache = Self.makeCache()
            let stage = stage(on: worker, cache)
            let slow = stage.origin("a", [])
            let post = stage.ask("POST / HTTP/1.1", on: worker)
            _ = cache.ledger.purge(.tags([Array("p9".utf8)]), of: nil, .hard)
            slow.arrivals.add(Self.posted("\nContent-Location: /"))
            worker.settle()
            #expect(post.values("Cache-Status") == ["portico; fwd=method"])
        }
    }

    @Test func `an origin hears one spelling of a host, wherever it looks`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let origin = stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(fields: "Host: sHoP.eXample:80", on: worker)
            #expect(origin.fields.contains("Host: shop.example"))
            #expect(origin.fields.contains("X-Forwarded-Host: shop.example"))
            #expect(
                origin.fields.contains("Forwarded: for=192.0.2.1;proto=http;host=\"shop.example\""))
            #expect(stage.ask(on: worker).body == "hi")
        }
    }

    @Test func `a refresh has a line of its own in the log`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, Self.makeCache { $0.grace = .seconds(30) })
            stage.origin("a", [Self.fresh] + Self.body)
            stage.ask(on: worker)
            worker.advance(by: .seconds(70))
            stage.origin("a", [.head("304", .none), .end])
            _ = stage.takeLog()
            stage.ask(on: worker)
            let lines = stage.takeLog().split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.contains { $0.contains("\"cache\":\"refresh\"") && $0.contains(":304") })
            #expect(stage.counters.value(of: .cacheRefreshes) == 1)
        }
    }
}
