internal import PorticoBytes
package import PorticoSettings

/// How often something may happen: the generic cell rate algorithm as virtual scheduling
/// (ITU-T I.371 (2004), Annex A; ATM Forum TM 4.1 §4.4.2), in nanoseconds of the monotonic clock.
///
///              now            now + debt = TAT      now + capacity
///     ──────────┼──────────────────┼─────────────────────┼────▶
///                └ what was used of the burst ┘└ what is left ┘
///
/// All that is known of a key is one number, its theoretical arrival time: when all that it has
/// used will have been earned back. A request moves it on by `interval`, and may do so as long as
/// it stays within `capacity` of now. What is refused moves nothing: who goes on asking while he
/// is refused gets in at the same moment as one who waits.
package struct Cadence: Equatable, Sendable {
    /// Between two requests at the full rate. Whole nanoseconds, at least one, rounded down: of
    /// "3/s" the error is one in 10⁹, and more than 10⁹ in a second are not told apart.
    package let interval: UInt64
    /// How much may be used ahead: the burst times the interval.
    package let burst: UInt64
    /// How much longer a request may be made to wait instead of being refused.
    package let patience: UInt64

    package init(_ rate: Rate, burst: Int, patience: Duration = .zero) {
        interval = min(Self.most, max(1, rate.period.nanoseconds / UInt64(max(1, rate.count))))
        let (product, over) = interval.multipliedReportingOverflow(by: UInt64(max(1, burst)))
        // 146 years: enough for "1/d" with any burst, and no sum with it overflows.
        self.burst = over ? Self.most : min(product, Self.most)
        self.patience = min(patience.nanoseconds, Self.most / 2)
    }

    private static let most = UInt64(1) << 62

    /// What comes of a request.
    package enum Outcome: Equatable, Sendable {
        case passes
        /// It may pass so many nanoseconds from now, and is charged already.
        case waits(UInt64)
        /// Nothing was charged; so many nanoseconds from now, another one would pass.
        case refused(UInt64)
    }

    /// Judges a request at `now` of a key with this arrival time, which moves if it is charged.
    @inline(__always)
    package func judge(_ arrival: inout UInt64, at now: UInt64) -> Outcome {
        let debt = debt(arrival, at: now) &+ interval
        if debt <= burst {
            arrival = now &+ debt
            return .passes
        }
        if debt <= burst &+ patience {
            arrival = now &+ debt
            return .waits(debt &- burst)
        }
        return .refused(debt &- burst &- patience)
    }

    /// Takes back the charge of one request. Exact also when the arrival time lay in the past
    /// before it: what is not in the future does not matter.
    @inline(__always)
    func refund(_ arrival: inout UInt64, at now: UInt64) {
        arrival = now &+ debt(arrival, at: now)
        arrival = arrival &- now > interval ? arrival &- interval : now
    }

    /// How many more would pass at `now`.
    package func remaining(_ arrival: UInt64, at now: UInt64) -> UInt64 {
        (burst &+ patience &- debt(arrival, at: now)) / interval
    }

    /// Never more than fits: a reload may have lowered the burst, and nobody shall pay for longer
    /// than the limit in force would have made him.
    @inline(__always)
    private func debt(_ arrival: UInt64, at now: UInt64) -> UInt64 {
        arrival > now ? min(arrival &- now, burst &+ patience) : 0
    }
}
