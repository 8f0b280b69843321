/// A moment on the monotonic clock. Only `PorticoLoop` reads the clock.
@usableFromInline package struct Instant: Comparable, Sendable {
    @usableFromInline package var nanoseconds: UInt64

    @inlinable package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    @usableFromInline package static let distantFuture = Instant(nanoseconds: .max)

    @inlinable package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Ends at `distantFuture` instead of overflowing; a negative duration counts as zero.
    @inlinable package static func + (left: Instant, right: Duration) -> Instant {
        let (sum, over) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return over ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// How long `earlier` is past; zero if it is still to come.
    @inlinable package func since(_ earlier: Instant) -> Duration {
        .nanoseconds(Int64(clamping: nanoseconds &- min(earlier.nanoseconds, nanoseconds)))
    }
}

extension Duration {
    /// Whole nanoseconds, from zero up; what is longer than 584 years counts as that.
    @inlinable package var nanoseconds: UInt64 {
        // One division; `components` makes several of 128 bits, which took 3 % of a request.
        let attoseconds = attoseconds
        if attoseconds < 0 { return 0 }
        let high = UInt64(truncatingIfNeeded: attoseconds >> 64)
        if high >= 1_000_000_000 { return .max }
        let low = UInt64(truncatingIfNeeded: attoseconds)
        return (1_000_000_000 as UInt64).dividingFullWidth((high, low)).quotient
    }
}
