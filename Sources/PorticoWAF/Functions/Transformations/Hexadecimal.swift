internal import PorticoBytes

/// `t:hexEncode`, `t:hexDecode`, `t:sqlHexDecode`.
enum Hexadecimal {
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x57 &+ value }

    static func encode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        if input.isEmpty { return false }
        output.begin(with: input, upTo: 0, room: 2 * input.count)
        for index in input.indices {
            output.append(digit(input[index] >> 4))
            output.append(digit(input[index] & 15))
        }
        return true
    }

    /// Two digits a byte; a digit that is left over goes. What is no digit counts as ModSecurity
    /// counts it: letters go on behind `f`.
    static func decode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        if input.isEmpty { return false }
        output.begin(with: input, upTo: 0, room: input.count / 2)
        var index = 0
        while index &+ 1 < input.count {
            output.append(value(input[index]) &* 16 &+ value(input[index &+ 1]))
            index &+= 2
        }
        return true
    }

    private static func value(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 ? (byte & 0xDF) &- 0x41 &+ 10 : byte &- 0x30
    }

    /// `0xHH…` becomes bytes, as long as there are two digits. As in ModSecurity, a NUL ends the
    /// text, and so does the last byte if it belongs to no number.
    static func decodeSQL(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        if input.isEmpty { return false }
        output.begin(with: input, upTo: 0, room: input.count)
        var index = 0
        while index < input.count, input[index] != 0 {
            if input[index] == 0x30, index &+ 3 < input.count, input[index &+ 1] | 0x20 == 0x78,
                URLText.hexPair(input, index &+ 2) != nil
            {
                index &+= 2
                while let value = URLText.hexPair(input, index) {
                    output.append(value)
                    index &+= 2
                }
            } else {
                if index &+ 1 < input.count { output.append(input[index]) }
                index &+= 1
            }
        }
        return true
    }
}
