/// `t:utf8toUnicode`.
enum UnicodeText {
    /// Sequences of two to four bytes become `%u` and at least four hexadecimal digits. Of an
    /// invalid sequence the lead byte goes; stray bytes stay. Overlong forms and surrogates are
    /// decoded and followed by their lead byte, so that they cannot pass for the plain character.
    static func escape(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var index = input.firstNonASCII(from: 0)
        // Stray bytes stay, and so does what is above F4 unless a sequence follows.
        while index < input.count {
            let length = length(of: input[index])
            if length > 1, input[index] < 0xF5 || scalar(input, index, length) != nil { break }
            index = input.firstNonASCII(from: index &+ 1)
        }
        if index == input.count { return false }
        output.begin(with: input, upTo: index, room: 4 * input.count)
        while index < input.count {
            let lead = input[index]
            let length = length(of: lead)
            if length == 1 {
                output.append(lead)
                index &+= 1
                continue
            }
            // Above U+10FFFF there is nothing: the byte stays, whatever follows.
            if lead >= 0xF5 { output.append(lead) }
            guard let scalar = scalar(input, index, length) else {
                index &+= 1
                continue
            }
            append(scalar, to: &output)
            let lowest: UInt32 = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000
            if scalar < lowest || scalar >> 11 == 0x1B { output.append(lead) }
            index &+= length
        }
        return true
    }

    private static func length(of lead: UInt8) -> Int {
        switch lead {
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0..<0xF8: 4
        default: 1
        }
    }

    private static func scalar(_ input: Span<UInt8>, _ index: Int, _ length: Int) -> UInt32? {
        guard index &+ length <= input.count else { return nil }
        var scalar = UInt32(input[index]) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = input[index &+ offset]
            if byte & 0xC0 != 0x80 { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return scalar
    }

    private static func append(_ scalar: UInt32, to output: inout [UInt8]) {
        output.append(0x25)
        output.append(0x75)
        let digits = max(4, (32 - scalar.leadingZeroBitCount + 3) / 4)
        for place in (0..<digits).reversed() {
            output.append(
                Hexadecimal.digit(UInt8(truncatingIfNeeded: scalar >> (4 * UInt32(place)) & 15)))
        }
    }
}
