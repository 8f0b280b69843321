internal import PorticoBytes

/// Makes request ids: 32 hexadecimal digits, unlike any other's. One generator a worker.
package struct RequestIDs: ~Copyable {
    private var state: (UInt64, UInt64)

    /// `seed`: 16 random bytes, different for each worker and each start.
    package init(seed: (UInt64, UInt64)) { state = seed }

    package mutating func next() -> InlineArray<32, UInt8> {
        let (high, low) = (Self.mix(&state.0), Self.mix(&state.1))
        var text = InlineArray<32, UInt8>(repeating: 0)
        for digit in 0..<16 {
            text[digit] = Self.digit(high >> UInt64(60 - 4 * digit))
            text[16 + digit] = Self.digit(low >> UInt64(60 - 4 * digit))
        }
        return text
    }

    /// A seed for another generator.
    package mutating func seed() -> UInt64 { Self.mix(&state.0) }

    /// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    private static func mix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    private static func digit(_ word: UInt64) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: word & 15)
        return value < 10 ? value &+ 0x30 : value &+ 0x57
    }

    /// Whether an id that a trusted proxy sent may be used: printable, without delimiters, short.
    package static func isWellFormed(_ id: Span<UInt8>) -> Bool {
        if id.isEmpty || id.count > 128 { return false }
        for index in id.indices where !ASCII.isTokenByte(id[index]) {
            if id[index] != 0x3A && id[index] != 0x3D && id[index] != 0x2F { return false }
        }
        return true
    }
}
