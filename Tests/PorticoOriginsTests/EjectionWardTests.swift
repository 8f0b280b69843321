import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Ejection")
struct EjectionTests {
    private let pool = Pool(describe([1, 1, 1]))
    private var node: Node { pool.nodes[0] }

    @Test func `failures in a row eject for the configured time`() {
        node.fail(4, at: second(0))
        #expect(!node.isEjected(at: second(0)))
        node.fail(at: second(0))
        #expect(node.isEjected(at: second(0)))
        #expect(node.isEjected(at: second(9.9)))
        #expect(!node.isEjected(at: second(10)))
        #expect(node.report(at: second(4)).ejectedFor == .seconds(6))
        #expect(node.report(at: second(4)).word == "ejected")
    }

    @Test func `a success between failures starts the count again`() {
        for _ in 0..<10 {
            node.fail(4, at: second(0))
            node.record(.success, at: second(0))
        }
        #expect(!node.isEjected(at: second(0)))
        #expect(node.report(at: second(0)).failures == 40)
    }

    @Test func `after an ejection one failure ejects again, for longer`() {
        node.fail(5, at: second(0))
        node.fail(at: second(10))
        #expect(node.isEjected(at: second(29.9)))
        #expect(!node.isEjected(at: second(30)))
        node.fail(at: second(30))
        #expect(node.isEjected(at: second(59.9)))
        #expect(!node.isEjected(at: second(60)))
    }

    @Test func `a success after an ejection ends the probation`() {
        node.fail(5, at: second(0))
        node.record(.success, at: second(10))
        node.fail(4, at: second(11))
        #expect(!node.isEjected(at: second(11)))
    }

    @Test func `an answer that was under way during the ejection does not end the probation`() {
        node.fail(5, at: second(0))
        node.record(.success, at: second(5))
        #expect(node.isEjected(at: second(5)))
        node.fail(at: second(10))
        #expect(node.isEjected(at: second(10)))
    }

    @Test func `failures that were under way do not prolong an ejection`() {
        node.fail(25, at: second(0))
        node.fail(at: second(9))
        #expect(!node.isEjected(at: second(10)))
        #expect(node.report(at: second(10)).ejections == 1)
    }

    @Test func `no ejection lasts longer than ten times the first`() {
        var now = second(0)
        node.fail(4, at: now)
        for round in 1...14 {
            node.fail(at: now)
            let span = Duration.seconds(10 * min(round, 10))
            #expect(node.report(at: now).ejectedFor == span)
            now = now + span
        }
    }

    @Test(arguments: [(0.0, 40), (9.9, 40), (10, 30), (20, 20), (30, 10), (1000, 10)])
    func `each time span without ejection pays off one`(_ pause: Double, _ next: Int) {
        node.fail(5, at: second(0))
        node.fail(at: second(10))
        node.fail(at: second(30))  // until 60
        node.fail(at: second(60 + pause))
        #expect(node.report(at: second(60 + pause)).ejectedFor == .seconds(next))
    }

    @Test(arguments: [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3)])
    func `at most half of the nodes are ejected at a time`(_ count: Int, _ most: Int) {
        let pool = Pool(describe(Array(repeating: 1, count: count)))
        for node in pool.nodes { node.fail(20, at: second(0)) }
        #expect(pool.nodes.count { $0.isEjected(at: second(0)) } == most)
        // As soon as there is room the next failure takes it.
        for node in pool.nodes.reversed() { node.fail(at: second(10)) }
        #expect(pool.nodes.count { $0.isEjected(at: second(10)) } == most)
    }

    @Test func `a node that probes have taken down leaves the room to another`() {
        let pool = Pool(describe([1, 1, 1]) { $0.health.path = "/health" })
        pool.nodes[0].fail(5, at: second(0))
        pool.nodes[1].fail(5, at: second(0))
        #expect(!pool.nodes[1].isEjected(at: second(0)))
        pool.nodes[0].probe([.refused, .refused, .refused], at: second(1))
        pool.nodes[1].fail(at: second(1))
        #expect(pool.nodes[1].isEjected(at: second(1)))
        #expect(Balancer(pool).picks(3, at: second(1)) == "ccc")
    }

    @Test func `a rule of zero ejects nobody`() {
        let pool = Pool(describe([1, 1]) { $0.ejection.consecutiveFailures = 0 })
        pool.nodes[0].fail(1000, at: second(0))
        #expect(!pool.nodes[0].isEjected(at: second(0)))
    }
}
