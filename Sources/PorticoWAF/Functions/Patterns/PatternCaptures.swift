internal import CPorticoPCRE2
internal import PorticoBytes

/// What one thread needs to match patterns, and where the groups of the last match lie. Made once
/// and used for any number of patterns.
@safe package struct PatternCaptures: ~Copyable {
    /// Groups 0...9, as SecLang's TX.0 to TX.9.
    package static let most = 10

    private let handle: OpaquePointer
    /// Groups of the last match that may have a range, the whole match included; 0 without a match.
    package private(set) var count = 0

    package init(limits: PatternLimits = PatternLimits()) {
        guard
            let made = unsafe portico_match_make(
                UInt32(Self.most), limits.match, limits.depth, limits.heapKiB)
        else { fatalError("out of memory") }
        unsafe handle = made
    }

    deinit { unsafe portico_match_free(handle) }

    /// Where a group lies in the value that was matched; nil if it took no part.
    package subscript(group: Int) -> Range<Int>? {
        guard group >= 0, group < count else { return nil }
        // SAFETY: the shim has room for `most` pairs, and `count` is never more.
        let (lower, upper) = unsafe (
            portico_match_offsets(handle)[2 * group], portico_match_offsets(handle)[2 * group + 1]
        )
        // Not taking part is SIZE_MAX, -1 here; \K can make an end precede its begin.
        guard lower >= 0, lower <= upper else { return nil }
        return lower..<upper
    }

    mutating func run(_ pattern: Pattern, over value: Span<UInt8>) -> PatternOutcome {
        // SAFETY: the bytes are read within the call, and only ranges stay behind.
        let answer = unsafe value.withUnsafeBufferPointer { bytes in
            unsafe portico_match_run(handle, pattern.handle, bytes.baseAddress, bytes.count)
        }
        count = max(0, min(Int(answer), Self.most))
        if answer > 0 { return .matched }
        // What else PCRE2 can answer is a fault of its own: not to be taken for a no.
        return Int(answer) == Int(PORTICO_MATCH_NO) ? .no : .limitExceeded
    }
}
