import PorticoBytes
import PorticoCache
import PorticoCoding
import PorticoHTTP
import PorticoLoop
import PorticoTelemetry
import PorticoWAF
import Testing

@testable import PorticoExchange

@Suite("Answers before the rules")
struct InspectAnswerTests {
    private static let leak =
        "SecRule RESPONSE_BODY \"@contains secret\" \"id:4,phase:4,deny,status:503\""
    private static let field =
        "SecRule RESPONSE_HEADERS:X-Leak \"@contains secret\" \"id:3,phase:3,deny,status:502\""

    private static func makeCache() -> ResponseCache {
        var settings = CacheSettings()
        settings.memoryBytes = 1 << 20
        return ResponseCache(settings, seed: (1, 2))
    }

    private static func page(_ text: String, _ more: String = "") -> [Piece] {
        [
            .head(
                "200\nContent-Type: text/html\nContent-Length: \(text.utf8.count)\n"
                    + "Cache-Control: max-age=60\(more)", .known(UInt64(text.utf8.count))),
            .bytes(text), .end,
        ]
    }

    @Test func `nothing of an answer that is denied leaves`() throws {
        let rampart = try Rampart(Self.leak + "\n" + Self.field)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin("a", Self.page("a secret thing"))
            let client = stage.ask(on: worker)
            #expect(client.events == ["503", "end", "over"] && !client.body.contains("thing"))
            #expect(origin.events == ["began", "abandoned"] && origin.violations == [])
            #expect(rampart.takeLog().contains("\"id\":4"))
            stage.origin("a", Self.page("all is well", "\nX-Leak: secret"))
            #expect(stage.ask(on: worker).events == ["502", "end", "over"])
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `what is well goes on whole, however it came`() throws {
        let rampart = try Rampart(Self.leak)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin(
                "a",
                [.head("200\nContent-Type: text/html", .unknown), .bytes("one "), .bytes("two ")])
            let client = stage.ask(on: worker)
            #expect(client.events == [])
            origin.arrivals.add([.bytes("three"), .end])
            worker.settle()
            #expect(client.body == "one two three" && origin.events == ["began", "released"])
        }
    }

    @Test func `beyond the bound an answer is not held`() throws {
        let rampart = try Rampart(Self.leak) { $0.responseBodyBytes = 1000 }
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin(
                "a", [.head("200\nContent-Type: text/html", .unknown), .block(900), .block(900)])
            let client = stage.ask(on: worker)
            #expect(client.bodyBytes.count == 1800)
            origin.arrivals.add([.block(90_000), .end])
            worker.settle()
            #expect(client.bodyBytes.count == 91_800)
        }
    }

    @Test func `types that no rule looks at are not held`() throws {
        let rampart = try Rampart(Self.leak)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin(
                "a", [.head("200\nContent-Type: image/png", .unknown), .bytes("secret")])
            let client = stage.ask(on: worker)
            #expect(client.body == "secret")
            origin.arrivals.add([.end])
            worker.settle()
        }
    }

    @Test(arguments: [ContentCoding.gzip, .brotli, .zstd])
    func `a coded answer is read`(_ coding: ContentCoding) throws {
        let rampart = try Rampart(Self.leak)
        let text = Array("a page with a secret in it".utf8)
        guard var coder = Coder(encoding: coding, level: 1, size: nil) else { return }
        let coded = try coder.whole(text.span)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            stage.origin(
                "a",
                [
                    .head(
                        "200\nContent-Type: text/html\nContent-Encoding: \(coding.token)",
                        .unknown),
                    .raw(Array(coded.prefix(9))), .raw(Array(coded.dropFirst(9))), .end,
                ])
            #expect(stage.ask(on: worker).events == ["503", "end", "over"])
        }
    }

    @Test func `a stored answer is inspected once, and again under other rules`() throws {
        let first = try Rampart(Self.leak, digest: 1)
        let second = try Rampart(
            "SecRule RESPONSE_BODY \"@contains hello\" \"id:5,phase:4,deny\"", digest: 2)
        let cache = Self.makeCache()
        Worker.rehearse { worker in
            let stage = first.stage(on: worker, cache: cache)
            stage.origin("a", Self.page("hello"))
            #expect(stage.ask(on: worker).body == "hello")
            let key = stage.ask(on: worker)
            #expect(key.values("Cache-Status").first?.contains("hit") == true)
            stage.exchanges.policy = second.policy(pool: stage.pool, cache: cache)
            #expect(stage.ask(on: worker).events == ["403", "end", "over"])
            stage.exchanges.policy = first.policy(pool: stage.pool, cache: cache)
            #expect(stage.ask(on: worker).body == "hello")
            #expect(stage.dialer.log == ["a"])
        }
    }

    @Test func `what is denied is denied to all who ask, also those who wait`() throws {
        let rampart = try Rampart(Self.leak)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker, cache: Self.makeCache())
            let origin = stage.origin("a")
            let clients = (0..<3).map { _ in stage.ask(on: worker) }
            origin.arrivals.add(Self.page("a secret thing"))
            worker.settle()
            for client in clients { #expect(client.events == ["503", "end", "over"]) }
            #expect(stage.ask(on: worker).events == ["503", "end", "over"])
            #expect(stage.dialer.log == ["a"])
        }
    }

    @Test func `hits are inspected in what they ask`() throws {
        let rampart = try Rampart(
            "SecRule REQUEST_HEADERS:X-Bad \"@contains evil\" \"id:1,phase:1,deny\"")
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker, cache: Self.makeCache())
            stage.origin("a", Self.page("hello"))
            #expect(stage.ask(on: worker).body == "hello")
            #expect(stage.ask(fields: "X-Bad: evil", on: worker).events.first == "403")
            #expect(stage.ask(on: worker).body == "hello")
        }
    }

    @Test func `what one request is forgiven says nothing of others`() throws {
        let rampart = try Rampart(
            """
            SecRule REQUEST_HEADERS:X-Trust "@streq yes" "id:1,phase:1,pass,nolog,ctl:ruleEngine=Off"
            SecRule REQUEST_HEADERS:X-Trust "@streq so" "id:2,phase:1,pass,nolog,ctl:ruleRemoveById=4"
            """ + "\n" + Self.leak)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker, cache: Self.makeCache())
            stage.origin("a", Self.page("a secret thing"))
            #expect(stage.ask(fields: "X-Trust: yes", on: worker).events.first == "200")
            #expect(stage.ask(fields: "X-Trust: so", on: worker).events.first == "200")
            #expect(stage.ask(on: worker).events.first == "503")
        }
    }

    @Test func `a part of a page is inspected like a page`() throws {
        let rampart = try Rampart(Self.leak)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker, cache: Self.makeCache())
            let page = "<p><esi:include src=\"/part\"/></p>"
            stage.origin("a", Self.page(page, "\nSurrogate-Control: content=\"ESI/1.0\""))
            stage.origin("a", Self.page("a secret thing"))
            let client = stage.ask(fields: "Accept: text/html", on: worker)
            #expect(client.body == "<p></p>")
            #expect(rampart.takeLog().contains("/part"))
        }
    }
}
