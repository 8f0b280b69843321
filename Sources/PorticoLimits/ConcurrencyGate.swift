internal import Synchronization

/// Lets at most so many in at once; shared by all workers.
package struct ConcurrencyGate: ~Copyable, Sendable {
    private let inside = Atomic(0)

    package init() {}

    package var count: Int { inside.load(ordering: .relaxed) }

    /// Whether there was room. Who got in must `leave`. The limit comes with each call, since a
    /// reload may change it while some are inside.
    package func enter(limit: Int) -> Bool {
        // Add first: two who look before they add would both take the last place. The price is
        // that somebody may be refused while another is being refused: only at the limit.
        if inside.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        inside.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    package func leave() {
        let rest = inside.wrappingSubtract(1, ordering: .relaxed).newValue
        precondition(rest >= 0, "left a gate without having entered")
    }
}
