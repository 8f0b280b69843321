internal import PorticoBytes
internal import PorticoWAF

/// Tries a pattern on texts that grow, and sees how its time does.
///
/// The engine's match limit ends what would take too long, so that a slow pattern does not stop a
/// server; but a pattern that is given up matches nothing, and an attacker who knows which text
/// does that has a way around it.
enum PatternProbe {
    struct Growth: Equatable {
        /// Bytes of the longest text that was tried.
        let bytes: Int
        let nanoseconds: UInt64
        /// Whether the match limit ended it.
        let isGivenUp: Bool
        /// What is repeated.
        let round: [UInt8]
        let prefix: [UInt8]

        var sentence: String {
            let text =
                (prefix.isEmpty ? "" : "\"\(Shown.text(prefix, upTo: 20))\" and then ")
                + "\"\(Shown.text(round, upTo: 20))\" again and again"
            return isGivenUp
                ? "the match limit ends this pattern at \(bytes) bytes of \(text)"
                : "time grows faster than the text: \(nanoseconds / 1000) µs at \(bytes) bytes of "
                    + text
        }
    }

    /// Nanoseconds: thousands of times what a text of 8 KiB should take.
    private static let tooLong: UInt64 = 10_000_000
    private static let sizes = [32, 256, 1024, 2048, 4096, 8192]

    /// The worst that was found; nil if the time grows as the text does.
    static func worst(_ source: [UInt8], clock: () -> UInt64) -> Growth? {
        guard let pattern = try? Pattern(source.span) else { return nil }
        var captures = PatternCaptures()
        var worst: Growth?
        for pump in PatternShape(source).pumps() {
            // What is behind may have to occur, or PCRE2 does not even begin; and must not match.
            let tail = Array(pump.tail.prefix(64))
            let endings = [[0x0A] + tail, [0x01], tail + [0x00], [0x01] + tail.reversed()]
            var tries = pump.rounds.map { (prefix: pump.prefix, round: $0) }
            // A pattern without an anchor begins anew at each occurrence of what it begins with.
            if !pump.prefix.isEmpty, let first = pump.rounds.first {
                tries.append((prefix: [], round: pump.prefix + first))
            }
            for (prefix, round) in tries {
                for ending in endings {
                    let found = growth(pattern, prefix, round, ending, &captures, clock: clock)
                    if let found, isWorse(found, worst) { worst = found }
                    if let worst, worst.isGivenUp || worst.nanoseconds > tooLong { return worst }
                }
            }
        }
        return worst
    }

    private static func isWorse(_ growth: Growth, _ other: Growth?) -> Bool {
        guard let other else { return true }
        if growth.isGivenUp != other.isGivenUp { return growth.isGivenUp }
        return growth.nanoseconds > other.nanoseconds
    }

    private static func growth(
        _ pattern: Pattern, _ prefix: [UInt8], _ round: [UInt8], _ ending: [UInt8],
        _ captures: inout PatternCaptures, clock: () -> UInt64
    ) -> Growth? {
        var last: UInt64 = 0
        var steep = 0
        for (index, size) in sizes.enumerated() {
            let count = max(1, size / round.count)
            let text = prefix + Array(repeatElement(round, count: count).joined()) + ending
            var least = UInt64.max
            // The least of several, since other programs take their time as well.
            for _ in 0..<(size > 1024 ? 3 : 1) {
                let start = clock()
                let outcome = pattern.firstMatch(in: text.span, captures: &captures)
                least = min(least, clock() &- start)
                if outcome == .limitExceeded {
                    return Growth(
                        bytes: text.count, nanoseconds: least, isGivenUp: true, round: round,
                        prefix: prefix)
                }
                if outcome == .matched { return nil }
                // Enough is known.
                if least < 2000 { break }
            }
            // From 1 KiB on the text doubles; three times the time is more than it should be.
            if index > 2, last > 5000 { steep = least > last * 3 ? steep + 1 : 0 }
            last = least
            // So much for so little is enough to know; a longer text would only take longer.
            if least > tooLong {
                return Growth(
                    bytes: text.count, nanoseconds: least, isGivenUp: false, round: round,
                    prefix: prefix)
            }
            if size == 1024, least < 1500 { return nil }
            if steep >= 2, least > 300_000 {
                return Growth(
                    bytes: text.count, nanoseconds: least, isGivenUp: false, round: round,
                    prefix: prefix)
            }
        }
        return nil
    }
}
