internal import PorticoBytes
package import PorticoHTTP

/// How long a response is fresh and how old it was when it came (RFC 9111 §4.2).
package struct Freshness: Equatable, Sendable {
    package let lifetime: Int32
    package let basis: StoredRules.Basis
    package let initialAge: Int32

    /// A tenth of the time since the last change (RFC 9111 §4.2.2), but no more than a day: who
    /// says nothing about caching should see a change within that.
    package static let longestHeuristic: Int64 = 86_400

    /// - Parameter defaultTTL: seconds; above zero it takes the place of the heuristic.
    package init(
        _ response: borrowing ResponseHead, _ directives: borrowing CacheControl,
        from source: DirectiveSource, times: borrowing FetchTimes, defaultTTL: Int32
    ) {
        let date = Self.date(of: response.fields, times)
        (lifetime, basis) = Self.lifetime(
            response, directives, source, date, times.receivedDate, defaultTTL)
        initialAge = Self.initialAge(response.fields, date, times)
    }

    /// The Date field; where it is missing or malformed, when the response came (RFC 9110 §6.6.1).
    package static func date(of fields: borrowing Fields, _ times: borrowing FetchTimes) -> Int64 {
        guard let line = fields.firstIndex(of: .date) else { return times.receivedDate }
        let now = times.receivedDate
        return HTTPDate.parse(fields.value(at: line), now: now) ?? now
    }

    /// RFC 9111 §4.2.1.
    private static func lifetime(
        _ response: borrowing ResponseHead, _ directives: borrowing CacheControl,
        _ source: DirectiveSource, _ date: Int64, _ now: Int64, _ defaultTTL: Int32
    ) -> (Int32, StoredRules.Basis) {
        if let seconds = directives.sMaxAge { return (seconds, .sMaxAge) }
        if let seconds = directives.maxAge { return (seconds, .maxAge) }
        // RFC 9213 §2.2: under a targeted field, Expires does not count.
        if source == .cacheControl, let line = response.fields.firstIndex(of: .expires) {
            // §5.3: a value that is no date, "0" above all, is in the past.
            guard let expires = HTTPDate.parse(response.fields.value(at: line), now: now) else {
                return (0, .expires)
            }
            return (clamp(expires - date), .expires)
        }
        guard isHeuristic(response.status) || directives.contains(.public) else {
            return (0, .none)
        }
        if defaultTTL > 0 { return (defaultTTL, .setting) }
        guard let line = response.fields.firstIndex(of: .lastModified),
            let modified = HTTPDate.parse(response.fields.value(at: line), now: now)
        else { return (0, .none) }
        return (clamp(min((date - modified) / 10, longestHeuristic)), .heuristic)
    }

    /// RFC 9111 §4.2.3: `corrected_initial_age`.
    private static func initialAge(
        _ fields: borrowing Fields, _ date: Int64, _ times: borrowing FetchTimes
    ) -> Int32 {
        let apparent = clamp(times.receivedDate - date)
        let delay = times.received.since(times.requested).components.seconds
        return max(apparent, clamp(Int64(DeltaSeconds.age(in: fields)) + delay))
    }

    private static func clamp(_ seconds: Int64) -> Int32 { Int32(clamping: max(seconds, 0)) }

    /// Cacheable by default (RFC 9110 §15.1). 206 is, too, but is not stored here.
    package static func isHeuristic(_ status: UInt16) -> Bool {
        switch status {
        case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501: true
        default: false
        }
    }
}
