import PorticoBytes
import PorticoLoop
import PorticoOrigins
import PorticoTelemetry
import Testing

@testable import PorticoExchange

@Suite("Asking origins")
struct FetchTests {
    @Test func `a GET is answered with what the origin says, and its connection is kept`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask("GET /shirts?size=m HTTP/1.1", on: worker)
            #expect(client.events == ["200", "end", "over"])
            #expect(client.body == "hi")
            #expect(client.headLength == .known(2))
            #expect(origin.requestLine == "GET /shirts?size=m")
            #expect(origin.fields.first == "Host: shop.example")
            #expect(origin.events == ["began", "released"])
            #expect(origin.violations == [])
            #expect(stage.inFlight == 0)
            #expect(client.values("Cache-Status") == ["portico; fwd=bypass"])
            #expect(client.values("Date").count == 1)
        }
    }

    @Test(arguments: [
        ("HEAD", "200\nContent-Length: 9", ["9"]), ("GET", "304\nContent-Length: 9", ["9"]),
        ("GET", "204", []), ("HEAD", "204\nContent-Length: 9", []),
    ])
    func `an answer without body ends with its head`(
        _ method: String, _ head: String, _ length: [String]
    ) {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.head(head, .none), .end])
            let client = stage.ask("\(method) / HTTP/1.1", on: worker)
            #expect(client.events == [String(head.prefix(3)), "end", "over"])
            #expect(client.body == "")
            #expect(client.values("Content-Length") == length)
            #expect(origin.events.last == "released")
        }
    }

    @Test func `while a body is on its way the node counts it as under way`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.ok, .bytes("h")])
            let client = stage.ask(on: worker)
            #expect(stage.inFlight == 1)
            #expect(client.body == "h")
            origin.arrivals.add([.bytes("i"), .end])
            worker.settle()
            #expect(stage.inFlight == 0)
            #expect(client.body == "hi")
        }
    }

    @Test func `a slow client does not hold the connection of an answer that is whole`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask(on: worker) { $0.outlet.isStuck = true }
            #expect(client.events == ["200", "end"])
            #expect(origin.events == ["began", "released"])
            client.outlet.unblock()
            worker.settle()
            #expect(client.events == ["200", "end", "over"])
        }
    }

    // MARK: - Retries

    @Test(arguments: [OriginFault.unreachable(111), .connectTimeout, .untrusted, .unresolved])
    func `where there is no connection another node is asked, for any method`(
        _ fault: OriginFault
    ) {
        for method in ["GET", "POST"] {
            Worker.rehearse { worker in
                let stage = Stage(on: worker)
                stage.dialer.dial("a", .fault(fault))
                stage.origin("b", [.ok, .bytes("hi"), .end])
                let client = stage.ask(
                    "\(method) / HTTP/1.1", length: .known(4), body: [.bytes("body"), .end],
                    on: worker)
                #expect(stage.dialer.log == ["a", "b"])
                #expect(client.events == ["200", "end", "over"])
                #expect(stage.failures(of: 0) == 1)
                #expect(stage.counters.value(of: .retries) == 1)
                #expect(stage.inFlight == 0)
            }
        }
    }

    @Test func `a kept connection that the only node has closed is no fault: a new one is made`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            let stale = stage.keptOrigin("a", [.fault(.origin(.closedBeforeAnswer))])
            stage.keptOrigin("a", [.fault(.origin(.closedBeforeAnswer))])
            stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask(on: worker)
            #expect(stage.dialer.log == ["a kept", "a"])
            #expect(client.events == ["200", "end", "over"])
            #expect(stale.events.isEmpty)
            #expect(stage.failures(of: 0) == 0)
            #expect(stage.counters.value(of: .retries) == 0)
        }
    }

    @Test func `a new connection closed before the answer sends a GET to the other node`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let first = stage.origin("a", [.fault(.origin(.closedBeforeAnswer))])
            stage.origin("b", [.ok, .bytes("hi"), .end])
            let client = stage.ask(on: worker)
            #expect(stage.dialer.log == ["a", "b"])
            #expect(first.events == ["began", "abandoned"])
            #expect(client.events == ["200", "end", "over"])
        }
    }

    @Test func `a POST is not repeated once bytes of it were sent`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.keptOrigin("a", [.fault(.origin(.closedBeforeAnswer))])
            stage.origin("b", [.ok, .bytes("hi"), .end])
            let client = stage.ask(
                "POST / HTTP/1.1", length: .known(4), body: [.bytes("body"), .end], on: worker)
            #expect(stage.dialer.log == ["a kept"])
            #expect(client.events == ["502", "end", "over"])
        }
    }

    @Test func `a body lost in a dead connection is not left out of a second try`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let dead = stage.keptOrigin("a")
            dead.outlet.fault = .origin(.closedBeforeAnswer)
            let other = stage.origin("b", [.ok, .bytes("hi"), .end])
            stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask(
                "POST / HTTP/1.1", length: .unknown, body: [.bytes("body"), .end], on: worker)
            #expect(stage.dialer.log == ["a kept"])
            #expect(other.events == [])
            #expect(client.events == ["502", "end", "over"])
        }
    }

    @Test func `a PUT with a small body is sent again, whole`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let first = stage.origin("a")
            let second = stage.origin("b")
            let client = stage.ask(
                "PUT / HTTP/1.1", length: .known(8), body: [.bytes("half")], on: worker)
            #expect(first.body == "half")
            first.arrivals.add([.fault(.origin(.closedBeforeAnswer))])
            worker.settle()
            #expect(second.body == "half")
            client.arrivals.add([.bytes("rest"), .end])
            worker.settle()
            #expect(second.body == "halfrest")
            #expect(first.body == "half")
            second.arrivals.add([.head("201", .known(0)), .end])
            worker.settle()
            #expect(client.events == ["201", "end", "over"])
            #expect(first.violations == [])
            #expect(second.events == ["began", "finished", "released"])
        }
    }

    @Test func `a PUT whose body is too large to keep is not sent again`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let first = stage.origin("a")
            stage.origin("b")
            let client = stage.ask(
                "PUT / HTTP/1.1", length: .known(80_000),
                body: [.block(40_000), .block(40_000), .end], on: worker)
            #expect(first.outlet.taken.count == 80_000)
            first.arrivals.add([.fault(.origin(.closedBeforeAnswer))])
            worker.settle()
            #expect(stage.dialer.log == ["a"])
            #expect(client.events == ["502", "end", "over"])
        }
    }

    @Test func `attempts are bounded, and the first fault is what the client hears of`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 5))
            for (node, fault) in zip(
                ["a", "b", "c", "d", "e"],
                [OriginFault.connectTimeout] + Array(repeating: .untrusted, count: 4))
            {
                stage.dialer.dial(node, .fault(fault))
            }
            let client = stage.ask(on: worker)
            #expect(stage.dialer.log == ["a", "b", "c"])
            #expect(client.events == ["504", "end", "over"])
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `an outage of all nodes does not multiply requests without bound`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            for _ in 0..<100 {
                for node in ["a", "b"] {
                    stage.origin(node, [.fault(.origin(.closedBeforeAnswer))])
                }
            }
            for _ in 0..<50 { stage.ask(on: worker) }
            // A reserve of ten, and a fifth of the requests.
            #expect((60...72).contains(stage.dialer.log.count))
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `with all nodes out of service the client is told when to come back`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            for node in stage.pool.nodes { node.set(.disabled, at: stage.reactor.now) }
            let client = stage.ask(on: worker)
            #expect(client.events == ["503", "end", "over"])
            #expect(client.values("Retry-After") == ["7"])
            #expect(stage.dialer.log == [])
            #expect(stage.counters.value(of: .originFaultsNoNode) == 1)
        }
    }

    // MARK: - Faults of origins

    @Test func `silence before the head is a 504 at its deadline`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            let origin = stage.origin("a")
            let client = stage.ask(on: worker)
            worker.advance(by: .milliseconds(14_999))
            #expect(client.events == [])
            worker.advance(by: .milliseconds(1))
            #expect(client.events == ["504", "end", "over"])
            #expect(origin.events == ["began", "abandoned"])
            #expect(stage.failures(of: 0) == 1)
            #expect(stage.counters.value(of: .originFaultsFirstByteTimeout) == 1)
        }
    }

    @Test func `what is not HTTP is a 502`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            stage.origin("a", [.fault(.origin(.malformed))])
            let client = stage.ask(on: worker)
            #expect(client.events == ["502", "end", "over"])
        }
    }

    @Test(arguments: [OriginFault.truncated, .malformed])
    func `a body that breaks off is cut for the client, never completed`(_ fault: OriginFault) {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin(
                "a", [.head("200", .unknown), .bytes("half"), .fault(.origin(fault))])
            stage.origin("b", [.ok])
            let client = stage.ask(on: worker)
            #expect(client.events == ["200", "cut", "over"])
            #expect(origin.events == ["began", "abandoned"])
            #expect(stage.dialer.log == ["a"])
            #expect(stage.failures(of: 0) == 1)
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `a body that stalls is cut at its deadline`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.origin("a", [.ok, .bytes("h")])
            let client = stage.ask(on: worker)
            worker.advance(by: .seconds(15))
            #expect(client.events == ["200", "cut", "over"])
            #expect(stage.counters.value(of: .originFaultsBetweenBytesTimeout) == 1)
        }
    }

    @Test func `a node whose answers all break off is ejected`() {
        Worker.rehearse { worker in
            let pool = makePool { $0.ejection.consecutiveFailures = 3 }
            let stage = Stage(on: worker, pool: pool)
            for _ in 0..<3 {
                stage.origin("a", [.ok, .fault(.origin(.truncated))])
                stage.origin("b", [.ok, .bytes("hi"), .end])
            }
            for _ in 0..<6 { stage.ask(on: worker) }
            #expect(pool.nodes[0].isEjected(at: stage.reactor.now))
            #expect(!pool.nodes[1].isEjected(at: stage.reactor.now))
        }
    }

    @Test func `a 5xx is an answer, and counts against its node`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.origin("a", [.head("500", .known(2)), .bytes("hi"), .end])
            let client = stage.ask(on: worker)
            #expect(client.events == ["500", "end", "over"])
            #expect(stage.failures(of: 0) == 1)
        }
    }

    // MARK: - Interim responses

    @Test func `interim responses are passed on as they come`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.head("103\nLink: </a.css>", .none)])
            let client = stage.ask(on: worker)
            #expect(client.events == ["103"])
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["103", "200", "end", "over"])
        }
    }

    @Test func `HTTP 1.0 knows no interim responses`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.origin("a", [.head("100", .none), .ok, .bytes("hi"), .end])
            let client = stage.ask("GET / HTTP/1.0", on: worker)
            #expect(client.events == ["200", "end", "over"])
        }
    }

    @Test func `an origin that sends interim responses without end is given up`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            let origin = stage.origin("a", Array(repeating: .head("102", .none), count: 1000))
            let client = stage.ask(on: worker)
            #expect(client.events.count { $0 == "102" } == 64)
            #expect(client.events.suffix(3) == ["502", "end", "over"])
            #expect(origin.events == ["began", "abandoned"])
        }
    }

    @Test func `a switch of protocols that nobody asked for is a 502, and a POST is not repeated`()
    {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.head("101\nUpgrade: h2c", .none)])
            stage.origin("b", [.ok, .bytes("hi"), .end])
            let client = stage.ask(
                "POST / HTTP/1.1", length: .known(4), body: [.bytes("body"), .end], on: worker)
            #expect(client.events == ["502", "end", "over"])
            #expect(origin.events == ["began", "finished", "abandoned"])
            #expect(stage.dialer.log == ["a"])
        }
    }
}
