import PorticoBytes
import PorticoCache
import PorticoCoding
import PorticoHTTP
import PorticoLoop
import Testing

@testable import PorticoExchange

struct ESITests {
    private func stage(on worker: isolated Worker, compressesFrom: Int? = nil) -> Stage {
        var settings = CacheSettings()
        settings.memoryBytes = 1 << 20
        let cache = ResponseCache(settings, seed: (1, 2))
        let pool = makePool(nodes: 1)
        let site = Site(
            hosts: ["shop.example"], routes: [],
            otherwise: Route(
                pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil, caches: true),
            denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
            purgeSite: cache.ledger.site(Array("shop".utf8)), compressesFrom: compressesFrom)
        return Stage(on: worker, pool: pool, site: site, cache: cache)
    }

    private func page(_ text: String, _ more: String = "") -> [Piece] {
        let head =
            "200\nContent-Type: text/html\nCache-Control: max-age=60\nETag: \"a\"\n"
            + "Content-Length: \(text.utf8.count)\nSurrogate-Control: content=\"ESI/1.0\"" + more
        return [.head(head, .known(UInt64(text.utf8.count))), .bytes(text), .end]
    }

    private func part(
        _ text: String, _ control: String = "no-store", status: Int = 200
    ) -> [Piece] {
        [
            .head(
                "\(status)\nCache-Control: \(control)\nContent-Length: \(text.utf8.count)",
                .known(UInt64(text.utf8.count))),
            .bytes(text), .end,
        ]
    }

    @Test func `a stored page gets its own part for everyone`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let origin = stage.origin("a", page("<p><esi:include src=\"/cart?x=1\"/></p>"))
            let cart = stage.origin("a", part("one"))
            let first = stage.ask(fields: "Accept: text/html;q=0.9", on: worker)
            #expect(first.body == "<p>one</p>")
            #expect(first.headLength == .unknown)
            #expect(first.values("ETag") == [] && first.values("Surrogate-Control") == [])
            #expect(origin.fields.contains("Surrogate-Capability: portico=\"ESI/1.0\""))
            #expect(cart.requestLine == "GET /cart?x=1")
            stage.origin("a", part("two"))
            let second = stage.ask(on: worker)
            #expect(second.body == "<p>two</p>")
            #expect(second.values("Cache-Status") == ["portico; hit; ttl=60"])
        }
    }

    @Test func `a part that may be stored is`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", page("<esi:include src=\"menu\"/>"))
            stage.origin("a", part("menu", "max-age=60"))
            #expect(stage.ask(on: worker).body == "menu")
            #expect(stage.ask(on: worker).body == "menu")
            #expect(stage.ask("GET /menu HTTP/1.1", on: worker).body == "menu")
            #expect(stage.dialer.log == ["a", "a"])
        }
    }

    @Test func `markup is text where nobody announces it`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", part("<esi:include src=\"/x\"/>", "max-age=60"))
            #expect(stage.ask(on: worker).body == "<esi:include src=\"/x\"/>")
        }
    }

    @Test func `a part that fails is left out, or its alternative comes`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin(
                "a", page("1<esi:include src=\"/x\" alt=\"/y\"/>2<esi:include src=\"/z\"/>3"))
            stage.origin("a", part("no", status: 500))
            stage.origin("a", part("yes"))
            stage.origin("a", part("no", status: 404))
            #expect(stage.ask(on: worker).body == "1yes23")
        }
    }

    /// Whoever can write into a page must not choose whom the edge asks.
    @Test func `other hosts are not asked`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin(
                "a", page("1<esi:include src=\"http://other.example/\"/>2"))
            #expect(stage.ask(on: worker).body == "12")
            #expect(stage.dialer.log == ["a"])
        }
    }

    @Test func `a page that includes itself ends`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", page("(<esi:include src=\"/\"/>)"))
            let client = stage.ask(on: worker)
            // The innermost one is not read any more.
            #expect(client.body == "(((((" + "(<esi:include src=\"/\"/>)" + ")))))")
        }
    }

    @Test func `a page has no more parts than it may`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let text = String(repeating: "<esi:include src=\"/x\"/>", count: 300)
            stage.origin("a", page(text))
            stage.origin("a", part("x", "max-age=60"))
            #expect(stage.ask(on: worker).body.count == PageAssembly.mostIncludes)
        }
    }

    @Test func `a coded page is decoded, and the whole is coded for who takes it`() throws {
        let text = "<p>" + String(repeating: "text ", count: 300) + "<esi:include src=\"/x\"/></p>"
        var encoder = Coder(encoding: .gzip, level: 4, size: nil)
        let coded = try encoder?.whole(Array(text.utf8).span) ?? []
        Worker.rehearse { worker in
            let stage = stage(on: worker, compressesFrom: 1024)
            stage.origin(
                "a",
                [
                    .head(
                        "200\nContent-Type: text/html\nCache-Control: max-age=60\n"
                            + "Content-Encoding: gzip\nSurrogate-Control: content=\"ESI/1.0\"",
                        .unknown), .raw(coded), .end,
                ])
            stage.origin("a", part("part", "max-age=60"))
            let expected = text.replacing("<esi:include src=\"/x\"/>", with: "part")
            #expect(stage.ask(on: worker).body == expected)
            let client = stage.ask(fields: "Accept-Encoding: br", on: worker)
            #expect(client.values("Content-Encoding") == ["br"])
            var decoder = Coder(decoding: .brotli)
            let plain = try? decoder?.whole(client.bodyBytes.span)
            #expect(plain == Array(expected.utf8))
        }
    }

    @Test func `HEAD of a page asks for no part`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", page("<esi:include src=\"/x\"/>"))
            stage.origin("a", part("x", "max-age=60"))
            stage.ask(on: worker)
            let head = stage.ask("HEAD / HTTP/1.1", on: worker)
            #expect(head.body == "" && head.values("ETag") == [])
        }
    }
}
