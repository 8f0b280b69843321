package import PorticoBytes
internal import Synchronization

/// What is known about a peer, shared by all workers and the control thread, and by the pools of
/// two configurations while one replaces the other.
///
/// What a request without trouble touches are relaxed atomics: each is a number of its own, and
/// nothing else is published through them. The record is locked only when something fails, a
/// suspicion is cleared, a probe ends or an operator asks.
final class NodeState: Sendable {
    /// Never used twice in a process, unlike an object's address.
    let identity: NodeIdentity

    let inFlight = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
    let failures = Atomic<Int>(0)
    let ejections = Atomic<Int>(0)
    let probesPassed = Atomic<Int>(0)
    let probesFailed = Atomic<Int>(0)

    /// An `Administrative` raw value.
    let administrative = Atomic<UInt8>(0)
    let isProbedDown = Atomic<Bool>(false)
    /// Nanoseconds of the instant at which the ejection ends; in the past: not ejected.
    let ejectedUntil = Atomic<UInt64>(0)
    /// Whether a success has something to clear: failures in a row, or probation.
    let isSuspect = Atomic<Bool>(false)
    let wantsProbe = Atomic<Bool>(false)

    let record = Mutex(Record())

    private static let lastIdentity = Atomic<UInt64>(0)

    init() {
        let (_, new) = NodeState.lastIdentity.add(1, ordering: .relaxed)
        identity = NodeIdentity(number: new)
    }

    func isEjected(at now: Instant) -> Bool {
        now.nanoseconds < ejectedUntil.load(ordering: .relaxed)
    }

    /// What only the paths of failure need.
    struct Record {
        var machine = HealthMachine()
        var failuresInRow = 0
        /// Set by an ejection, cleared by the first success after it: until then one failure ejects.
        var isOnProbation = false
        var ejectionsInRow = 0
        var lastEjectionEnd = Instant(nanoseconds: 0)
        /// Probes passed in a row since the ejection.
        var passedWhileEjected = 0
        private(set) var history: [NodeEvent] = []

        mutating func note(_ change: NodeEvent.Change, at now: Instant) {
            if history.count == NodeEvent.kept { history.removeFirst() }
            history.append(NodeEvent(at: now, change: change))
        }

        /// How many ejections in a row the next one makes.
        ///
        /// A node that stays in for as long as a first ejection lasts has paid off one.
        func nextEjection(at now: Instant, under rules: EjectionRules) -> Int {
            let span = max(rules.duration.nanoseconds, 1)
            let paid = now.since(lastEjectionEnd).nanoseconds / span
            return max(0, ejectionsInRow - Int(clamping: paid)) + 1
        }
    }
}

/// Tells peers apart for as long as the process lives; a node keeps it over a reload.
@usableFromInline package struct NodeIdentity: Hashable, Sendable {
    @usableFromInline let number: UInt64

    /// Nobody outside chooses the numbers: no secret is needed to spread them.
    @inlinable package func _rawHashValue(seed: Int) -> Int {
        Int(truncatingIfNeeded: number &* 0x9E37_79B9_7F4A_7C15)
    }
}

/// Something that changed whether a node is asked.
package struct NodeEvent: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        case up
        case down(ProbeFailure)
        case ejected(for: Duration)
        /// Probes ended the ejection before its time.
        case readmitted
        case administrative(Administrative)
    }

    /// How many a node remembers.
    package static let kept = 16

    package let at: Instant
    package let change: Change
}

/// What an operator has said about a node.
package enum Administrative: UInt8, Sendable {
    case enabled
    /// Finishes its requests and gets no new ones; still probed, to come back at once.
    case draining
    /// As draining, and not probed either.
    case disabled
}
