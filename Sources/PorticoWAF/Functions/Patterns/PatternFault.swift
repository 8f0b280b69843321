/// Why a text is no regular expression: the rule's author erred.
package struct PatternFault: Error, Equatable, Sendable {
    /// PCRE2's sentence.
    package let message: String
    /// Into the pattern, in bytes.
    package let offset: Int

    package init(message: String, offset: Int) {
        self.message = message
        self.offset = offset
    }
}

/// How much work a match may be (`SecPcreMatchLimit`, `SecPcreMatchLimitRecursion`). Beyond it the
/// answer is `.limitExceeded`.
package struct PatternLimits: Equatable, Sendable {
    /// Calls of PCRE2's inner match function; with machine code, backtracking points.
    package var match: UInt32 = 100_000
    /// Nesting of backtracking; machine code has its stack of 1 MiB instead.
    package var depth: UInt32 = 100_000
    /// KiB of heap for backtracking points, where there is no machine code.
    package var heapKiB: UInt32 = 8192

    package init() {}

    package init(match: UInt32, depth: UInt32) {
        self.match = match
        self.depth = depth
    }
}

package enum PatternOutcome: Equatable, Sendable {
    case no
    case matched
    /// Neither yes nor no: more work than the limits allow.
    case limitExceeded
}
