internal import PorticoBytes

/// `t:htmlEntityDecode`.
enum HTMLEntities {
    /// `&#D+;?` and `&#xH+;?` become the lowest byte of their number; `quot`, `amp`, `lt`, `gt` and
    /// `nbsp`, whatever their case, with or without `;`, what they name, where they are the whole
    /// run of letters and digits. The rest stays.
    static func decode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var ampersand = input.firstIndex(of: 0x26, or: 0x26, from: 0)
        if ampersand == input.count { return false }
        var copied = 0
        var isChanged = false
        while ampersand < input.count {
            guard let entity = entity(input, ampersand &+ 1) else {
                ampersand = input.firstIndex(of: 0x26, or: 0x26, from: ampersand &+ 1)
                continue
            }
            if !isChanged {
                output.begin(with: input, upTo: 0, room: input.count)
                isChanged = true
            }
            output.copy(input, copied..<ampersand)
            output.append(entity.byte)
            copied = entity.end
            if copied < input.count, input[copied] == 0x3B { copied &+= 1 }
            ampersand = input.firstIndex(of: 0x26, or: 0x26, from: copied)
        }
        if isChanged { output.copy(input, copied..<input.count) }
        return isChanged
    }

    /// What stands behind an ampersand, without the semicolon.
    private static func entity(_ input: Span<UInt8>, _ start: Int) -> (byte: UInt8, end: Int)? {
        guard start < input.count else { return nil }
        if input[start] == 0x23 { return number(input, start &+ 1) }
        var end = start
        while end < input.count, ASCII.isLetter(input[end]) || ASCII.isDigit(input[end]) {
            end &+= 1
        }
        let name = input.extracting(start..<end)
        let byte: UInt8? =
            switch name.count {
            case 2: name.equalsFolded("lt") ? 0x3C : name.equalsFolded("gt") ? 0x3E : nil
            case 3: name.equalsFolded("amp") ? 0x26 : nil
            case 4: name.equalsFolded("quot") ? 0x22 : name.equalsFolded("nbsp") ? 0xA0 : nil
            default: nil
            }
        return byte.map { ($0, end) }
    }

    /// Behind `&#`. Of a number, only the lowest byte is asked for: overflow does not matter.
    private static func number(_ input: Span<UInt8>, _ start: Int) -> (byte: UInt8, end: Int)? {
        var index = start
        var value: UInt8 = 0
        let isHex = index < input.count && input[index] | 0x20 == 0x78
        if isHex { index &+= 1 }
        let digits = index
        while index < input.count {
            if isHex {
                guard let digit = ASCII.hexadecimalValue(input[index]) else { break }
                value = value << 4 | digit
            } else {
                guard ASCII.isDigit(input[index]) else { break }
                value = value &* 10 &+ (input[index] &- 0x30)
            }
            index &+= 1
        }
        return index > digits ? (value, index) : nil
    }
}
