internal import PorticoBytes

/// `t:urlDecode`, `t:urlDecodeUni`, `t:urlEncode`.
enum URLText {
    /// `+` becomes a blank, `%HH` a byte and, with `unicode`, `%uHHHH` a byte by the best fit to
    /// ASCII. One pass; what is none of these stays.
    static func decode(
        _ input: Span<UInt8>, unicode: Bool, into output: inout [UInt8]
    ) -> Bool {
        var index = input.firstIndex(of: 0x25, or: 0x2B, from: 0)
        while index < input.count, input[index] == 0x25, hexPair(input, index &+ 1) == nil,
            !unicode || scalar(input, index &+ 1) == nil
        { index = input.firstIndex(of: 0x25, or: 0x2B, from: index &+ 1) }
        if index == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        var bytes = output.mutableSpan
        var end = index
        while index < input.count {
            var byte = input[index]
            index &+= 1
            if byte == 0x2B {
                byte = 0x20
            } else if byte != 0x25 {
                // Most are.
            } else if let value = hexPair(input, index) {
                byte = value
                index &+= 2
            } else if unicode, let (high, low) = scalar(input, index) {
                let scalar = UInt16(high) << 8 | UInt16(low)
                byte = BestFit.byte(for: scalar) ?? narrow(high, low)
                index &+= 5
            }
            bytes[end] = byte
            end &+= 1
        }
        output.removeLast(output.count &- end)
        return true
    }

    /// The two bytes of `uHHHH`; nil if that does not stand here.
    private static func scalar(_ input: Span<UInt8>, _ index: Int) -> (UInt8, UInt8)? {
        guard index < input.count, input[index] | 0x20 == 0x75,
            let high = hexPair(input, index &+ 1), let low = hexPair(input, index &+ 3)
        else { return nil }
        return (high, low)
    }

    /// The lower byte; of full-width ASCII (U+FF01 to U+FF5E) what it looks like.
    @inline(__always)
    static func narrow(_ high: UInt8, _ low: UInt8) -> UInt8 {
        high == 0xFF && low > 0 && low < 0x5F ? low &+ 0x20 : low
    }

    /// The value of two hexadecimal digits; nil if they are none or the text ends.
    @inline(__always)
    static func hexPair(_ input: Span<UInt8>, _ index: Int) -> UInt8? {
        guard index &+ 1 < input.count, let high = ASCII.hexadecimalValue(input[index]),
            let low = ASCII.hexadecimalValue(input[index &+ 1])
        else { return nil }
        return high << 4 | low
    }

    /// Letters, digits and `*` stay, a blank becomes `+`, the rest `%hh`.
    static func encode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var first = 0
        while first < input.count, isPlain(input[first]) { first &+= 1 }
        if first == input.count { return false }
        output.begin(with: input, upTo: first, room: 3 * input.count)
        for index in first..<input.count {
            let byte = input[index]
            if isPlain(byte) {
                output.append(byte)
            } else if byte == 0x20 {
                output.append(0x2B)
            } else {
                output.append(0x25)
                output.append(Hexadecimal.digit(byte >> 4))
                output.append(Hexadecimal.digit(byte & 15))
            }
        }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2A
    }
}
