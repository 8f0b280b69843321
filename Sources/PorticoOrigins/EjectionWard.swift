internal import PorticoBytes
internal import Synchronization

/// Sees to it that never more than half of a pool's nodes, rounded down, are ejected at a time.
///
/// Failing requests are weak evidence: when all nodes seem to fail, it is more likely that the
/// requests are to blame, or the network, and the remaining nodes would break under the load of
/// the ejected ones.
final class EjectionWard: Sendable {
    let rules: EjectionRules
    let health: HealthRules
    private let states: [NodeState]
    private let gate: Gate

    /// One for all configurations of a pool: requests of the old one may still be failing.
    private final class Gate: Sendable {
        let lock = Mutex(())
    }

    init(over states: [NodeState], under description: PoolDescription, inheriting: EjectionWard?) {
        rules = description.ejection
        health = description.health
        self.states = states
        gate = inheriting?.gate ?? Gate()
    }

    private var limit: Int { states.count / 2 }

    /// Ejects if there is room for one more; false if not, or if somebody else was faster.
    func eject(_ state: NodeState, at now: Instant, until end: Instant) -> Bool {
        gate.lock.withLock { _ in
            if state.isEjected(at: now) { return false }
            var ejected = 0
            for other in states where other.isEjected(at: now) { ejected += 1 }
            guard ejected < limit else { return false }
            state.ejectedUntil.store(end.nanoseconds, ordering: .relaxed)
            return true
        }
    }

    /// After a reload that has left fewer nodes: those that have longest to go stay ejected.
    func keepWithinLimit() {
        gate.lock.withLock { _ in
            let longestFirst =
                states
                .map { ($0, $0.ejectedUntil.load(ordering: .relaxed)) }
                .sorted { $0.1 > $1.1 }
            for (state, _) in longestFirst.dropFirst(limit) {
                state.ejectedUntil.store(0, ordering: .relaxed)
            }
        }
    }
}
