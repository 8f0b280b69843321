import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Rendezvous hashing")
struct RendezvousTests {
    private func owners(of pool: Pool, keys: Int = 10_000) -> [String] {
        let balancer = Balancer(pool)
        return (0..<keys).map { balancer.pick(key: UInt64($0)) }
    }

    @Test(arguments: [Balance.consistentHash, .ipHash])
    func `keys are spread by weight`(_ balance: Balance) {
        let owners = owners(of: Pool(describe([1, 1, 2]) { $0.balance = balance }))
        for (host, share) in [("a", 2500), ("b", 2500), ("c", 5000)] {
            let count = owners.count { $0 == host }
            #expect(abs(count - share) < 200, "\(host) has \(count)")
        }
    }

    @Test func `a new node takes its share and no other key moves`() {
        let before = owners(of: Pool(describe([1, 1, 1, 1]) { $0.balance = .consistentHash }))
        let after = owners(of: Pool(describe([1, 1, 1, 1, 1]) { $0.balance = .consistentHash }))
        var moved = 0
        for (old, new) in zip(before, after) where old != new {
            moved += 1
            #expect(new == "e")
        }
        #expect(abs(moved - 2000) < 200, "\(moved) moved")
    }

    @Test func `the keys of a lost node are spread over all others`() {
        let pool = Pool(describe([1, 1, 1, 1]) { $0.balance = .consistentHash })
        let before = owners(of: pool)
        pool.nodes[1].set(.draining, at: second(0))
        var heirs: [String: Int] = [:]
        for (old, new) in zip(before, owners(of: pool)) {
            if old == "b" { heirs[new, default: 0] += 1 } else { #expect(old == new) }
        }
        #expect(heirs.keys.sorted() == ["a", "c", "d"])
        #expect(heirs.values.allSatisfy { $0 > 700 })
    }

    @Test func `the order of nodes does not matter`() {
        var turned = describe([1, 1, 1]) { $0.balance = .consistentHash }
        let before = owners(of: Pool(turned))
        turned.nodes.reverse()
        #expect(owners(of: Pool(turned)) == before)
    }
}
