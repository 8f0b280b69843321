import PorticoBytes
import PorticoHTTP
import PorticoLoop
import PorticoOrigins
import PorticoTelemetry
import Testing

@testable import PorticoExchange

/// What a site with these traits answers to one request.
private func answer(
    _ line: String = "GET /a?b=1 HTTP/1.1", fields: String = "", facts: ClientFacts = makeFacts(),
    httpsPort: UInt16? = nil, covers: Bool = true, _ make: (Pool) -> Site
) -> (events: [String], fields: [String], body: String) {
    let pool = makePool()
    let site = make(pool)
    return Worker.rehearse { worker in
        let stage = Stage(on: worker, pool: pool, site: site, httpsPort: httpsPort)
        stage.origin("a", [.ok, .bytes("hi"), .end])
        let client = stage.ask(line, fields: fields, facts: facts, on: worker) {
            $0.coversHost = covers
        }
        return (client.events, client.fields, client.body)
    }
}

@Suite("Sites and routes")
struct SiteTests {
    @Test func `a host of no site is a 404`() {
        let found = answer(fields: "Host: other.example") { makeSite(pool: $0) }
        #expect(found.events == ["404", "end", "over"])
    }

    @Test func `a host that the connection's certificate does not cover is a 421`() {
        let found = answer(covers: false) { makeSite(pool: $0) }
        #expect(found.events == ["421", "end", "over"])
    }

    @Test(arguments: [("192.0.2.1", "403"), ("192.0.3.1", "200")])
    func `who is denied gets nothing`(_ client: String, _ status: String) {
        let found = answer(facts: makeFacts(client)) {
            makeSite(pool: $0, denied: NetworkList(networks(["192.0.2.0/24"])))
        }
        #expect(found.events == [status, "end", "over"])
    }

    @Test(arguments: [
        ("/admin/x", "10.0.0.1", "200"), ("/admin/x", "192.0.2.1", "403"),
        ("/ADMIN/x", "192.0.2.1", "403"), ("/x/..//%61dmin/x", "192.0.2.1", "403"),
        ("/adminx", "192.0.2.1", "200"),
    ])
    func `a route may be for some`(_ path: String, _ client: String, _ status: String) {
        let found = answer("GET \(path) HTTP/1.1", facts: makeFacts(client)) { pool in
            makeSite(
                routes: [makeRoute("/admin/*", to: pool, allow: ["10.0.0.0/8"])], pool: pool)
        }
        #expect(found.events == [status, "end", "over"])
    }

    @Test(arguments: ["PURGE", "PURGEKEYS", "BAN"])
    func `nobody may purge what is not cached`(_ method: String) {
        let found = answer("\(method) / HTTP/1.1") { makeSite(pool: $0) }
        #expect(found.events == ["405", "end", "over"])
        #expect(found.fields.contains { $0.hasPrefix("Allow: GET, HEAD") })
    }

    // MARK: - HTTPS

    @Test(arguments: [
        ("GET", 443, "301", "https://shop.example/a?b=1"),
        ("HEAD", 443, "301", "https://shop.example/a?b=1"),
        ("POST", 443, "308", "https://shop.example/a?b=1"),
        ("GET", 8443, "301", "https://shop.example:8443/a?b=1"),
    ])
    func `a site for HTTPS alone sends others there`(
        _ method: String, _ port: UInt16, _ status: String, _ location: String
    ) {
        let found = answer(
            "\(method) /a?b=1 HTTP/1.1", fields: "Host: shop.example:8080", httpsPort: port
        ) { makeSite(pool: $0, redirectsToHTTPS: true) }
        #expect(found.events == [status, "end", "over"])
        #expect(found.fields.contains("Location: \(location)"))
        #expect(found.body == "")
    }

    @Test func `without a host there is nowhere to send anybody`() {
        let found = answer("GET / HTTP/1.0", fields: "Host:") {
            makeSite(["*"], pool: $0, redirectsToHTTPS: true)
        }
        #expect(found.events == ["400", "end", "over"])
    }

    @Test func `over TLS, or what a trusted proxy says was TLS, nobody is sent elsewhere`() {
        let direct = answer(facts: makeFacts(tls: "TLSv1.3")) {
            makeSite(pool: $0, redirectsToHTTPS: true, hsts: "max-age=9")
        }
        #expect(direct.events == ["200", "end", "over"])
        #expect(direct.fields.contains("Strict-Transport-Security: max-age=9"))
        let proxied = answer(
            fields: "X-Forwarded-Proto: https", facts: makeFacts(isTrusted: true)
        ) { makeSite(pool: $0, redirectsToHTTPS: true) }
        #expect(proxied.events == ["200", "end", "over"])
        let liar = answer(fields: "X-Forwarded-Proto: https") {
            makeSite(pool: $0, redirectsToHTTPS: true)
        }
        #expect(liar.events == ["301", "end", "over"])
    }

    @Test func `without TLS nothing is said of it`() {
        let found = answer { makeSite(pool: $0, hsts: "max-age=9") }
        #expect(!found.fields.contains { $0.hasPrefix("Strict") })
    }

    // MARK: - Our own answers

    @Test func `an error page says who to ask about, and is not stored`() {
        let found = answer(
            fields: "Host: other.example\nAccept: application/json\nX-Request-Id: mine",
            facts: makeFacts(isTrusted: true)
        ) { makeSite(pool: $0) }
        #expect(found.body == #"{"status":404,"title":"Not Found","request_id":"mine"}"# + "\n")
        #expect(found.fields.contains("Content-Type: application/json"))
        #expect(found.fields.contains("Cache-Control: no-store"))
        #expect(found.fields.contains("X-Request-Id: mine"))
    }

    @Test func `an error page for HEAD is a head`() {
        let found = answer("HEAD / HTTP/1.1", fields: "Host: other.example") { makeSite(pool: $0) }
        #expect(found.events == ["404", "end", "over"])
        #expect(found.body == "")
    }

    @Test func `a head that could not be read is answered without a site`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let client = ScriptedClient(
                on: stage.reactor, facts: makeFacts(), length: .none, body: [])
            stage.reactor.start { [exchanges = stage.exchanges] in
                await Exchange(RequestHead(), from: client, on: exchanges).run(refusing: 431)
            }
            worker.settle()
            #expect(client.events == ["431", "end"])
            #expect(stage.counters.value(of: .requests4xx) == 1)
        }
    }

    @Test func `a client that is gone before the error page is cut`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let client = stage.ask(fields: "Host: other.example", on: worker) {
                $0.outlet.fault = .client(.gone)
            }
            #expect(client.events == ["404", "end", "cut", "over"])
        }
    }
}

@Suite("What is recorded")
struct RecordTests {
    @Test func `an access line tells what became of a request`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.dialer.dial("a", .fault(.unreachable(111)))
            let origin = stage.origin("b")
            let client = stage.ask(
                "GET /x?y=1 HTTP/1.1", fields: "User-Agent: ua\nReferer: ref", on: worker)
            worker.advance(by: .milliseconds(5))
            origin.arrivals.add([.ok])
            worker.advance(by: .milliseconds(2))
            origin.arrivals.add([.bytes("hi"), .end])
            worker.settle()
            let id = client.values("X-Request-Id").first ?? ""
            let line = stage.takeLog()
            for part in [
                "\"status\":200", "\"\(id)\"", "\"192.0.2.1\"", "\"shop.example\"", "\"GET\"",
                "\"/x?y=1\"", "\"b:80\"", "\"ua\"", "\"ref\"", "\"pass\"", "\"HTTP/1.1\"",
            ] {
                #expect(line.contains(part), "\(part) in \(line)")
            }
            #expect(line.contains("\"retries\":1"))
            #expect(stage.counters.value(of: .requestsInFlight) == 0)
            #expect(stage.counters.value(of: .requests2xx) == 1)
            #expect(stage.counters.value(of: .cachePasses) == 1)
            #expect(stage.counters.value(of: .clientBytesOut) == 2)
        }
    }

    @Test func `a client that leaves before an answer is a 499`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.origin()
            let client = stage.ask(on: worker)
            client.hangUp()
            worker.settle()
            #expect(stage.takeLog().contains("\"status\":499"))
            #expect(stage.counters.value(of: .requestsUnanswered) == 1)
        }
    }

    @Test func `a request ends under the policy with which it began`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask(on: worker)
            stage.exchanges.policy = Policy(sites: SiteTable([]), pools: [], httpsPort: nil)
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["200", "end", "over"])
            #expect(stage.ask(on: worker).events == ["404", "end", "over"])
        }
    }
}
