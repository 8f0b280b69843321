package import PorticoBytes

/// Bounds how much load retries may add: 20 % of the requests, and a reserve.
///
/// A bucket of tokens, one for each worker and pool. Each request puts in a fifth, each retry takes
/// one out. Two things are added to that, because a budget is there to stop an outage from being
/// multiplied and not to make single deaths visible:
///
/// - Below ten tokens the bucket also fills with time, one a second: a site with one request a
///   minute may retry.
/// - The bucket holds two tokens for each request that was under way at once during the last
///   seconds, at least ten. When a node dies, everything that was under way to it fails in the
///   same moment, and again if the next node dies with it; a bucket that holds a fixed ten would
///   let the rest through as errors.
///
/// In an outage of all nodes the extra load is what the bucket held, once, and then a fifth and
/// one a second. Attempts that never sent anything take no token (`RetryDecision`).
package struct RetryBudget: Sendable {
    /// In fifths of a token, so that a deposit is a whole number.
    private var fifths = RetryBudget.reserve
    private var filled: Instant

    private var inFlight = 0
    /// The most that was under way at once in this period and in the one before.
    private var peak = 0
    private var formerPeak = 0
    private var periodEnds: Instant

    private static let price = 5
    private static let reserve = 10 * price
    private static let period = Duration.seconds(10)
    /// One token a second.
    private static let fifthPeriod = Duration.milliseconds(200)

    package init(at now: Instant) {
        filled = now
        periodEnds = now + RetryBudget.period
    }

    /// A client's request sets out for its first attempt.
    package mutating func requestBegan(at now: Instant) {
        turnPeriod(at: now)
        inFlight += 1
        peak = max(peak, inFlight)
        fifths = min(fifths + 1, max(fifths, capacity))
    }

    /// It has its answer or its error, after however many attempts.
    package mutating func requestEnded() {
        precondition(inFlight > 0)
        inFlight -= 1
    }

    /// Takes a token for one retry, if there is one.
    package mutating func admitRetry(at now: Instant) -> Bool {
        turnPeriod(at: now)
        fill(at: now)
        guard fifths >= RetryBudget.price else { return false }
        fifths -= RetryBudget.price
        return true
    }

    /// Whole tokens at hand, for the metrics page.
    package var tokens: Int { fifths / RetryBudget.price }

    private var capacity: Int {
        max(RetryBudget.reserve, 2 * RetryBudget.price * max(peak, formerPeak))
    }

    private mutating func turnPeriod(at now: Instant) {
        if now < periodEnds { return }
        formerPeak = now < periodEnds + RetryBudget.period ? peak : inFlight
        peak = inFlight
        periodEnds = now + RetryBudget.period
        fifths = min(fifths, capacity)
    }

    private mutating func fill(at now: Instant) {
        let steps = now.since(filled).nanoseconds / RetryBudget.fifthPeriod.nanoseconds
        if steps == 0 { return }
        let room = max(0, RetryBudget.reserve - fifths)
        fifths += min(room, Int(clamping: steps))
        filled =
            filled
            + .nanoseconds(Int64(clamping: steps * RetryBudget.fifthPeriod.nanoseconds))
    }
}
