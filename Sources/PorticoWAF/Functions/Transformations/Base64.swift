/// `t:base64Decode`, `t:base64DecodeExt`, `t:base64Encode` (RFC 4648 §4).
enum Base64 {
    /// Up to the first byte that is not of the alphabet, or skipping those; padding need not be
    /// there. Six bits that are left over go.
    static func decode(
        _ input: Span<UInt8>, skippingOthers: Bool, into output: inout [UInt8]
    ) -> Bool {
        if input.isEmpty { return false }
        output.begin(with: input, upTo: 0, room: input.count / 4 * 3 + 3)
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for index in input.indices {
            let value = value(input[index])
            if value > 63 {
                if skippingOthers { continue }
                break
            }
            bits = bits << 6 | UInt32(value)
            count &+= 6
            if count >= 8 {
                count &-= 8
                output.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return true
    }

    @inline(__always)
    private static func value(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x41...0x5A: byte &- 0x41
        case 0x61...0x7A: byte &- 0x61 &+ 26
        case 0x30...0x39: byte &- 0x30 &+ 52
        case 0x2B: 62
        case 0x2F: 63
        default: 64
        }
    }

    static func encode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        if input.isEmpty { return false }
        output.begin(with: input, upTo: 0, room: (input.count + 2) / 3 * 4)
        var index = 0
        while index < input.count {
            let left = input.count &- index
            let second = left > 1 ? input[index &+ 1] : 0
            let third = left > 2 ? input[index &+ 2] : 0
            output.append(letter(input[index] >> 2))
            output.append(letter((input[index] & 3) << 4 | second >> 4))
            output.append(left > 1 ? letter((second & 15) << 2 | third >> 6) : 0x3D)
            output.append(left > 2 ? letter(third & 63) : 0x3D)
            index &+= 3
        }
        return true
    }

    private static func letter(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: 0x41 &+ value
        case 26..<52: 0x61 &+ (value &- 26)
        case 52..<62: 0x30 &+ (value &- 52)
        case 62: 0x2B
        default: 0x2F
        }
    }
}
