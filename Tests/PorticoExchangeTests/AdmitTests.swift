import PorticoBytes
import PorticoCache
import PorticoHTTP
import PorticoLimits
import PorticoLoop
import PorticoOrigins
import PorticoSettings
import PorticoTelemetry
import Testing

@testable import PorticoExchange

/// A limit of one request a second and a burst of two.
private func makeRule(
    _ name: String = "a", by key: [RateLimitKey] = [.clientIP], burst: Int = 2,
    action: RateLimitSettings.Action = .reject, path: String = "", methods: [String] = []
) -> RateRule {
    var settings = RateLimitSettings()
    settings.name = name
    settings.key = key
    settings.rate = Rate(1, per: .seconds(1))
    settings.burst = burst
    settings.action = action
    settings.match.path = path
    settings.match.methods = methods
    return RateRule(RateLimit(settings, seed: (1, 2), after: nil))
}

@Suite("Rate limits of requests")
struct AdmitTests {
    /// A stage whose site has these limits, and whose origin answers so many requests.
    private func stage(
        on worker: isolated Worker, _ limits: [RateRule], allowed: [String] = [], answers: Int = 16
    ) -> Stage {
        let pool = makePool(nodes: 1)
        let site = makeSite(
            pool: pool, allowed: NetworkList(networks(allowed)), limits: limits)
        let stage = Stage(on: worker, pool: pool, site: site)
        for _ in 0..<answers { stage.origin("a", [.ok, .bytes("hi"), .end]) }
        return stage
    }

    /// What came of it: "200", "429", or "" while it waits.
    private func ask(
        _ stage: Stage, _ line: String = "GET / HTTP/1.1", fields: String = "",
        from client: String = "192.0.2.1", on worker: isolated Worker
    ) -> String {
        stage.ask(line, fields: fields, facts: makeFacts(client), on: worker).events.first ?? ""
    }

    /// What such requests get, each a line `GET /path` or such, with a client or fields.
    private func answers(
        _ limits: [RateRule], _ requests: [(line: String, fields: String, client: String)]
    ) -> [String] {
        Worker.rehearse { worker in
            let stage = stage(on: worker, limits)
            return requests.map {
                ask(stage, "\($0.line) HTTP/1.1", fields: $0.fields, from: $0.client, on: worker)
            }
        }
    }

    @Test func `beyond the burst a client is told when to come again`() {
        Worker.rehearse { worker in
            let rule = makeRule("per-client")
            let stage = stage(on: worker, [rule])
            #expect(ask(stage, on: worker) == "200")
            #expect(ask(stage, on: worker) == "200")
            let refused = stage.ask(on: worker)
            #expect(refused.events == ["429", "end", "over"])
            #expect(refused.values("Retry-After") == ["1"])
            #expect(refused.values("RateLimit") == ["\"per-client\";r=0;t=1"])
            #expect(refused.values("RateLimit-Policy") == ["\"per-client\";q=2;w=2"])
            #expect(refused.values("Cache-Control") == ["no-store"])
            #expect(ask(stage, from: "192.0.2.2", on: worker) == "200")
            #expect(rule.limit.counts.rejected == 1)
            let lines = stage.takeLog().split(separator: "\n")
            #expect(
                lines.map { $0.contains("\"rate_limited\":true") } == [false, false, true, false])
            worker.advance(by: .seconds(1))
            #expect(ask(stage, on: worker) == "200")
            #expect(ask(stage, on: worker) == "429")
            #expect(stage.dialer.log.count == 4)
        }
    }

    @Test func `who is on the allow list meets no limit`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, [makeRule()], allowed: ["192.0.2.0/24"])
            for _ in 0..<5 { #expect(ask(stage, on: worker) == "200") }
            for _ in 0..<2 { #expect(ask(stage, from: "10.0.0.1", on: worker) == "200") }
            #expect(ask(stage, from: "10.0.0.1", on: worker) == "429")
        }
    }

    @Test func `hits and redirections count`() {
        Worker.rehearse { worker in
            var settings = CacheSettings()
            settings.memoryBytes = 1 << 20
            let cache = ResponseCache(settings, seed: (1, 2))
            let pool = makePool(nodes: 1)
            let site = Site(
                hosts: ["shop.example"], routes: [],
                otherwise: Route(
                    pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil,
                    caches: true, limits: [makeRule()]),
                denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
                purgeSite: cache.ledger.site(Array("shop".utf8)))
            let stage = Stage(on: worker, pool: pool, site: site, cache: cache)
            stage.origin(
                "a",
                [
                    .head("200\nContent-Length: 2\nCache-Control: max-age=60", .known(2)),
                    .bytes("hi"), .end,
                ])
            #expect(ask(stage, on: worker) == "200")
            #expect(ask(stage, on: worker) == "200")
            #expect(stage.counters.value(of: .cacheHits) == 1)
            #expect(ask(stage, on: worker) == "429")
        }
        Worker.rehearse { worker in
            let pool = makePool()
            let site = makeSite(pool: pool, limits: [makeRule()], redirectsToHTTPS: true)
            let stage = Stage(on: worker, pool: pool, site: site)
            #expect((0..<3).map { _ in ask(stage, on: worker) } == ["301", "301", "429"])
        }
    }

    @Test func `a limit counts what it is for, however it is spelled`() {
        let rule = makeRule(burst: 1, path: "/api/*", methods: ["POST"])
        let (client, none) = ("192.0.2.1", "")
        #expect(
            answers(
                [rule],
                [
                    ("GET /api/x", none, client), ("POST /other", none, client),
                    ("POST /api/x", none, client), ("POST /API/y", none, client),
                    ("POST /x/..//%61pi/y", none, client), ("GET /api/x", none, client),
                ]) == ["200", "200", "200", "429", "429", "200"])
    }

    @Test func `networks, paths and hosts count together`() {
        let none = ""
        #expect(
            answers(
                [makeRule(by: [.clientNet], burst: 1)],
                [
                    ("GET /", none, "192.0.2.1"), ("GET /", none, "192.0.2.250"),
                    ("GET /", none, "192.0.3.1"), ("GET /", none, "2001:db8::1"),
                    ("GET /", none, "2001:db8::ffff:1"), ("GET /", none, "2001:db8:0:1::1"),
                ]) == ["200", "429", "200", "200", "429", "200"])
        #expect(
            answers(
                [makeRule(by: [.path, .host], burst: 1)],
                [
                    ("GET /a", none, "192.0.2.1"), ("GET /A?x", none, "192.0.2.2"),
                    ("GET /b", none, "192.0.2.1"),
                    ("GET /./a", "Host: SHOP.example.:80", "192.0.2.3"),
                ]) == ["200", "429", "200", "429"])
    }

    @Test func `leaving out the field is no way around its limit`() {
        let (one, two) = ("192.0.2.1", "192.0.2.2")
        #expect(
            answers(
                [makeRule(by: [.header("X-Key")], burst: 1)],
                [
                    ("GET /", "x-key: a", one), ("GET /", "X-Key: a", two),
                    ("GET /", "X-Key: b", one), ("GET /", "", one), ("GET /", "X-Key:", one),
                    ("GET /", "", two), ("GET /", "Host: shop.example\nX-Key: a\nX-Key: c", one),
                ]) == ["200", "429", "200", "200", "429", "200", "200"])
        #expect(
            answers(
                [makeRule(by: [.cookie("sid")], burst: 1)],
                [
                    ("GET /", "Cookie: a=b; sid=1", one), ("GET /", "Cookie: sid=1; c=d", two),
                    ("GET /", "Cookie: SID=1", two), ("GET /", "Cookie: sid=", two),
                    ("GET /", "Cookie: sid=2", one),
                ]) == ["200", "429", "200", "429", "200"])
        // One customer's IPv6 addresses are not many clients.
        #expect(
            answers(
                [makeRule(by: [.header("X-Key")], burst: 1)],
                [("GET /", "", "2001:db8::1"), ("GET /", "", "2001:db8::2")]) == ["200", "429"])
    }

    @Test func `of several limits the longest wait is told, and none is charged`() {
        Worker.rehearse { worker in
            let wide = makeRule("wide", burst: 5)
            let strict = makeRule("strict", burst: 1)
            var slow = RateLimitSettings()
            slow.name = "slow"
            slow.rate = Rate(1, per: .seconds(60))
            slow.burst = 1
            let slowest = RateRule(RateLimit(slow, seed: (3, 4), after: nil))
            let stage = stage(on: worker, [wide, strict, slowest])
            #expect(ask(stage, on: worker) == "200")
            for _ in 0..<10 {
                let refused = stage.ask(on: worker)
                #expect(refused.events.first == "429")
                #expect(refused.values("Retry-After") == ["60"])
                #expect(refused.values("RateLimit") == ["\"slow\";r=0;t=60"])
            }
            #expect(slowest.limit.counts.rejected == 10 && strict.limit.counts.rejected == 0)
            // All the refused ones have used nothing of the wide limit.
            let key = wide.key(of: makeRequest("GET / HTTP/1.1"), from: makeFacts(), path: [])
            let now = worker.reactor.now
            let passes = (0..<5).count { _ in
                wide.limit.table.charge(key, wide.limit.cadence, at: now) == .passes
            }
            #expect(passes == 4)
        }
    }

    @Test func `a trial says what it would have refused`() {
        Worker.rehearse { worker in
            let rule = makeRule(burst: 1, action: .log)
            let stage = stage(on: worker, [rule])
            for _ in 0..<3 { #expect(ask(stage, on: worker) == "200") }
            #expect(rule.limit.counts.logged == 2 && rule.limit.counts.rejected == 0)
            let lines = stage.takeLog().split(separator: "\n")
            #expect(lines.map { $0.contains("\"rate_limited\":true") } == [false, true, true])
        }
    }

    @Test func `the delayed wait their turn`() {
        Worker.rehearse { worker in
            let rule = makeRule(burst: 1, action: .delay)
            let stage = stage(on: worker, [rule])
            #expect(ask(stage, on: worker) == "200")
            let second = stage.ask(on: worker)
            let third = stage.ask(on: worker)
            worker.advance(by: .milliseconds(999))
            #expect(second.events == [] && third.events == [])
            worker.advance(by: .milliseconds(1))
            #expect(second.events == ["200", "end", "over"] && third.events == [])
            worker.advance(by: .seconds(1))
            #expect(third.events == ["200", "end", "over"])
            #expect(rule.limit.counts.delayed == 2)
            #expect(stage.exchanges.delayedRequests == 0)
        }
    }

    @Test func `nobody waits for longer than is sensible, and who leaves waits no more`() {
        Worker.rehearse { worker in
            let rule = makeRule(burst: 1, action: .delay)
            let stage = stage(on: worker, [rule])
            let clients = (0..<8).map { _ in stage.ask(on: worker) }
            #expect(
                clients.map { $0.events.first ?? "" } == ["200", "", "", "", "", "", "429", "429"])
            clients[5].hangUp()
            worker.settle()
            #expect(clients[5].events == ["cut", "over"])
            #expect(stage.exchanges.delayedRequests == 4)
            worker.advance(by: .seconds(5))
            #expect(clients[4].events == ["200", "end", "over"])
            #expect(stage.exchanges.delayedRequests == 0)
        }
    }

    @Test func `where too many wait already, the next is refused and not charged`() {
        Worker.rehearse { worker in
            let rule = makeRule(burst: 1, action: .delay)
            let stage = stage(on: worker, [rule])
            #expect(ask(stage, on: worker) == "200")
            stage.exchanges.delayedRequests = Exchange.mostDelayed
            for _ in 0..<9 { #expect(ask(stage, on: worker) == "429") }
            stage.exchanges.delayedRequests = 0
            let last = stage.ask(on: worker)
            worker.advance(by: .seconds(1))
            #expect(last.events == ["200", "end", "over"])
        }
    }

    @Test func `a route may have limits of its own, or none`() {
        Worker.rehearse { worker in
            let pool = makePool(nodes: 1)
            let site = makeSite(
                routes: [
                    makeRoute("/login", to: pool, limits: [makeRule("login", burst: 1)]),
                    makeRoute("/static/*", to: pool),
                ], pool: pool, limits: [makeRule()])
            let stage = Stage(on: worker, pool: pool, site: site)
            for _ in 0..<16 { stage.origin("a", [.ok, .bytes("hi"), .end]) }
            let paths = ["/login", "/login", "/static/a", "/static/a", "/static/a", "/", "/", "/"]
            #expect(
                paths.map { ask(stage, "GET \($0) HTTP/1.1", on: worker) }
                    == ["200", "429", "200", "200", "200", "200", "200", "429"])
        }
    }
}
