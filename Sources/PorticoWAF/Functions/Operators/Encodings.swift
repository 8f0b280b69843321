internal import PorticoBytes

/// `@validateUrlEncoding` and `@validateUtf8Encoding`: they match what is wrong.
enum Encodings {
    /// Whether a `%` is not followed by two hexadecimal digits.
    static func hasBadEscape(_ value: Span<UInt8>) -> Bool {
        var index = 0
        while let percent = value.firstIndex(of: 0x25, from: index) {
            guard percent &+ 2 < value.count, ASCII.hexadecimalValue(value[percent &+ 1]) != nil,
                ASCII.hexadecimalValue(value[percent &+ 2]) != nil
            else { return true }
            index = percent &+ 3
        }
        return false
    }

    /// Whether the bytes are no UTF-8 (RFC 3629 §4): missing or stray continuation bytes,
    /// overlong forms, surrogates, numbers above 10FFFF.
    static func hasBadUTF8(_ value: Span<UInt8>) -> Bool {
        var index = 0
        while true {
            index = value.firstNonASCII(from: index)
            if index == value.count { return false }
            guard let length = value.lengthOfUTF8(at: index) else { return true }
            index &+= length
        }
    }
}

extension Span where Element == UInt8 {
    /// The first position from `start` on whose byte is above 0x7F; the count if there is none.
    func firstNonASCII(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            // SAFETY: 0 <= start <= index, and index + 8 <= count.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let high = word & 0x8080_8080_8080_8080
            if high != 0 { return index &+ UInt64(littleEndian: high).trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < count, self[index] < 0x80 { index &+= 1 }
        return index
    }

    /// The length of the well-formed sequence that begins at `index` with a byte above 0x7F
    /// (Unicode, table 3-7); nil if there is none.
    func lengthOfUTF8(at index: Int) -> Int? {
        let lead = self[index]
        let rest = count &- index &- 1
        let (length, allowed): (Int, ClosedRange<UInt8>) =
            switch lead {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0...0)
            }
        guard length > 0, rest >= length &- 1, allowed.contains(self[index &+ 1]) else {
            return nil
        }
        for further in 2..<4 where further < length {
            if self[index &+ further] & 0xC0 != 0x80 { return nil }
        }
        return length
    }
}
