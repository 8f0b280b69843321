import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Node")
struct NodeTests {
    private let pool = Pool(describe([1, 1, 1]) { $0.health.path = "/health" })
    private var node: Node { pool.nodes[0] }

    @Test func `enough passed probes end an ejection before its time`() {
        node.fail(5, at: second(0))
        node.probe([.passed], at: second(1))
        #expect(node.isEjected(at: second(1)))
        node.probe([.refused, .passed], at: second(2))
        #expect(node.isEjected(at: second(2)))
        node.probe([.passed], at: second(3))
        #expect(!node.isEjected(at: second(3)))
        #expect(
            node.report(at: second(3)).lastChange == NodeEvent(at: second(3), change: .readmitted))
        // Still on probation.
        node.fail(at: second(4))
        #expect(node.isEjected(at: second(4)))
    }

    @Test func `a dead node that recovers is used after less than two intervals`() {
        node.probe([.refused, .refused, .refused], at: second(0))
        let next = node.nextProbe(began: second(0), ended: second(0), dice: 0)
        #expect(next == second(2))
        node.probe([.passed], at: next)
        let last = node.nextProbe(began: next, ended: next, dice: 0)
        #expect(last == second(2.5))
        node.probe([.passed], at: last)
        #expect(Balancer(pool).picks(3, at: last) == "abc")
    }

    @Test func `a failed connection asks for one probe at once`() {
        #expect(!node.takeProbeWish())
        node.fail(1, .status, at: second(0))
        #expect(!node.takeProbeWish())
        node.fail(3, .connect, at: second(0))
        #expect(node.takeProbeWish())
        #expect(!node.takeProbeWish())
        let passive = Pool(describe([1])).nodes[0]
        passive.fail(1, .connect, at: second(0))
        #expect(!passive.takeProbeWish())
    }

    @Test func `an ejected node is probed more often`() {
        node.fail(5, at: second(0))
        #expect(node.nextProbe(began: second(1), ended: second(1), dice: 0) == second(1.5))
    }

    @Test func `a drained node finishes its requests and gets no new ones`() throws {
        let balancer = Balancer(pool)
        do {
            let claim = try balancer.select(at: second(0)).claim()
            claim.node.set(.draining, at: second(1))
            #expect(balancer.picks(4) == "bcbc")
            #expect(node.report(at: second(1)).word == "draining")
            #expect(node.isProbed)
        }
        #expect(node.report(at: second(1)).word == "drained")
        node.set(.disabled, at: second(2))
        #expect(node.report(at: second(2)).word == "disabled")
        #expect(!node.isProbed)
        node.set(.enabled, at: second(3))
        node.set(.enabled, at: second(4))
        #expect(
            node.report(at: second(4)).history.map(\.change) == [
                .administrative(.draining), .administrative(.disabled), .administrative(.enabled),
            ])
    }

    @Test func `history keeps the latest changes`() {
        for round in 0..<20 {
            node.set(round % 2 == 0 ? .draining : .enabled, at: second(Double(round)))
        }
        let history = node.report(at: second(20)).history
        #expect(history.count == NodeEvent.kept)
        #expect(history.first?.at == second(4))
        #expect(history.last?.at == second(19))
    }

    @Test func `probes are counted`() {
        node.probe([.passed, .refused, .passed], at: second(0))
        let report = node.report(at: second(0))
        #expect(report.probesPassed == 2)
        #expect(report.probesFailed == 1)
        #expect(report.health == .up)
        #expect(report.history.map(\.change) == [.up])
    }

    @Test func `threads that share a pool lose no count`() async {
        let pool = Pool(describe([1, 1, 1]) { $0.connectionsPerNode = 2 })
        let rounds = 5000
        let (served, exceeded) = await withTaskGroup(of: (Int, Bool).self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let balancer = Balancer(pool, seed: UInt64(worker), at: second(0))
                    var (served, exceeded) = (0, false)
                    for round in 0..<rounds {
                        switch balancer.select(at: second(0)) {
                        case .node(let claim):
                            served += 1
                            // One too many may be seen for the moment that another worker needs
                            // to take its step back.
                            exceeded = exceeded || claim.node.inFlight > 2 + 3
                            let failed = round % 7 == 0
                            claim.node.record(failed ? .failure(.reset) : .success, at: second(0))
                        case .none:
                            continue
                        }
                    }
                    return (served, exceeded)
                }
            }
            return await group.reduce((0, false)) { ($0.0 + $1.0, $0.1 || $1.1) }
        }
        let reports = pool.nodes.map { $0.report(at: second(0)) }
        #expect(reports.reduce(0) { $0 + $1.requests } == served)
        #expect(reports.allSatisfy { $0.inFlight == 0 })
        #expect(!exceeded)
    }

    @Test func `threads that fail at once eject no more than half`() async {
        for _ in 0..<50 {
            let pool = Pool(describe([1, 1, 1, 1]))
            await withTaskGroup { group in
                for node in pool.nodes {
                    group.addTask { node.fail(8, at: second(0)) }
                }
            }
            #expect(pool.nodes.count { $0.isEjected(at: second(0)) } == 2)
        }
    }
}
