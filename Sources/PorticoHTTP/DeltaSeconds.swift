internal import PorticoBytes

/// Non-negative whole seconds (RFC 9111 §1.2.2), no more than 2^31 - 1: what is larger counts as
/// that, 68 years, so that no sum of such numbers overflows 64 bits in nanoseconds.
package enum DeltaSeconds {
    package static let limit = Int32.max

    /// Digits only; nil for everything else. No number is too large.
    package static func parse(_ text: Span<UInt8>) -> Int32? {
        if text.isEmpty { return nil }
        var value: Int64 = 0
        for index in text.indices {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            value = min(value * 10 + Int64(digit), Int64(limit))
        }
        return Int32(value)
    }

    /// The Age field (RFC 9111 §5.1): the first member of the first line counts, and what is no
    /// number is ignored, as if there were no Age.
    package static func age(in fields: borrowing Fields) -> Int32 {
        guard let line = fields.firstIndex(of: .age) else { return 0 }
        let value = fields.value(at: line)
        // "7200;x=1" is no delta-seconds, but ignoring it would call an old answer new.
        var end = 0
        while end < value.count, value[end] != 0x2C, value[end] != 0x3B { end += 1 }
        return parse(value.extracting(..<end).trimmingOWS) ?? 0
    }
}
