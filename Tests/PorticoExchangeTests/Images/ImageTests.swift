import PorticoBytes
import PorticoCache
import PorticoHTTP
import PorticoImage
import PorticoLoop
import PorticoTelemetry
import Testing

@testable import PorticoExchange

@Suite("Pictures on their way out of the cache")
struct ImageTests {
    private struct Scene {
        let stage: Stage
        let processes = ScriptedTransformer()
        let cache: ResponseCache

        init(on worker: isolated Worker, _ adjust: (inout ImageSettings) -> Void = { _ in }) {
            var settings = CacheSettings()
            settings.memoryBytes = 1 << 20
            cache = ResponseCache(settings, seed: (1, 2))
            var images = ImageSettings()
            adjust(&images)
            let pool = makePool(nodes: 1)
            let site = Site(
                hosts: ["shop.example"], routes: [],
                otherwise: Route(
                    pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil,
                    caches: true),
                denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
                purgeSite: cache.ledger.site(Array("shop".utf8)), transformsImages: true)
            stage = Stage(
                on: worker, pool: pool, site: site, cache: cache,
                images: ImagePolicy(images, by: processes))
        }

        /// An origin that has one picture.
        @discardableResult
        func origin(_ fields: String = "", body: String = "GIF89a-the-original") -> ScriptedOrigin {
            let head =
                "200\nContent-Length: \(body.utf8.count)\nContent-Type: image/gif\n"
                + "Cache-Control: max-age=60\nETag: \"o\"\nSurrogate-Key: p1"
            return stage.origin(
                "a", [.head(head + fields, .known(UInt64(body.utf8.count))), .bytes(body), .end])
        }

        @discardableResult
        func get(
            _ target: String, _ fields: String = "", made: String? = nil,
            on worker: isolated Worker, method: String = "GET"
        ) -> ScriptedClient {
            let client = stage.ask("\(method) \(target) HTTP/1.1", fields: fields, on: worker)
            if let made {
                processes.make(made)
                worker.settle()
            }
            return client
        }
    }

    @Test func `one original, however many variants, and each is made once`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            let origin = scene.origin()
            let first = scene.get("/a.gif?width=3&utm=1", made: "small", on: worker)
            #expect(first.body == "small")
            #expect(first.values("Content-Type") == ["image/webp"])
            #expect(
                first.values("Fastly-IO-Info")
                    == ["ifsz=19 idim=6x4 ifmt=gif ofsz=5 odim=3x2 ofmt=webp"])
            #expect(first.values("Fastly-Stats") == ["io=1"])
            #expect(first.values("X-Content-Type-Options") == ["nosniff"])
            #expect(first.values("Cache-Control") == ["max-age=60"])
            #expect(first.values("ETag").first != "\"o\"")
            #expect(first.values("Surrogate-Key") == [])
            #expect(origin.asked == "/a.gif")
            worker.advance(by: .seconds(2))
            let again = scene.get("/a.gif?width=3", on: worker)
            #expect(again.body == "small")
            #expect(again.values("Cache-Status") == ["portico; hit; ttl=58"])
            #expect(scene.get("/a.gif?width=2", made: "tiny", on: worker).body == "tiny")
            #expect(scene.stage.dialer.log == ["a"])
            #expect(scene.processes.log == ["width=3", "width=2"])
            #expect(scene.stage.counters.value(of: .imagesMade) == 2)
            #expect(scene.stage.counters.value(of: .imagesDelivered) == 3)
        }
    }

    @Test func `conditions, ranges and HEAD are about the variant`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let first = scene.get("/a.gif?width=3", made: "small", on: worker)
            let tag = first.values("ETag")[0]
            let known = scene.get("/a.gif?width=3", "If-None-Match: \(tag)", on: worker)
            #expect(known.events == ["304", "end", "over"])
            let other = scene.get("/a.gif?width=3", "If-None-Match: \"o\"", on: worker)
            #expect(other.body == "small")
            let part = scene.get("/a.gif?width=3", "Range: bytes=1-2", on: worker)
            #expect(part.body == "ma" && part.values("Content-Range") == ["bytes 1-2/5"])
            let head = scene.get("/a.gif?width=3", on: worker, method: "HEAD")
            #expect(head.body == "" && head.headLength == .known(5))
        }
    }

    @Test func `a HEAD, a range or a condition first makes the variant of a whole original`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            let origin = scene.origin()
            let head = scene.get(
                "/a.gif?width=3", "Range: bytes=0-1\nIf-None-Match: \"o\"\nAccept-Encoding: gzip",
                made: "small", on: worker, method: "HEAD")
            #expect(head.events == ["200", "end", "over"] && head.headLength == .known(5))
            #expect(origin.asked == "/a.gif")
            let names = origin.fields.map { $0.prefix { $0 != ":" } }
            for name in ["Range", "If-None-Match", "Accept-Encoding"] {
                #expect(!names.contains { $0 == name })
            }
        }
    }

    @Test func `who asks at the same time shares one transformation`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let clients = (0..<4).map { _ in scene.get("/a.gif?width=3", on: worker) }
            #expect(scene.processes.log == ["width=3"])
            scene.processes.make("small")
            worker.settle()
            #expect(clients.allSatisfy { $0.body == "small" })
            #expect(scene.stage.dialer.log == ["a"] && scene.processes.log == ["width=3"])
        }
    }

    @Test func `one purge takes the original and all that was made of it`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            scene.get("/a.gif?width=3", made: "small", on: worker)
            scene.get("/a.gif?width=2", made: "tiny", on: worker)
            _ = scene.cache.ledger.purge(.tags([Array("p1".utf8)]), of: nil, .hard)
            scene.origin()
            #expect(scene.get("/a.gif?width=3", made: "new", on: worker).body == "new")
            #expect(scene.get("/a.gif?width=2", made: "newer", on: worker).body == "newer")
            #expect(scene.stage.dialer.log == ["a", "a"])
            let target = scene.cache.purgeTarget(url: Array("shop.example/a.gif".utf8).span)
            if let target { _ = scene.cache.ledger.purge(target.1, of: nil, .hard) }
            scene.origin()
            #expect(scene.get("/a.gif?width=3", made: "newest", on: worker).body == "newest")
        }
    }

    @Test func `a purge during the transformation holds for what comes of it`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            scene.get("/a.gif?width=3", on: worker)
            _ = scene.cache.ledger.purge(.tags([Array("p1".utf8)]), of: nil, .hard)
            scene.processes.make("old")
            worker.settle()
            scene.origin()
            #expect(scene.get("/a.gif?width=3", made: "new", on: worker).body == "new")
        }
    }

    @Test func `a validated original keeps its variants, without another transformation`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            scene.get("/a.gif?width=3", made: "small", on: worker)
            worker.advance(by: .seconds(61))
            scene.stage.origin(
                "a", [.head("304\nCache-Control: max-age=90\nETag: \"o\"", .none), .end])
            let later = scene.get("/a.gif?width=3", on: worker)
            #expect(later.body == "small" && later.values("Cache-Control") == ["max-age=90"])
            #expect(
                scene.get("/a.gif?width=3", on: worker).values("Cache-Status")
                    == ["portico; hit; ttl=90"])
            #expect(scene.processes.log == ["width=3"])
        }
    }

    @Test func `an unsafe request takes the variants too`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            scene.get("/a.gif?width=3", made: "small", on: worker)
            scene.stage.origin("a", [.ok, .bytes("hi"), .end])
            scene.get("/a.gif", on: worker, method: "POST")
            scene.origin()
            #expect(scene.get("/a.gif?width=3", made: "new", on: worker).body == "new")
        }
    }

    // MARK: - What belongs to the request

    @Test func `warnings and Vary are the request's, not the variant's`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let first = scene.get("/a.gif?width=3&height=x", made: "small", on: worker)
            #expect(first.values("Fastly-IO-Warning") == ["height: invalid value ignored"])
            #expect(first.values("Vary") == [])
            let second = scene.get("/a.gif?width=3&auto=webp", on: worker)
            #expect(second.body == "small" && second.values("Vary") == ["Accept"])
            #expect(second.values("Fastly-IO-Warning") == [])
            let third = scene.get(
                "/a.gif?width=3&auto=webp", "Accept: image/webp", made: "webp", on: worker)
            #expect(third.body == "webp" && third.values("Vary") == ["Accept"])
            #expect(scene.processes.log == ["width=3", "auto=webp&width=3"])
        }
    }

    @Test func `hints count where the operator wants them, and join Vary`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker) { $0.clientHints = true }
            scene.origin()
            let hinted = scene.get("/a.gif?width=3", "DPR: 2", made: "double", on: worker)
            #expect(hinted.values("Vary") == ["Sec-CH-DPR", "DPR", "Save-Data"])
            #expect(scene.processes.log == ["dpr=2&width=3"])
        }
    }

    @Test func `strict refuses what else would be ignored`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker) { $0.strict = true }
            let client = scene.get("/a.gif?width=x", on: worker)
            #expect(client.events == ["400", "end", "over"])
            #expect(client.values("Cache-Control") == ["no-store"])
            #expect(scene.stage.dialer.log == [])
        }
    }

    // MARK: - What goes wrong

    @Test(arguments: [ImageFailure.unsupported, .unparsable, .sourceTooLarge])
    func `a source that is no sound picture goes out as it is`(_ failure: ImageFailure) {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let client = scene.get("/a.gif?width=3", on: worker)
            scene.processes.fail(failure)
            worker.settle()
            #expect(client.body == "GIF89a-the-original" && client.events.first == "200")
            #expect(client.values("Content-Type") == ["image/gif"])
            #expect(client.values("Fastly-IO-Error") == ["\(failure.reason)"])
            // It is remembered: a broken file costs one try.
            let again = scene.get("/a.gif?width=3", on: worker)
            #expect(again.body == "GIF89a-the-original")
            #expect(again.values("Fastly-IO-Error") == ["\(failure.reason)"])
            #expect(scene.processes.log == ["width=3"] && scene.stage.dialer.log == ["a"])
        }
    }

    @Test func `or earns a 422, where the operator says so`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker) { $0.onSourceError = .unprocessable }
            scene.origin()
            let client = scene.get("/a.gif?width=3", on: worker)
            scene.processes.fail(.unparsable)
            worker.settle()
            #expect(client.events.first == "422")
            #expect(client.values("Fastly-IO-Error") == ["Image could not be parsed"])
        }
    }

    @Test func `what cannot be done is a 400 that nobody keeps`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let client = scene.get("/a.gif?crop=99,99", on: worker)
            scene.processes.fail(.cropOutside)
            worker.settle()
            #expect(client.events.first == "400" && client.values("Cache-Control") == ["no-store"])
            #expect(client.body == "\(ImageFailure.cropOutside.reason)\n")
            #expect(client.values("Content-Type") == ["text/plain; charset=utf-8"])
        }
    }

    @Test func `what we could not do is tried again soon`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let client = scene.get("/a.gif?width=3", on: worker)
            scene.processes.fail(.overLimit)
            worker.settle()
            #expect(client.body == "GIF89a-the-original")
            #expect(client.values("Fastly-IO-Error") == ["Resource limit"])
            #expect(scene.get("/a.gif?width=3", on: worker).values("Fastly-IO-Error").count == 1)
            #expect(scene.processes.log.count == 1)
            worker.advance(by: .seconds(10))
            #expect(scene.get("/a.gif?width=3", made: "small", on: worker).body == "small")
        }
    }

    @Test func `who is not served in time gets the original`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.origin()
            let client = scene.get("/a.gif?width=3", on: worker)
            worker.advance(by: .seconds(2))
            #expect(client.events == [])
            worker.advance(by: .milliseconds(501))
            #expect(client.values("Fastly-IO-Error") == ["Resource limit"])
            #expect(client.body == "GIF89a-the-original")
        }
    }

    @Test(arguments: [
        ("200\nContent-Length: 2\nCache-Control: private", "200", "Response is not cacheable"),
        ("404\nContent-Length: 2", "404", "Invalid status"),
        ("503\nContent-Length: 2\nCache-Control: no-store", "503", "Invalid status"),
    ])
    func `what is no cacheable 200 passes`(_ head: String, _ status: String, _ error: String) {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.stage.origin("a", [.head(head, .known(2)), .bytes("hi"), .end])
            let client = scene.get("/a.gif?width=3", on: worker)
            #expect(client.events == [status, "end", "over"] && client.body == "hi")
            #expect(client.values("Fastly-IO-Error") == [error])
            #expect(scene.processes.log == [])
        }
    }

    @Test func `an origin that does not answer is a 502 as ever`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            scene.stage.origin("a", [.fault(.origin(.malformed))])
            #expect(scene.get("/a.gif?width=3", on: worker).events == ["502", "end", "over"])
        }
    }

    // MARK: - Other paths

    @Test func `on another path the query is the origin's, and the type decides`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            let origin = scene.origin()
            #expect(scene.get("/pic?width=3&b=1", made: "small", on: worker).body == "small")
            #expect(origin.asked == "/pic?b=1&width=3")
            #expect(scene.get("/pic?width=3&b=1", on: worker).body == "small")
            scene.stage.origin(
                "a",
                [
                    .head("200\nContent-Type: text/html\nCache-Control: max-age=9", .known(2)),
                    .bytes("hi"), .end,
                ])
            let page = scene.get("/page?width=3", on: worker)
            #expect(page.body == "hi" && page.values("Fastly-IO-Error") == [])
            #expect(scene.processes.log == ["width=3"])
        }
    }

    @Test func `octets are a picture by their first bytes, SVG never`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            func answer(_ type: String, _ body: String) {
                let count = UInt64(body.utf8.count)
                let head = "200\nContent-Length: \(count)\nContent-Type: \(type)"
                scene.stage.origin(
                    "a",
                    [.head(head + "\nCache-Control: max-age=9", .known(count)), .bytes(body), .end])
            }
            answer("application/octet-stream", "GIF89a")
            #expect(scene.get("/one?width=3", made: "small", on: worker).body == "small")
            answer("application/octet-stream", "MZ")
            let program = scene.get("/two?width=3", on: worker)
            #expect(program.body == "MZ" && program.values("Fastly-IO-Error") == [])
            answer("image/svg+xml", "<svg/>")
            #expect(scene.get("/three?width=3", on: worker).body == "<svg/>")
            answer("image/bmp", "BM")
            let bitmap = scene.get("/four?width=3", on: worker)
            #expect(bitmap.body == "BM")
            #expect(bitmap.values("Fastly-IO-Error") == ["Not a supported image format"])
            #expect(scene.processes.log.count == 1)
        }
    }

    @Test func `a client's word about overlays reaches nobody`() {
        Worker.rehearse { worker in
            let scene = Scene(on: worker)
            let origin = scene.origin()
            scene.get("/a.gif", "X-Fastly-Imageopto-Overlay: overlay=/b.png", made: "x", on: worker)
            #expect(!origin.fields.contains { $0.hasPrefix("X-Fastly") })
        }
    }
}
