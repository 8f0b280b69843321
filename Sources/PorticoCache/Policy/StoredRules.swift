package import PorticoBytes
package import PorticoHTTP

/// What was found out when a response was stored, so that a hit costs a comparison or two.
///
/// Times are nanoseconds of the monotonic clock, signed: what was old already when it came was
/// born before the clock began.
///
///     born        received            freshUntil     + staleWhileRevalidate
///      | initial age |   fresh            |   stale, usable while fetched anew   |
package struct StoredRules: Equatable, Sendable {
    /// Where the freshness lifetime came from (RFC 9111 §4.2.1).
    package enum Basis: UInt8, Sendable {
        case sMaxAge, maxAge, expires, heuristic, setting
        /// Nothing says how long: never fresh.
        case none
        /// `no-cache`: never fresh, whatever else it says (§5.2.2.4).
        case noCache
    }

    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// Unqualified `no-cache`: every use is validated first.
        package static let noCache = Flags(rawValue: 1 << 0)
        /// `must-revalidate`, `proxy-revalidate` or `no-cache`: never used stale, whoever asks for it.
        package static let neverStale = Flags(rawValue: 1 << 1)
        package static let immutable = Flags(rawValue: 1 << 2)
        package static let hasETag = Flags(rawValue: 1 << 3)
        package static let hasLastModified = Flags(rawValue: 1 << 4)
        package static let hasVary = Flags(rawValue: 1 << 5)
        /// Fields were named by `no-cache="…"` or `private="…"`.
        package static let listsFields = Flags(rawValue: 1 << 6)
        /// Set-Cookie is left out of what is stored.
        package static let stripsCookies = Flags(rawValue: 1 << 7)
        package static let announcesESI = Flags(rawValue: 1 << 8)
        package static let noTransform = Flags(rawValue: 1 << 9)
        /// Stored under `s-maxage`: `max-stale` of a request does not reach it (§5.2.2.10).
        package static let sMaxAge = Flags(rawValue: 1 << 10)
    }

    /// The moment at which the age was zero.
    package var born: Int64
    /// First moment at which it is stale; `Int64.min` where it is never fresh.
    package var freshUntil: Int64
    /// The Date field, else when it was received; Unix seconds.
    package var date: Int64
    /// Freshness lifetime in seconds.
    package var lifetime: Int32
    /// Seconds past `freshUntil`, from the response or `grace`.
    package var staleWhileRevalidate: Int32
    /// Seconds past `freshUntil`, from the response alone.
    package var staleIfError: Int32
    /// Seconds past `freshUntil`, from the setting, for when nobody answers (§4.2.4).
    package var keep: Int32
    package var flags: Flags
    package var basis: Basis
    package var source: DirectiveSource

    package init(
        born: Int64, freshUntil: Int64, date: Int64, lifetime: Int32,
        staleWhileRevalidate: Int32 = 0, staleIfError: Int32 = 0, keep: Int32 = 0,
        flags: Flags = [], basis: Basis = .maxAge, source: DirectiveSource = .cacheControl
    ) {
        self.born = born
        self.freshUntil = freshUntil
        self.date = date
        self.lifetime = lifetime
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
        self.keep = keep
        self.flags = flags
        self.basis = basis
        self.source = source
    }

    /// Stale from then on, if it is not already.
    package mutating func end(at time: Instant) {
        freshUntil = min(freshUntil, Self.ticks(time))
    }

    package func has(_ flag: Flags) -> Bool { flags.contains(flag) }

    package var hasValidator: Bool { !flags.isDisjoint(with: [.hasETag, .hasLastModified]) }

    @inline(__always) package func isFresh(at now: Instant) -> Bool {
        StoredRules.ticks(now) < freshUntil
    }

    /// The Age field (RFC 9111 §5.1), whole seconds.
    package func age(at now: Instant) -> Int64 {
        max(0, StoredRules.ticks(now).subtractingSaturated(born)) / StoredRules.second
    }

    /// What is left of the freshness, negative when stale; for `ttl` of Cache-Status.
    package func timeToLive(at now: Instant) -> Int64 { Int64(lifetime) - age(at: now) }

    /// The last moment at which anything but a validation can use it; then it may be dropped
    /// unless it has a validator.
    package var usableUntil: Int64 {
        let longest = max(staleWhileRevalidate, max(staleIfError, keep))
        return freshUntil == .min
            ? .min : freshUntil.addingSaturated(Int64(longest) * StoredRules.second)
    }

    /// The same rules under another monotonic clock: what a disk store keeps over a restart.
    ///
    /// - Parameter offset: nanoseconds to add to times of the old clock.
    package func shifted(by offset: Int64) -> StoredRules {
        var copy = self
        copy.born = born.addingSaturated(offset)
        if freshUntil != .min { copy.freshUntil = freshUntil.addingSaturated(offset) }
        return copy
    }

    static let second: Int64 = 1_000_000_000

    @inline(__always) static func ticks(_ instant: Instant) -> Int64 {
        Int64(clamping: instant.nanoseconds)
    }
}

extension Int64 {
    func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, over) = addingReportingOverflow(other)
        return over ? (other < 0 ? .min : .max) : sum
    }

    func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, over) = subtractingReportingOverflow(other)
        return over ? (other > 0 ? .min : .max) : difference
    }
}
