/// What the RFCs say about single bytes, and comparisons that fold ASCII case.
@usableFromInline package enum ASCII {
    @inlinable package static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inlinable package static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    @inlinable package static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit, or nil.
    @inlinable package static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let folded = (byte | 0x20) &- 0x61
        return folded < 6 ? folded &+ 10 : nil
    }

    /// tchar of RFC 9110 §5.6.2: what tokens (methods, field names) are made of.
    @inlinable package static func isTokenByte(_ byte: UInt8) -> Bool {
        // One bit for each ASCII byte, 64 to a word.
        let bits: UInt64 = byte < 64 ? 0x03FF6CFA00000000 : 0x57FFFFFFC7FFFFFE
        return byte < 128 && (bits &>> UInt64(byte & 63)) & 1 == 1
    }
}

extension Span where Element == UInt8 {
    @inlinable package func equals(_ other: Span<UInt8>) -> Bool {
        let count = count
        if count != other.count { return false }
        var index = 0
        while index < count {
            if self[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes are those of `text`, ASCII letters compared without case.
    /// `text` must be written in lower case.
    @inlinable package func equalsFolded(_ text: StaticString) -> Bool {
        let count = count
        if count != text.utf8CodeUnitCount { return false }
        let other = unsafe text.utf8Start
        var index = 0
        while index < count {
            if unsafe ASCII.lowercase(self[index]) != other[index] { return false }
            index &+= 1
        }
        return true
    }

    @inlinable package func equalsFolded(_ other: Span<UInt8>) -> Bool {
        let count = count
        if count != other.count { return false }
        var index = 0
        while index < count {
            if ASCII.lowercase(self[index]) != ASCII.lowercase(other[index]) { return false }
            index &+= 1
        }
        return true
    }

    @inlinable package func equals(_ text: StaticString) -> Bool {
        let count = count
        if count != text.utf8CodeUnitCount { return false }
        let other = unsafe text.utf8Start
        var index = 0
        while index < count {
            if unsafe self[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Whether any byte is an upper-case ASCII letter.
    @inlinable package var hasUppercase: Bool {
        var index = 0
        while index < count {
            if self[index] &- 0x41 < 26 { return true }
            index &+= 1
        }
        return false
    }

    @inlinable package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        precondition(start >= 0)
        var index = start
        let count = count
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        while index &+ 8 <= count {
            // SAFETY: 0 <= start <= index, and index + 8 <= count.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            // Zero where the byte is; the lowest flag is exact, higher ones may be a borrow's.
            let other = word ^ pattern
            let hits = (other &- 0x0101_0101_0101_0101) & ~other & 0x8080_8080_8080_8080
            if hits != 0 { return index &+ UInt64(littleEndian: hits).trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Without the optional white space (space, tab) at either end (RFC 9110 §5.6.3).
    @inlinable package var trimmingOWS: Span<UInt8> {
        @_lifetime(copy self)
        get {
            var lower = 0
            var upper = count
            while lower < upper, self[lower] == 0x20 || self[lower] == 0x09 { lower &+= 1 }
            while upper > lower, self[upper - 1] == 0x20 || self[upper - 1] == 0x09 { upper &-= 1 }
            return extracting(lower..<upper)
        }
    }

    /// The number that the bytes are in decimal digits; nil if there are none, other bytes, or
    /// more than fits.
    package var decimal: UInt64? {
        if isEmpty { return nil }
        var value: UInt64 = 0
        for index in indices {
            let digit = self[index] &- 0x30
            guard digit < 10 else { return nil }
            let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(UInt64(digit))
            if over || carry { return nil }
            value = sum
        }
        return value
    }

    /// The bytes as text; what is not UTF-8 becomes U+FFFD.
    package var text: String {
        unsafe withUnsafeBufferPointer { bytes in
            unsafe String(decoding: bytes, as: UTF8.self)
        }
    }

    /// A copy.
    package var array: [UInt8] {
        // SAFETY: the array copies before the pointer ends.
        unsafe withUnsafeBufferPointer { bytes in unsafe Array(bytes) }
    }
}
