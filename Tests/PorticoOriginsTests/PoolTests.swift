import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Pool")
struct PoolTests {
    @Test func `a reload forgets neither health nor drains nor ejections`() {
        let health = { (pool: inout PoolDescription) in pool.health.path = "/health" }
        let old = Pool(describe([1, 1, 1, 1], health))
        old.nodes[0].set(.draining, at: second(0))
        old.nodes[1].probe([.refused, .refused, .refused], at: second(0))
        old.nodes[2].fail(5, at: second(0))
        var described = describe([1, 1, 1, 5], health)
        described.nodes.reverse()
        let new = Pool(described, inheriting: old)
        #expect(
            new.nodes.map { $0.report(at: second(1)).word } == ["up", "ejected", "down", "drained"])
        #expect(new.nodes.map(\.identity) == old.nodes.reversed().map(\.identity))
        #expect(Balancer(new).picks(3, at: second(1)) == "ddd")
    }

    @Test func `requests of the old configuration count for the new one`() throws {
        let old = Pool(describe([1]))
        let new = Pool(describe([2]), inheriting: old)
        do {
            let claim = try Balancer(old).select(at: second(0)).claim()
            #expect(new.nodes[0].inFlight == 1)
            _ = consume claim
        }
        #expect(new.nodes[0].inFlight == 0)
        old.nodes[0].set(.disabled, at: second(0))
        #expect(new.nodes[0].administrative == .disabled)
    }

    @Test(arguments: ["tls", "sni", "ca", "port"])
    func `a node that is another peer now begins anew`(_ changed: String) {
        let old = Pool(describe([1, 1]))
        for node in old.nodes { node.set(.draining, at: second(0)) }
        let new = Pool(
            describe([1, 1]) { description in
                switch changed {
                case "tls": description.nodes[1].tls = true
                case "sni": description.nodes[1].sni = "shop.example"
                case "ca": description.nodes[1].ca = "ca.pem"
                default: description.nodes[1].port = 81
                }
            }, inheriting: old)
        #expect(new.nodes.map(\.administrative) == [.draining, .enabled])
        #expect(new.nodes[1].identity != old.nodes[1].identity)
    }

    @Test func `a peer that is listed twice has two states`() {
        var described = describe([1, 1])
        described.nodes[1] = described.nodes[0]
        let old = Pool(described)
        let new = Pool(described, inheriting: old)
        #expect(new.nodes.map(\.identity) == old.nodes.map(\.identity))
        #expect(new.nodes[0].identity != new.nodes[1].identity)
    }

    @Test func `a reload without probes takes nobody for down`() {
        let old = Pool(describe([1]) { $0.health.path = "/health" })
        old.nodes[0].probe([.refused, .refused, .refused], at: second(0))
        #expect(Balancer(old).pick() == "allDown")
        #expect(Balancer(Pool(describe([1]), inheriting: old)).pick() == "a")
    }

    @Test func `a reload that leaves fewer nodes keeps the ejected within half`() {
        let old = Pool(describe([1, 1, 1, 1]))
        old.nodes[0].fail(5, at: second(0))
        old.nodes[1].fail(5, at: second(1))
        let new = Pool(describe([1, 1]), inheriting: old)
        #expect(new.nodes.map { $0.isEjected(at: second(2)) } == [false, true])
    }

    @Test func `the words of the configuration name the kinds of balance`() {
        let words = ["round-robin", "least-requests", "random-two", "consistent-hash", "ip-hash"]
        #expect(Balance.allCases.map(\.rawValue) == words)
    }
}
