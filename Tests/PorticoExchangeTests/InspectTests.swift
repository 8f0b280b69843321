import PorticoBytes
import PorticoHTTP
import PorticoLoop
import PorticoSecLang
import PorticoTelemetry
import PorticoWAF
import Testing

@testable import PorticoExchange

@Suite("Requests before the rules")
struct InspectTests {
    private static let evil =
        "SecRule ARGS \"@contains evil\" \"id:1,phase:2,deny,status:403,msg:'m'\""
    private static let path =
        "SecRule REQUEST_URI \"@contains evil\" \"id:2,phase:1,deny,status:418\""

    @Test func `what the rules deny reaches no origin`() throws {
        let rampart = try Rampart(Self.path)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let client = stage.ask("GET /evil HTTP/1.1", on: worker)
            #expect(client.events == ["418", "end", "over"])
            #expect(stage.dialer.log == [])
            let record = rampart.takeLog()
            #expect(record.contains("\"action\":\"blocked\"") && record.contains("\"id\":2"))
            #expect(record.contains("\"status\":418"))
            #expect(record.contains("\"host\":\"shop.example\""))
            #expect(stage.takeLog().contains("\"waf\":\"blocked\""))
            #expect(stage.counters.value(of: .wafBlocked) == 1)
        }
    }

    @Test func `what they let pass is answered, without a record`() throws {
        let rampart = try Rampart(Self.path)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            stage.origin("a", [.ok, .bytes("hi"), .end])
            #expect(stage.ask(on: worker).body == "hi")
            #expect(rampart.takeLog() == "")
            #expect(stage.takeLog().contains("\"waf\":\"pass\""))
            #expect(stage.counters.value(of: .wafPassed) == 1)
            var totals = CounterTotals()
            totals.add(stage.counters)
            #expect(totals.inspection.count == 1)
        }
    }

    @Test func `a mode that only looks never blocks`() throws {
        let rampart = try Rampart(Self.path) { $0.mode = .detect }
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            stage.origin("a", [.ok, .bytes("hi"), .end])
            #expect(stage.ask("GET /evil HTTP/1.1", on: worker).body == "hi")
            #expect(rampart.takeLog().contains("\"action\":\"detected\""))
            #expect(stage.takeLog().contains("\"waf\":\"detected\""))
        }
    }

    @Test func `a request can be dropped or sent elsewhere`() throws {
        let rampart = try Rampart(
            """
            SecRule REQUEST_URI "@contains drop" "id:1,phase:1,drop"
            SecRule REQUEST_URI "@contains move" "id:2,phase:1,redirect:https://x.example/"
            """)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            #expect(stage.ask("GET /drop HTTP/1.1", on: worker).events == ["cut", "over"])
            #expect(rampart.takeLog().contains("\"status\":0"))
            #expect(stage.takeLog().contains("\"status\":444"))
            let moved = stage.ask("GET /move HTTP/1.1", on: worker)
            #expect(moved.events == ["302", "end", "over"])
            #expect(moved.values("Location") == ["https://x.example/"])
        }
    }

    @Test func `a route leaves out what it names`() throws {
        let rampart = try Rampart(Self.path)
        let left = try rampart.firewall.rules.exclusions(
            [.init(rules: [2...2], tags: [], targets: [])],
            at: .init(file: "config.toml", line: 1, column: 1))
        Worker.rehearse { worker in
            let stage = rampart.stage(
                on: worker,
                routes: { pool in
                    [
                        Route(
                            pattern: PathPattern("/blog/*"), pool: pool, hashKey: nil,
                            retryAfter: 7,
                            allow: nil, wafExclusions: left)
                    ]
                })
            stage.origin("a", [.ok, .bytes("hi"), .end])
            #expect(stage.ask("GET /blog/evil HTTP/1.1", on: worker).body == "hi")
            #expect(stage.ask("GET /evil HTTP/1.1", on: worker).events.first == "418")
        }
    }

    // MARK: - Bodies

    private static let form = "Content-Type: application/x-www-form-urlencoded"

    @Test func `nobody is asked before the body has been seen`() throws {
        let rampart = try Rampart(Self.evil)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let client = stage.ask(
                "POST / HTTP/1.1", fields: Self.form, length: .known(6), body: [.bytes("a=e")],
                on: worker)
            #expect(stage.dialer.log == [])
            client.arrivals.add([.bytes("vil"), .end])
            worker.settle()
            #expect(client.events == ["403", "end", "over"])
            #expect(stage.dialer.log == [] && rampart.takeLog().contains("ARGS:a"))
        }
    }

    @Test func `what has been seen goes on as it came`() throws {
        let rampart = try Rampart(Self.evil)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask(
                "POST / HTTP/1.1", fields: Self.form, length: .known(6),
                body: [.bytes("a=g"), .bytes("ood"), .end], on: worker)
            #expect(client.body == "hi" && origin.body == "a=good" && origin.length == .known(6))
            #expect(origin.events == ["began", "finished", "released"])
        }
    }

    @Test func `a body beyond the bound is refused where the rules say so`() throws {
        let rampart = try Rampart(Self.evil + "\nSecRequestBodyLimitAction Reject") {
            $0.requestBodyBytes = 1000
        }
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let client = stage.ask(
                "POST / HTTP/1.1", length: .unknown, body: [.block(600), .block(600)], on: worker)
            #expect(client.events == ["413", "end", "over"])
            #expect(stage.dialer.log == [])
        }
    }

    @Test func `else its beginning is inspected, and all of it goes on`() throws {
        let rampart = try Rampart(Self.evil + "\nSecRequestBodyLimitAction ProcessPartial") {
            $0.requestBodyBytes = 1000
        }
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin("a")
            let client = stage.ask(
                "POST / HTTP/1.1", length: .unknown, body: [.block(600), .block(600)], on: worker)
            #expect(origin.outlet.taken.count == 1200)
            client.arrivals.add([.block(70_000), .end])
            worker.settle()
            #expect(origin.outlet.taken.count == 71_200)
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.body == "hi")
            let evil = stage.ask(
                "POST / HTTP/1.1", fields: Self.form, length: .unknown,
                body: [.bytes("a=evil&b="), .block(2000)], on: worker)
            #expect(evil.events == ["403", "end", "over"])
        }
    }

    @Test func `where no rule wants a body it is not held`() throws {
        let rampart = try Rampart(Self.path + "\nSecRequestBodyAccess Off")
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin("a")
            stage.ask("POST / HTTP/1.1", length: .known(4), body: [.bytes("bo")], on: worker)
            #expect(origin.body == "bo")
            worker.advance(by: .seconds(60))
        }
    }

    @Test func `a client that waits to be asked for its body is asked here`() throws {
        let rampart = try Rampart(Self.evil)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let origin = stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask(
                "POST / HTTP/1.1", fields: "Expect: 100-continue", length: .known(2), on: worker)
            #expect(client.events == ["100"])
            client.arrivals.add([.bytes("ab"), .end])
            worker.settle()
            #expect(client.events == ["100", "200", "end", "over"])
            #expect(!origin.fields.contains { $0.hasPrefix("Expect") })
        }
    }

    @Test func `a body that breaks off is inspected as far as it came`() throws {
        let rampart = try Rampart(Self.evil)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let evil = stage.ask(
                "POST / HTTP/1.1", fields: Self.form, length: .unknown,
                body: [.bytes("a=evil"), .fault(.client(.malformed(status: 400)))], on: worker)
            #expect(evil.events == ["403", "end", "over"])
            let other = stage.ask(
                "POST / HTTP/1.1", fields: Self.form, length: .unknown,
                body: [.bytes("a=good"), .fault(.client(.malformed(status: 400)))], on: worker)
            #expect(other.events == ["400", "end", "over"])
        }
    }

    // MARK: - What the reader refuses

    @Test func `rules see heads that no reader takes`() throws {
        let rampart = try Rampart(
            """
            SecRule REQUEST_HEADERS:X-Bad "@contains evil" "id:3,phase:1,pass,log,msg:'seen'"
            """ + "\n" + Self.path)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let seen = stage.refuse(
                "GET / HTTP/1.1\nhost: shop.example:80\nX-Bad: evil\n\n", 400, on: worker)
            #expect(seen.events == ["400", "end"])
            #expect(rampart.takeLog().contains("\"id\":3"))
            let blocked = stage.refuse(
                "GET /evil HTTP/1.1\r\nHost: shop.example\r\n", 431, on: worker)
            #expect(blocked.events == ["418", "end"])
            #expect(
                stage.refuse("GET / \r\nHost: shop.example\r\n", nil, on: worker).events == ["cut"])
            #expect(stage.refuse("", 400, on: worker).events == ["400", "end"])
            #expect(
                stage.refuse(
                    "GET / HTTP/1.1\r\nHost: other.example\r\nX-Bad: evil\r\n", 400, on: worker
                )
                .events == ["400", "end"])
            #expect(!rampart.takeLog().contains("other.example"))
        }
    }

    @Test func `an empty host is none`() throws {
        let rampart = try Rampart(Self.path)
        Worker.rehearse { worker in
            let stage = rampart.stage(on: worker)
            let policy = stage.exchanges.policy
            let all = Site(
                hosts: ["*"], routes: [], otherwise: makeRoute(to: stage.pool),
                denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
                firewall: rampart.firewall)
            stage.exchanges.policy = Policy(
                sites: SiteTable([all]), pools: policy.pools, httpsPort: nil,
                firewalls: [rampart.firewall])
            #expect(stage.ask(fields: "Host: ", on: worker).events == ["400", "end", "over"])
        }
    }
}

extension Stage {
    /// Answers a head that no reader took.
    fileprivate func refuse(
        _ text: String, _ status: UInt16?, on worker: isolated Worker
    ) -> ScriptedClient {
        let client = ScriptedClient(on: reactor, facts: makeFacts(), length: .none, body: [])
        reactor.start { [exchanges] in
            await Exchange(RequestHead(), from: client, on: exchanges)
                .run(refusing: status, received: Array(text.utf8))
        }
        worker.settle()
        return client
    }
}
