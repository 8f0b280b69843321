package import PorticoBytes

/// What active probes say about one node: rise and fall.
///
///              passed                    fall × failed
///     unknown ────────▶ up ──────────────────────────▶ down
///        │               ▲        rise × passed          ▲ │
///        │               └───────────────────────────────┼─┘
///        └───────────────── fall × failed ───────────────┘
///
/// A node of which nothing is known counts as up: a start must not begin with refusals.
package struct HealthMachine: Sendable {
    package enum Health: String, Sendable {
        case unknown, up, down
    }

    private enum State {
        case unknown(failed: Int)
        case up(failed: Int)
        case down(passed: Int)
    }

    private var state = State.unknown(failed: 0)

    package init() {}

    package var health: Health {
        switch state {
        case .unknown: .unknown
        case .up: .up
        case .down: .down
        }
    }

    /// Whether the latest probe spoke against what the node is taken for.
    package var isInQuestion: Bool {
        switch state {
        case .unknown(let failed), .up(let failed): failed > 0
        case .down(let passed): passed > 0
        }
    }

    /// Takes a probe's result; returns what the node is now taken for, if that has changed.
    package mutating func record(_ result: ProbeResult, under rules: HealthRules) -> Health? {
        switch (state, result) {
        case (.unknown, .passed):
            state = .up(failed: 0)
            return .up
        case (.unknown(let failed), .failed):
            if failed + 1 >= rules.fall {
                state = .down(passed: 0)
                return .down
            }
            state = .unknown(failed: failed + 1)
        case (.up, .passed):
            state = .up(failed: 0)
        case (.up(let failed), .failed):
            if failed + 1 >= rules.fall {
                state = .down(passed: 0)
                return .down
            }
            state = .up(failed: failed + 1)
        case (.down(let passed), .passed):
            if passed + 1 >= rules.rise {
                state = .up(failed: 0)
                return .up
            }
            state = .down(passed: passed + 1)
        case (.down, .failed):
            state = .down(passed: 0)
        }
        return nil
    }
}

/// How a probe ended.
package enum ProbeResult: Equatable, Sendable {
    case passed
    case failed(ProbeFailure)
}

package enum ProbeFailure: Equatable, Sendable {
    /// No connection came about, or it broke.
    case unreachable
    case timedOut
    /// An answer that `expect` does not name.
    case status(Int)
    /// What came was no answer.
    case malformed
}

/// When nodes are probed. `dice` is any random word.
package enum ProbeSchedule {
    /// The first probe after a start or a reload: soon, and not of all nodes at once.
    package static func first(at now: Instant, under rules: HealthRules, dice: UInt64) -> Instant {
        now + fraction(of: rules.interval / 4, dice)
    }

    /// The probe after one that went from `began` to `ended`.
    ///
    /// Counted from its beginning, so that a node that lets probes time out is not seen less often.
    /// While something speaks against what a node is taken for, the next probe comes after a
    /// quarter of the interval: a node that dies is found after 1½ intervals instead of 3, and one
    /// that recovers is used again after 1¼ (with the default `fall` and `rise`). The spread only
    /// ever shortens the wait, so that these bounds hold.
    package static func next(
        began: Instant, ended: Instant, inQuestion: Bool, under rules: HealthRules, dice: UInt64
    ) -> Instant {
        let wait = inQuestion ? rules.interval / 4 : rules.interval
        return max(began + (wait - fraction(of: wait / 10, dice)), ended)
    }

    private static func fraction(of span: Duration, _ dice: UInt64) -> Duration {
        span * Int(dice & 1023) / 1024
    }
}
