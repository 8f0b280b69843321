internal import PorticoBytes

/// Backslashes: `t:jsDecode`, `t:cssDecode`, `t:escapeSeqDecode`.
enum Escapes {
    /// `\uHHHH`, `\xHH`, up to three octal digits (two where three would exceed 377), `\a \b \f \n
    /// \r \t \v`; of any other pair the backslash goes. A backslash at the end stays.
    static func decodeJavaScript(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        rewrite(input, keepingLast: true, into: &output) { input, index, output in
            let byte = input[index]
            if byte == 0x75, let high = URLText.hexPair(input, index &+ 1),
                let low = URLText.hexPair(input, index &+ 3)
            {
                output.append(URLText.narrow(high, low))
                return index &+ 5
            }
            if byte == 0x78, let value = URLText.hexPair(input, index &+ 1) {
                output.append(value)
                return index &+ 3
            }
            if byte &- 0x30 < 8 {
                var (value, length) = octal(input, index)
                if value > 0xFF { (value, length) = (value >> 3, 2) }
                output.append(UInt8(truncatingIfNeeded: value))
                return index &+ length
            }
            output.append(control(byte) ?? byte)
            return index &+ 1
        }
    }

    /// ANSI C's escapes; of any other pair the backslash goes. A backslash at the end stays.
    static func decodeC(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        rewrite(input, keepingLast: true, into: &output) { input, index, output in
            let byte = input[index]
            if byte | 0x20 == 0x78, let value = URLText.hexPair(input, index &+ 1) {
                output.append(value)
                return index &+ 3
            }
            if byte &- 0x30 < 8 {
                let (value, length) = octal(input, index)
                output.append(UInt8(truncatingIfNeeded: value))
                return index &+ length
            }
            output.append(control(byte) ?? byte)
            return index &+ 1
        }
    }

    /// One to six hexadecimal digits, of which the last two count, and one blank behind them; a
    /// backslash before a newline goes with it, before anything else alone, as at the end.
    static func decodeCSS(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        rewrite(input, keepingLast: false, into: &output) { input, index, output in
            var end = index
            while end < input.count, end &- index < 6,
                ASCII.hexadecimalValue(input[end]) != nil
            { end &+= 1 }
            let count = end &- index
            if count == 0 {
                if input[index] != 0x0A { output.append(input[index]) }
                return index &+ 1
            }
            let low = pair(input, end, of: count)
            // Four digits, or more whose first are zero, can be full-width ASCII.
            let isFour =
                count == 4 || count == 5 && input[index] == 0x30
                || count == 6 && input[index] == 0x30 && input[index &+ 1] == 0x30
            let high = isFour ? pair(input, end &- 2, of: 2) : 0
            output.append(isFour ? URLText.narrow(high, low) : low)
            if end < input.count, Blanks.isBlank(input[end]) { end &+= 1 }
            return end
        }
    }

    /// The value of the last two digits before `end`, or of the only one.
    private static func pair(_ input: Span<UInt8>, _ end: Int, of count: Int) -> UInt8 {
        let low = ASCII.hexadecimalValue(input[end &- 1]) ?? 0
        return count == 1 ? low : (ASCII.hexadecimalValue(input[end &- 2]) ?? 0) << 4 | low
    }

    /// Calls `decode` with the position behind each backslash; it answers where to go on.
    @inline(__always)
    private static func rewrite(
        _ input: Span<UInt8>, keepingLast: Bool, into output: inout [UInt8],
        _ decode: (Span<UInt8>, Int, inout [UInt8]) -> Int
    ) -> Bool {
        var backslash = input.firstIndex(of: 0x5C, or: 0x5C, from: 0)
        // Each other one makes the text shorter.
        if backslash == input.count || keepingLast && backslash == input.count &- 1 { return false }
        output.begin(with: input, upTo: backslash, room: input.count)
        while backslash < input.count {
            var index = backslash &+ 1
            if index == input.count {
                if keepingLast { output.append(0x5C) }
                break
            }
            index = decode(input, index, &output)
            backslash = input.firstIndex(of: 0x5C, or: 0x5C, from: index)
            output.copy(input, index..<backslash)
        }
        return true
    }

    /// Up to three octal digits, of which there is one.
    private static func octal(_ input: Span<UInt8>, _ start: Int) -> (value: UInt16, length: Int) {
        var (value, index): (UInt16, Int) = (0, start)
        while index < input.count, index &- start < 3, input[index] &- 0x30 < 8 {
            value = value << 3 | UInt16(input[index] &- 0x30)
            index &+= 1
        }
        return (value, index &- start)
    }

    private static func control(_ letter: UInt8) -> UInt8? {
        switch letter {
        case 0x61: 0x07
        case 0x62: 0x08
        case 0x66: 0x0C
        case 0x6E: 0x0A
        case 0x72: 0x0D
        case 0x74: 0x09
        case 0x76: 0x0B
        default: nil
        }
    }
}
