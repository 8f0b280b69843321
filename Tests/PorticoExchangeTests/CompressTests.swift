import PorticoBytes
import PorticoCache
import PorticoCoding
import PorticoHTTP
import PorticoLoop
import Testing

@testable import PorticoExchange

struct CompressTests {
    private static let text = String(repeating: "<li class=\"item\">9.99</li>\n", count: 200)

    private func stage(
        on worker: isolated Worker, caches: Bool = true, maxObject: Int = 64 << 20
    ) -> Stage {
        var settings = CacheSettings()
        settings.memoryBytes = 1 << 20
        settings.maxObjectBytes = maxObject
        let cache = ResponseCache(settings, seed: (1, 2))
        let pool = makePool(nodes: 1)
        let site = Site(
            hosts: ["shop.example"], routes: [],
            otherwise: Route(
                pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil, caches: caches),
            denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
            purgeSite: cache.ledger.site(Array("shop".utf8)), compressesFrom: 1024)
        return Stage(on: worker, pool: pool, site: site, cache: cache)
    }

    private static func page(_ more: String = "") -> [Piece] {
        [
            .head(
                "200\nContent-Type: text/html\nContent-Length: \(text.utf8.count)\n"
                    + "Cache-Control: max-age=60\nETag: \"a\"" + more,
                .known(UInt64(text.utf8.count))),
            .bytes(text), .end,
        ]
    }

    private func decoded(_ client: ScriptedClient, _ coding: ContentCoding) -> String? {
        guard var decoder = Coder(decoding: coding) else { return nil }
        return (try? decoder.whole(client.bodyBytes.span)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func `a page is fetched once and coded once for each coding`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            let origin = stage.origin("a", Self.page())
            let first = stage.ask(fields: "Accept-Encoding: gzip, br", on: worker)
            #expect(first.values("Content-Encoding") == ["br"])
            #expect(first.values("Vary") == ["Accept-Encoding"])
            #expect(first.values("ETag") == ["W/\"a\""])
            #expect(decoded(first, .brotli) == Self.text)
            #expect(!origin.fields.contains { $0.hasPrefix("Accept-Encoding") })
            let second = stage.ask(fields: "Accept-Encoding: br", on: worker)
            #expect(second.bodyBytes == first.bodyBytes)
            #expect(second.headLength == .known(UInt64(first.bodyBytes.count)))
            let third = stage.ask(fields: "Accept-Encoding: gzip", on: worker)
            #expect(decoded(third, .gzip) == Self.text)
            let plain = stage.ask(on: worker)
            #expect(plain.body == Self.text)
            #expect(plain.values("ETag") == ["\"a\""])
            #expect(plain.values("Vary") == ["Accept-Encoding"])
            #expect(stage.dialer.log == ["a"])
        }
    }

    /// Variants by what the origin was not told would never be found again.
    @Test func `an origin that varies by Accept-Encoding is stored once`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", Self.page("\nVary: Accept-Encoding"))
            stage.ask(fields: "Accept-Encoding: br", on: worker)
            let second = stage.ask(fields: "Accept-Encoding: gzip", on: worker)
            #expect(second.values("Cache-Status") == ["portico; hit; ttl=60"])
            #expect(second.values("Vary") == ["Accept-Encoding"])
        }
    }

    @Test func `a range is of the plain bytes`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", Self.page())
            stage.ask(fields: "Accept-Encoding: br", on: worker)
            let part = stage.ask(
                fields: "Accept-Encoding: br\nRange: bytes=0-2", on: worker)
            #expect(part.body == "<li")
            #expect(part.values("Content-Encoding") == [])
            // Of a weak tag no range may be had.
            let whole = stage.ask(
                fields: "Accept-Encoding: br\nRange: bytes=0-2\nIf-Range: W/\"a\"", on: worker)
            #expect(whole.body == Self.text)
        }
    }

    @Test func `whoever has the coded one has it still`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", Self.page())
            stage.ask(fields: "Accept-Encoding: br", on: worker)
            let again = stage.ask(
                fields: "Accept-Encoding: br\nIf-None-Match: W/\"a\"", on: worker)
            #expect(again.events == ["304", "end", "over"])
            #expect(again.values("ETag") == ["W/\"a\""])
        }
    }

    @Test func `HEAD says what GET would get`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker)
            stage.origin("a", Self.page())
            stage.ask(fields: "Accept-Encoding: br", on: worker)
            let head = stage.ask("HEAD / HTTP/1.1", fields: "Accept-Encoding: br", on: worker)
            #expect(head.values("Content-Encoding") == ["br"])
            #expect(head.bodyBytes.isEmpty)
        }
    }

    @Test func `what is not stored is coded on its way`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, caches: false)
            stage.origin("a", Self.page())
            let client = stage.ask(fields: "Accept-Encoding: gzip, zstd", on: worker)
            #expect(client.values("Content-Encoding") == ["zstd"])
            #expect(client.headLength == .unknown)
            #expect(decoded(client, .zstd) == Self.text)
            stage.origin("a", Self.page("\nContent-Encoding: br"))
            let coded = stage.ask(fields: "Accept-Encoding: gzip, zstd", on: worker)
            #expect(coded.values("Content-Encoding") == ["br"] && coded.body == Self.text)
        }
    }

    /// A growing body that turns out too long goes at the pace of its slowest reader: whoever reads
    /// the coded one must not hold the plain one as well.
    @Test func `a body that grows beyond what is kept reaches those who read it coded`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, maxObject: 256 << 10)
            let origin = stage.origin(
                "a", [.head("200\nContent-Type: text/html\nCache-Control: max-age=60", .unknown)])
            let client = stage.ask(fields: "Accept-Encoding: gzip", on: worker)
            #expect(client.values("Content-Encoding") == ["gzip"])
            let other = stage.ask(fields: "Accept-Encoding: gzip", on: worker)
            let plain = stage.ask(on: worker)
            // Whoever has worked for a while lets others have their turn: time goes on by a little.
            for _ in 0..<64 {
                origin.arrivals.add([.block(64 << 10)])
                for _ in 0..<8 { worker.advance(by: .microseconds(100)) }
            }
            origin.arrivals.add([.end])
            for _ in 0..<64 { worker.advance(by: .microseconds(100)) }
            for client in [client, other] {
                #expect(client.events.last == "over" && !client.events.contains("cut"))
                #expect(decoded(client, .gzip)?.utf8.count == 4 << 20)
            }
            #expect(plain.bodyBytes.count == 4 << 20)
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `nobody codes for a client that has left`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, maxObject: 256 << 10)
            let origin = stage.origin(
                "a", [.head("200\nContent-Type: text/html\nCache-Control: max-age=60", .unknown)])
            let client = stage.ask(fields: "Accept-Encoding: gzip", on: worker)
            for _ in 0..<8 {
                origin.arrivals.add([.block(64 << 10)])
                for _ in 0..<8 { worker.advance(by: .microseconds(100)) }
            }
            client.outlet.isStuck = true
            client.hangUp()
            for _ in 0..<32 {
                origin.arrivals.add([.block(64 << 10)])
                for _ in 0..<8 { worker.advance(by: .microseconds(100)) }
            }
            worker.advance(by: .seconds(2))
            #expect(client.events.last == "over")
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `a 304 has the tag that the coded body had`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, caches: false)
            for (asked, tag) in [("W/\"a\"", "W/\"a\""), ("\"a\"", "\"a\"")] {
                stage.origin("a", [.head("304\nETag: \"a\"", .none), .end])
                let client = stage.ask(
                    fields: "Accept-Encoding: gzip\nIf-None-Match: \(asked)", on: worker)
                #expect(client.events.first == "304" && client.values("ETag") == [tag])
            }
        }
    }

    /// Events of a stream are seen when they come, not when a coder's buffer is full.
    @Test func `what an origin sends bit by bit arrives bit by bit`() {
        Worker.rehearse { worker in
            let stage = stage(on: worker, caches: false)
            let origin = stage.origin(
                "a",
                [.head("200\nContent-Type: text/event-stream", .unknown), .bytes("data: 1\n\n")])
            let client = stage.ask(fields: "Accept-Encoding: gzip", on: worker)
            var decoder = Coder(decoding: .gzip)
            var plain: [UInt8] = []
            try? decoder?.run(.go, client.bodyBytes.span) { piece throws(Coder.Fault) in
                plain += piece.array
            }
            #expect(String(decoding: plain, as: UTF8.self) == "data: 1\n\n")
            origin.arrivals.add([.end])
            worker.settle()
            #expect(decoded(client, .gzip) == "data: 1\n\n")
        }
    }
}
