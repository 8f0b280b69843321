/// What one thread needs to evaluate operators, and what the last evaluation found. Made once and
/// used for any number of operators.
package struct OperatorCaptures: ~Copyable {
    /// Whether groups are asked for (`capture`). Without, operators may stop at "it matches", and
    /// `count` stays 0 except after `@rx`.
    package var wanted = true
    /// Groups 0..<count have a value or took no part; 0: nothing was captured.
    package internal(set) var count = 0
    /// The last `@rx` was given up: more work than the limits allow. It did not match then.
    package internal(set) var exceededLimits = false

    var source = Source.none
    /// Group 0, where it is no part of the value.
    var text: [UInt8] = []
    var pattern: PatternCaptures
    var literals = LiteralScratch()

    enum Source { case none, pattern, whole, text }

    package init(limits: PatternLimits = PatternLimits()) {
        pattern = PatternCaptures(limits: limits)
        text.reserveCapacity(256)
    }

    /// The value of group 0...9; nil if it took no part. `value` is what was evaluated.
    @_lifetime(borrow self, copy value)
    package func group(_ index: Int, of value: Span<UInt8>) -> Span<UInt8>? {
        guard index >= 0, index < count else { return nil }
        switch source {
        case .none: return nil
        case .pattern:
            guard let range = pattern[index] else { return nil }
            return value.extracting(range)
        case .whole: return value
        case .text: return text.span
        }
    }

    /// Where group 0...9 lies in the value; nil if it took no part, or is no part of the value.
    package func range(_ index: Int, of value: Span<UInt8>) -> Range<Int>? {
        guard index >= 0, index < count else { return nil }
        return switch source {
        case .none, .text: nil
        case .pattern: pattern[index]
        case .whole: 0..<value.count
        }
    }

    mutating func clear() {
        count = 0
        exceededLimits = false
        source = .none
    }

    mutating func captureWhole() {
        if wanted { (count, source) = (1, .whole) }
    }

    mutating func capture(text bytes: Span<UInt8>) {
        guard wanted else { return }
        text.removeAll(keepingCapacity: true)
        for index in bytes.indices { text.append(bytes[index]) }
        (count, source) = (1, .text)
    }
}
