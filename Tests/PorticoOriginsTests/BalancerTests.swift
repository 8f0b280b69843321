import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Balancer")
struct BalancerTests {
    @Test(arguments: [
        ([1], "aaaaaa"), ([1, 1, 1], "abcabc"), ([5, 1, 1], "aabacaaaabacaa"), ([2, 1], "abaaba"),
        ([1, 3], "babbbabb"),
    ])
    func `round-robin is smooth over the weights`(_ weights: [Int], _ order: String) {
        let balancer = Balancer(Pool(describe(weights)))
        #expect(balancer.picks(order.count) == order)
    }

    @Test func `over one period each node gets exactly its weight`() {
        let weights = [7, 3, 1, 4]
        let balancer = Balancer(Pool(describe(weights)))
        for _ in 0..<4 {
            let period = balancer.picks(15)
            for (host, weight) in zip("abcd", weights) {
                #expect(period.count { $0 == host } == weight)
            }
        }
    }

    @Test func `a node that was out gets its share again and no more`() {
        let pool = Pool(describe([1, 1, 1]))
        let balancer = Balancer(pool)
        pool.nodes[0].set(.draining, at: second(0))
        #expect(!balancer.picks(30).contains("a"))
        pool.nodes[0].set(.enabled, at: second(1))
        #expect(balancer.picks(30).count { $0 == "a" } == 10)
    }

    @Test func `what was tried is not asked again`() {
        let balancer = Balancer(Pool(describe([1, 1, 1])))
        #expect(balancer.pick(excluding: [0, 2]) == "b")
        #expect(balancer.pick(excluding: [0, 1, 2]) == "allTried")
    }

    @Test func `more than 64 nodes can be told apart`() {
        let balancer = Balancer(Pool(describe(Array(repeating: 1, count: 200))))
        let all = Array(0..<200)
        for left in [0, 63, 64, 127, 128, 199] {
            let name = balancer.pool.nodes[left].host
            #expect(balancer.pick(excluding: all.filter { $0 != left }) == name)
        }
        #expect(balancer.pick(excluding: all) == "allTried")
    }

    @Test func `backups are asked when no other node is usable`() {
        let pool = Pool(
            describe([1, 1, 1, 1]) {
                $0.nodes[2].backup = true; $0.nodes[3].backup = true
            })
        let balancer = Balancer(pool)
        #expect(balancer.picks(4) == "abab")
        #expect(balancer.picks(4, excluding: [0, 1]) == "cdcd")
        pool.nodes[0].set(.disabled, at: second(0))
        pool.nodes[1].probe([.refused, .refused, .refused], at: second(0))
        #expect(balancer.picks(4) == "cdcd")
        pool.nodes[0].set(.enabled, at: second(0))
        #expect(balancer.picks(4) == "aaaa")
    }

    @Test func `a full node is passed over, and full nodes are a reason of their own`() throws {
        let pool = Pool(describe([1, 1]) { $0.connectionsPerNode = 2 })
        let balancer = Balancer(pool)
        let first = try balancer.select(at: second(0)).claim()
        #expect(first.node.host == "a")
        do {
            let other = try balancer.select(at: second(0), excluding: tried(1)).claim()
            #expect(other.node.inFlight == 2)
            #expect(balancer.picks(3) == "bbb")
            #expect(balancer.pick(excluding: [1]) == "allFull")
        }
        #expect(first.node.inFlight == 1)
        #expect(balancer.pick(excluding: [1]) == "a")
    }

    @Test func `a claim counts until it leaves scope`() throws {
        let pool = Pool(describe([1]))
        let balancer = Balancer(pool)
        do {
            let claim = try balancer.select(at: second(0)).claim()
            #expect(claim.node.inFlight == 1)
        }
        #expect(pool.nodes[0].inFlight == 0)
        #expect(pool.nodes[0].report(at: second(0)).requests == 1)
    }

    @Test func `ejected nodes are a last resort, behind the backups`() {
        let pool = Pool(describe([1, 1, 1]) { $0.nodes[2].backup = true })
        let balancer = Balancer(pool)
        pool.nodes[0].fail(5, at: second(0))
        #expect(balancer.picks(3, at: second(1)) == "bbb")
        pool.nodes[1].set(.disabled, at: second(0))
        #expect(balancer.picks(3, at: second(1)) == "ccc")
        pool.nodes[2].set(.disabled, at: second(0))
        #expect(balancer.picks(3, at: second(1)) == "aaa")
        #expect(balancer.pick(at: second(1), excluding: [0]) == "allTried")
    }

    @Test func `when probes say that all are down nobody is asked`() {
        let pool = Pool(describe([1, 1]) { $0.health.path = "/health" })
        for node in pool.nodes {
            node.fail(5, at: second(0))
            node.probe([.refused, .refused, .refused], at: second(0))
        }
        #expect(Balancer(pool).pick(at: second(1)) == "allDown")
    }

    @Test func `least-requests looks at load for weight and takes turns among equals`() throws {
        let pool = Pool(describe([1, 1, 2]) { $0.balance = .leastRequests })
        let balancer = Balancer(pool)
        #expect(balancer.picks(4) == "cabc")
        let one = try balancer.select(at: second(0), excluding: tried(1, 2)).claim()
        let two = try balancer.select(at: second(0), excluding: tried(0, 1)).claim()
        #expect(one.node.host + two.node.host == "ac")
        // a has 1, c has ½, b nothing.
        #expect(balancer.picks(3) == "bbb")
        let three = try balancer.select(at: second(0)).claim()
        // a and b have 1, c has ½.
        #expect(balancer.picks(3) == "ccc")
        _ = consume three
    }

    @Test func `random-two takes the less loaded of two different nodes`() throws {
        let pool = Pool(describe([1, 1]) { $0.balance = .randomTwo })
        let balancer = Balancer(pool)
        let busy = try balancer.select(at: second(0), excluding: tried(1)).claim()
        #expect(busy.node.host == "a")
        #expect(balancer.picks(50) == String(repeating: "b", count: 50))
    }

    @Test func `random-two follows the weights when nobody is busy`() {
        let balancer = Balancer(Pool(describe([3, 1, 1, 1]) { $0.balance = .randomTwo }))
        let picks = balancer.picks(6000)
        for (host, share) in zip("abcd", [3000, 1000, 1000, 1000]) {
            let count = picks.count { $0 == host }
            #expect(abs(count - share) < 150, "\(host) got \(count)")
        }
    }

    @Test func `two balancers of one seed choose alike`() {
        let pool = Pool(describe([1, 2, 3]) { $0.balance = .randomTwo })
        let (one, other) = (Balancer(pool), Balancer(pool))
        #expect(one.picks(100) == other.picks(100))
    }

    @Test func `hashing without a key takes turns`() {
        #expect(
            Balancer(Pool(describe([1, 1]) { $0.balance = .consistentHash })).picks(4) == "abab")
    }

    private func tried(_ indices: Int...) -> NodeSet {
        var set = NodeSet()
        for index in indices { set.insert(index) }
        return set
    }
}
