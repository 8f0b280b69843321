import PorticoBytes
import PorticoLoop
import PorticoOrigins
import PorticoTelemetry
import Testing

@testable import PorticoExchange

@Suite("Bodies on their way to an origin")
struct UploadTests {
    @Test func `a body that arrives later is carried to its end`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask("POST / HTTP/1.1", length: .known(4), on: worker)
            #expect(origin.length == .known(4))
            client.arrivals.add([.bytes("bo")])
            worker.settle()
            #expect(origin.body == "bo")
            client.arrivals.add([.bytes("dy"), .end])
            worker.settle()
            #expect(origin.body == "body")
            #expect(origin.events == ["began", "finished"])
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["200", "end", "over"])
            #expect(origin.events == ["began", "finished", "released"])
        }
    }

    @Test func `no more is taken from the client than the origin takes`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            origin.outlet.isStuck = true
            let client = stage.ask(
                "POST / HTTP/1.1", length: .unknown,
                body: Array(repeating: .block(16 << 10), count: 64) + [.end], on: worker)
            #expect(origin.outlet.waitingCount <= 80 << 10)
            #expect(!client.isBodyFinished)
            origin.outlet.unblock()
            worker.settle()
            #expect(origin.outlet.taken.count == 1 << 20)
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["200", "end", "over"])
        }
    }

    @Test func `an answer before the body is whole is delivered, and the connection is not kept`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask("POST / HTTP/1.1", length: .known(9), on: worker)
            origin.arrivals.add([.head("413", .known(2)), .bytes("no"), .end])
            worker.settle()
            #expect(client.events == ["413", "end", "over"])
            #expect(client.body == "no")
            #expect(origin.events == ["began", "abandoned"])
            #expect(origin.violations == [])
        }
    }

    @Test func `an answer that is there at once does not leave an uploader behind`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.head("413", .known(2)), .bytes("no"), .end])
            let client = stage.ask("POST / HTTP/1.1", length: .known(9), on: worker)
            #expect(client.events == ["413", "end", "over"])
            client.arrivals.add([.bytes("too late"), .end])
            worker.settle()
            #expect(!client.arrivals.isEmpty, "the bytes are the next reader's")
            #expect(origin.body == "")
            #expect(origin.events == ["began", "abandoned"])
            #expect(origin.violations == [])
        }
    }

    @Test func `a node that fails at once leaves no second uploader to the next one`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let first = stage.origin("a", [.fault(.origin(.closedBeforeAnswer))])
            let second = stage.origin("b")
            let client = stage.ask(
                "PUT / HTTP/1.1", length: .known(8), body: [.bytes("half")], on: worker)
            client.arrivals.add([.bytes("rest"), .end])
            worker.settle()
            #expect(second.body == "halfrest")
            #expect(second.events == ["began", "finished"])
            #expect(first.violations == [])
            second.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["200", "end", "over"])
        }
    }

    @Test func `an uploader that waits for a stuck origin ends with the answer`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            origin.outlet.isStuck = true
            let client = stage.ask(
                "POST / HTTP/1.1", length: .known(99), body: [.bytes("half")], on: worker)
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["200", "end", "over"])
            #expect(origin.events == ["began", "abandoned"])
            #expect(origin.violations == [])
        }
    }

    @Test func `an unasked 101 ends the uploader before the connection`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            let origin = stage.origin()
            origin.outlet.isStuck = true
            let client = stage.ask(
                "POST / HTTP/1.1", length: .known(99), body: [.bytes("half")], on: worker)
            origin.arrivals.add([.head("101", .none)])
            worker.settle()
            #expect(client.events == ["502", "end", "over"])
            #expect(origin.events == ["began", "abandoned"])
            #expect(origin.violations == [])
        }
    }

    // MARK: - The client's faults

    @Test func `a client that leaves within its body never completes the request`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask(
                "POST / HTTP/1.1", length: .unknown, body: [.bytes("half")], on: worker)
            client.arrivals.add([.fault(.client(.gone))])
            worker.settle()
            #expect(origin.body == "half")
            #expect(origin.events == ["began", "abandoned"])
            #expect(client.events == ["cut", "over"])
            #expect(stage.failures(of: 0) == 0)
            #expect(stage.inFlight == 0)
            #expect(stage.counters.value(of: .requestsUnanswered) == 1)
        }
    }

    @Test func `a client that left before its body was looked at is noticed`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask(
                "POST / HTTP/1.1", length: .unknown,
                body: [.bytes("half"), .fault(.client(.gone))], on: worker)
            #expect(origin.events == ["began", "abandoned"])
            #expect(client.events == ["cut", "over"])
        }
    }

    @Test func `a client that hangs up interrupts the wait for the answer`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask(on: worker)
            client.hangUp()
            worker.settle()
            #expect(origin.events == ["began", "abandoned"])
            #expect(client.events == ["cut", "over"])
            #expect(stage.failures(of: 0) == 0)
            #expect(stage.dialer.log == ["a"])
        }
    }

    @Test(arguments: [400, 413])
    func `a body that breaks the rules is refused, and the connection ends`(_ status: UInt16) {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask("POST / HTTP/1.1", length: .unknown, on: worker)
            client.arrivals.add([.fault(.client(.malformed(status: status)))])
            worker.settle()
            #expect(client.events == ["\(status)", "end", "over"])
            #expect(client.endsAfterResponse)
            #expect(origin.events == ["began", "abandoned"])
        }
    }

    @Test func `a body that stalls is a 408, not the origin's fault`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask("POST / HTTP/1.1", length: .known(4), on: worker)
            // The origin's patience for its answer is the shorter one here.
            worker.advance(by: .seconds(10))
            origin.arrivals.add([.head("100", .none)])
            worker.advance(by: .seconds(10))
            origin.arrivals.add([.head("100", .none)])
            worker.advance(by: .seconds(10))
            #expect(client.events == ["100", "100", "408", "end", "over"])
            #expect(client.endsAfterResponse)
            #expect(stage.failures(of: 0) == 0)
        }
    }

    @Test func `a fault of the client's body within an answer is recorded as such`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin()
            let client = stage.ask("POST / HTTP/1.1", length: .unknown, on: worker)
            origin.arrivals.add([.head("200", .unknown), .bytes("so far")])
            worker.settle()
            #expect(client.events == ["200"])
            client.arrivals.add([.fault(.client(.malformed(status: 400)))])
            worker.settle()
            #expect(client.events == ["200", "cut", "over"])
            #expect(origin.events == ["began", "abandoned"])
            #expect(stage.failures(of: 0) == 0)
        }
    }

    @Test func `a client that does not take the answer is cut, and the origin let go`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin(
                "a", [.head("200", .unknown)] + Array(repeating: .block(16 << 10), count: 64))
            let client = stage.ask(on: worker) { $0.outlet.isStuck = true }
            #expect(client.outlet.waitingCount <= 80 << 10)
            #expect(!origin.arrivals.isEmpty)
            worker.advance(by: .seconds(30))
            #expect(client.events == ["200", "cut", "over"])
            #expect(origin.events == ["began", "abandoned"])
            #expect(stage.failures(of: 0) == 0)
        }
    }

    // MARK: - Expect

    @Test func `the body that was promised comes once the origin wants it`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.head("100", .none)])
            let client = stage.ask(
                "POST / HTTP/1.1", fields: "Expect: 100-continue", length: .known(4), on: worker)
            #expect(origin.fields.contains("Expect: 100-continue"))
            #expect(client.events == ["100"])
            client.arrivals.add([.bytes("body"), .end])
            origin.arrivals.add([.ok, .bytes("hi"), .end])
            worker.settle()
            #expect(client.events == ["100", "200", "end", "over"])
        }
    }

    @Test(arguments: [
        ("Expect: 100-continue\nExpect: 100-continue", "HTTP/1.1", "417"),
        ("Expect: something", "HTTP/1.1", "417"), ("Expect: something", "HTTP/1.0", "200"),
        ("Expect: 100-Continue", "HTTP/1.1", "200"),
    ])
    func `only one expectation is known`(_ fields: String, _ version: String, _ status: String) {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            stage.origin("a", [.ok, .bytes("hi"), .end])
            let client = stage.ask("GET / \(version)", fields: fields, on: worker)
            #expect(client.events == [status, "end", "over"])
        }
    }
}
