package import PorticoBytes

/// What a stored response is good for (RFC 9111 §4).
package enum Reuse: Equatable, Sendable {
    package enum Cause: UInt8, Sendable {
        case stale
        /// The response says `no-cache` (§5.2.2.4).
        case noCache
        /// The request says `no-cache` (§5.2.1.4), or too small a `max-age` or too large a
        /// `min-fresh` (§5.2.1.1, §5.2.1.3): `fwd=request`.
        case request
    }

    /// Answer with it.
    case fresh
    /// Answer with it, and fetch it anew behind the client's back (RFC 5861 §3).
    case staleWhileRevalidate
    /// Answer with it: the client takes it stale (§5.2.1.2).
    case staleByRequest
    case mustValidate(Cause)
    /// 504: the client wants no fetch (§5.2.1.7).
    case gatewayTimeout

    /// - Parameter staleSince: a soft purge: from then on it counts as stale, and the times
    ///   for which it may be used stale run from there.
    package static func decide(
        _ request: borrowing RequestRules, _ rules: borrowing StoredRules, at now: Instant,
        staleSince: Instant? = nil
    ) -> Reuse {
        let ticks = StoredRules.ticks(now)
        if request.isPlain, staleSince == nil, ticks < rules.freshUntil { return .fresh }
        let answer = judge(request, rules, ticks, staleSince)
        if request.onlyIfCached, case .mustValidate = answer { return .gatewayTimeout }
        return answer
    }

    /// What to do where nothing is stored.
    package static func absent(_ request: borrowing RequestRules) -> Reuse? {
        request.onlyIfCached ? .gatewayTimeout : nil
    }

    private static func judge(
        _ request: borrowing RequestRules, _ rules: borrowing StoredRules, _ now: Int64,
        _ staleSince: Instant?
    ) -> Reuse {
        if rules.has(.noCache) { return .mustValidate(.noCache) }
        if request.noCache { return .mustValidate(.request) }
        let end = rules.end(staleSince)
        if now < end {
            return admits(request, rules, now, end) ? .fresh : .mustValidate(.request)
        }
        if rules.has(.neverStale) { return .mustValidate(.stale) }
        guard admitsAge(request, rules, now), request.minFresh < 0 else {
            return .mustValidate(.request)
        }
        if now < end.addingSaturated(Int64(rules.staleWhileRevalidate) * StoredRules.second) {
            return .staleWhileRevalidate
        }
        if request.maxStale >= 0, !rules.has(.sMaxAge),
            now < end.addingSaturated(Int64(request.maxStale) * StoredRules.second)
        {
            return .staleByRequest
        }
        return .mustValidate(.stale)
    }

    private static func admits(
        _ request: borrowing RequestRules, _ rules: borrowing StoredRules, _ now: Int64,
        _ end: Int64
    ) -> Bool {
        if request.minFresh >= 0,
            end.subtractingSaturated(now) < Int64(request.minFresh) * StoredRules.second
        {
            return false
        }
        return admitsAge(request, rules, now)
    }

    /// RFC 8246 §2: the `max-age=0` of a reload does not reach what never changes while fresh.
    private static func admitsAge(
        _ request: borrowing RequestRules, _ rules: borrowing StoredRules, _ now: Int64
    ) -> Bool {
        if request.maxAge < 0 { return true }
        if request.maxAge == 0, rules.has(.immutable), now < rules.freshUntil { return true }
        return now.subtractingSaturated(rules.born) <= Int64(request.maxAge) * StoredRules.second
    }
}

extension StoredRules {
    fileprivate func end(_ staleSince: Instant?) -> Int64 {
        guard let staleSince else { return freshUntil }
        return min(freshUntil, StoredRules.ticks(staleSince))
    }

    /// Why an origin gave no usable answer.
    package enum Trouble: Equatable, Sendable {
        /// Not reached, or broke off before its head was complete.
        case noAnswer
        case status(UInt16)
    }

    /// Whether it may be served although stale, because fetching failed (RFC 9111 §4.2.4, §4.3.3;
    /// RFC 5861 §4).
    ///
    /// `keep` is for when nobody answers, and for the three statuses with which a gateway says so; a
    /// 500 is an answer, and is covered where the response or the request says `stale-if-error`.
    package func mayServeStale(
        after trouble: Trouble, _ request: borrowing RequestRules, at now: Instant,
        staleSince: Instant? = nil
    ) -> Bool {
        if has(.neverStale) { return false }
        var window = staleIfError
        switch trouble {
        case .noAnswer, .status(502), .status(503), .status(504): window = max(window, keep)
        case .status(500): break
        case .status: return false
        }
        if !has(.sMaxAge) { window = max(window, request.staleIfError) }
        if request.noCache || window <= 0 { return false }
        let end = end(staleSince)
        guard end != .min else { return false }
        return StoredRules.ticks(now)
            < end.addingSaturated(Int64(window) * StoredRules.second)
    }
}
