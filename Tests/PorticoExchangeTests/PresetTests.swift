import PorticoBytes
import PorticoCache
import PorticoHTTP
import PorticoLoop
import Testing

@testable import PorticoExchange

struct PresetTests {
    private func stage(on worker: isolated Worker) -> Stage {
        var settings = CacheSettings()
        settings.memoryBytes = 1 << 20
        let cache = ResponseCache(settings, seed: (1, 2))
        let pool = makePool(nodes: 1)
        let site = Site(
            hosts: ["shop.example"], routes: [],
            otherwise: Route(
                pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil, caches: true),
            denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
            purgeSite: cache.ledger.site(Array("shop".utf8)), preset: .magento)
        return Stage(on: worker, pool: pool, site: site, cache: cache)
    }

    private func page(_ more: String = "", _ body: String = "hi") -> [Piece] {
        [
            .head(
                "200\nContent-Type: text/html\nCache-Control: public, max-age=60, s-maxage=60\n"
                    + "Content-Length: \(body.utf8.count)" + more, .known(UInt64(body.utf8.count))),
            .bytes(body), .end,
        ]
    }

    @Test func `a visitor's session is handed to nobody`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", page("\nSet-Cookie: PHPSESSID=1"))
            let first = stage.ask("GET /a?utm_source=x HTTP/1.1", on: worker)
            #expect(first.values("Set-Cookie") == [])
            #expect(first.values("X-Magento-Cache-Debug") == ["MISS"])
            let second = stage.ask("GET /a?gclid=y HTTP/1.1", on: worker)
            #expect(second.values("Set-Cookie") == [])
            #expect(second.values("X-Magento-Cache-Debug") == ["HIT"])
            #expect(second.values("Cache-Control").first?.hasPrefix("no-store") == true)
            #expect(stage.dialer.log == ["a"])
        }
    }

    @Test func `who joins a customer group gets the cookie, and the page is not kept`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", page("\nSet-Cookie: X-Magento-Vary=g1"))
            let first = stage.ask(on: worker)
            #expect(first.values("Set-Cookie") == ["X-Magento-Vary=g1"])
            #expect(first.values("X-Magento-Cache-Debug") == ["UNCACHEABLE"])
            stage.origin("a", page("", "g1"))
            #expect(stage.ask(fields: "Cookie: X-Magento-Vary=g1", on: worker).body == "g1")
            stage.origin("a", page("", "none"))
            #expect(stage.ask(on: worker).body == "none")
            #expect(stage.ask(fields: "Cookie: X-Magento-Vary=g1", on: worker).body == "g1")
        }
    }

    @Test func `static files are asked for without cookies`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let origin = stage.origin("a", page())
            stage.ask("GET /static/a.css HTTP/1.1", fields: "Cookie: a=b", on: worker)
            #expect(!origin.fields.contains { $0.hasPrefix("Cookie") })
            let second = stage.ask("GET /static/a.css HTTP/1.1", fields: "Cookie: c=d", on: worker)
            #expect(second.values("X-Magento-Cache-Debug") == ["HIT"])
        }
    }

    @Test func `the checkout is never cached`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            for _ in 0..<2 {
                stage.origin("a", page())
                let client = stage.ask("GET /checkout/cart HTTP/1.1", on: worker)
                #expect(client.values("X-Magento-Cache-Debug") == ["UNCACHEABLE"])
                #expect(client.values("Cache-Status") == ["portico; fwd=bypass"])
            }
            #expect(stage.dialer.log == ["a", "a"])
        }
    }

    @Test
    func `pages include others without an announcement, and serve stale when the shop is down`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", page("", "1<esi:include src=\"/menu\"/>2"))
            stage.origin("a", page("", "menu"))
            #expect(stage.ask(on: worker).body == "1menu2")
            worker.advance(by: .seconds(1000))
            let stale = stage.ask(on: worker)
            #expect(stale.body == "1menu2")
            #expect(stale.values("Grace") == ["unlimited (unhealthy server)"])
        }
    }
}
