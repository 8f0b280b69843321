import PorticoBytes
import PorticoLoop
import PorticoOrigins
import PorticoTelemetry
import Testing

@testable import PorticoExchange

/// A WebSocket handshake that the origin has agreed to.
private func open(
    _ stage: Stage, on worker: isolated Worker
) -> (client: ScriptedClient, origin: ScriptedOrigin) {
    let origin = stage.origin("a", [.head("101\nSec-WebSocket-Accept: x", .none)])
    let client = stage.ask(
        fields: "Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: y", on: worker)
    return (client, origin)
}

@Suite("Tunnels")
struct TunnelTests {
    @Test func `a handshake is passed on and agreed to`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let (client, origin) = open(stage, on: worker)
            #expect(origin.fields.suffix(2) == ["Connection: Upgrade", "Upgrade: websocket"])
            #expect(client.events == ["101", "tunnel"])
            #expect(client.values("Upgrade") == ["websocket"])
            #expect(client.values("Connection") == ["Upgrade"])
            #expect(client.values("Sec-WebSocket-Accept") == ["x"])
            #expect(client.endsAfterResponse)
            #expect(stage.inFlight == 1)
            client.arrivals.add([.end])
            origin.arrivals.add([.end])
        }
    }

    @Test func `bytes go both ways, and one end does not end the other way`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let (client, origin) = open(stage, on: worker)
            client.arrivals.add([.bytes("ping")])
            origin.arrivals.add([.bytes("pong")])
            worker.settle()
            #expect(origin.body == "ping")
            #expect(client.body == "pong")
            client.arrivals.add([.end])
            worker.settle()
            #expect(origin.events.last == "finished tunnel")
            #expect(stage.inFlight == 1)
            origin.arrivals.add([.bytes("!")])
            worker.settle()
            #expect(client.body == "pong!")
            origin.arrivals.add([.end])
            worker.settle()
            #expect(client.events == ["101", "tunnel", "finished tunnel", "over"])
            #expect(origin.events == ["began", "tunnel", "finished tunnel", "abandoned"])
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `a quiet tunnel ends in order after the idle time, and its node is not blamed`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let (client, origin) = open(stage, on: worker)
            client.arrivals.add([.end])
            worker.settle()
            worker.advance(by: .seconds(59))
            #expect(stage.inFlight == 1)
            worker.advance(by: .seconds(1))
            #expect(client.events == ["101", "tunnel", "over"])
            #expect(origin.events.last == "abandoned")
            #expect(origin.violations == [])
            #expect(stage.failures(of: 0) == 0)
            #expect(stage.counters.value(of: .originFaultsBetweenBytesTimeout) == 0)
        }
    }

    @Test func `a direction may be quiet for as long as the other one moves`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let (client, origin) = open(stage, on: worker)
            for _ in 0..<10 {
                worker.advance(by: .seconds(20))
                origin.arrivals.add([.bytes(".")])
                worker.settle()
            }
            #expect(client.body == "..........")
            #expect(stage.inFlight == 1)
            // The client's own patience is 30 seconds here.
            worker.advance(by: .seconds(60))
            #expect(client.events == ["101", "tunnel", "over"])
        }
    }

    @Test func `a client that breaks off ends the origin's side at once`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let (client, origin) = open(stage, on: worker)
            // The origin's direction has begun its wait before, then after the client's one.
            client.arrivals.add([.bytes("ping")])
            worker.settle()
            client.arrivals.add([.fault(.client(.gone))])
            worker.settle()
            #expect(client.events == ["101", "tunnel", "cut", "over"])
            #expect(origin.events.last == "abandoned")
            #expect(stage.failures(of: 0) == 0)
        }
    }

    @Test func `an origin that breaks off ends the client's side at once`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let (client, origin) = open(stage, on: worker)
            origin.arrivals.add([.bytes("pong")])
            worker.settle()
            origin.arrivals.add([.fault(.origin(.truncated))])
            worker.settle()
            #expect(client.events == ["101", "tunnel", "cut", "over"])
            #expect(origin.events.last == "abandoned")
            #expect(origin.violations == [])
            #expect(stage.inFlight == 0)
        }
    }

    @Test func `a handshake that the origin declines is an answer like any other`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker)
            let origin = stage.origin("a", [.head("403", .known(2)), .bytes("no"), .end])
            let client = stage.ask(fields: "Connection: Upgrade\nUpgrade: websocket", on: worker)
            #expect(client.events == ["403", "end", "over"])
            #expect(client.values("Upgrade") == [])
            #expect(origin.events == ["began", "released"])
        }
    }

    @Test func `a handshake with a body is no handshake`() {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            let origin = stage.origin("a", [.head("101", .none)])
            let client = stage.ask(
                fields: "Connection: Upgrade\nUpgrade: websocket", length: .known(9), on: worker)
            #expect(!origin.fields.contains("Upgrade: websocket"))
            #expect(client.events == ["502", "end", "over"])
            #expect(origin.violations == [])
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.0", "Connection: Upgrade\nUpgrade: websocket"),
        ("GET / HTTP/1.1", "Upgrade: websocket"),
        ("GET / HTTP/1.1", "Connection: Upgrade\nUpgrade: h2c"),
        ("POST / HTTP/1.1", "Connection: Upgrade\nUpgrade: websocket"),
    ])
    func `nothing else is switched to`(_ line: String, _ fields: String) {
        Worker.rehearse { worker in
            let stage = Stage(on: worker, pool: makePool(nodes: 1))
            let origin = stage.origin("a", [.head("101", .none)])
            let client = stage.ask(line, fields: fields, on: worker)
            #expect(!origin.fields.contains { $0.hasPrefix("Upgrade") })
            #expect(client.events == ["502", "end", "over"])
        }
    }
}
