internal import PorticoBytes

/// The words of JSON (RFC 8259), one after the other.
struct JSONScanner: ~Escapable {
    let text: Span<UInt8>
    var index = 0
    /// A name and colon, a comma of an array, or an opening bracket came last.
    var expectsValue = true

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    func peek() throws(BodyFault) -> UInt8 {
        if index < text.count { return text[index] }
        throw unfinished
    }

    @_lifetime(self: copy self)
    mutating func skipBlanks() {
        while index < text.count {
            switch text[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index &+= 1
            default: return
            }
        }
    }

    @_lifetime(self: copy self)
    @_lifetime(copy self)
    mutating func readWord(_ word: StaticString) throws(BodyFault) -> Span<UInt8> {
        let end = min(text.count, index + word.utf8CodeUnitCount)
        let read = text.extracting(index..<end)
        if !read.equals(word) {
            if end == text.count, read.count < word.utf8CodeUnitCount { throw unfinished }
            throw BodyFault(.malformed, "JSON: no value", at: index)
        }
        index = end
        return read
    }

    @_lifetime(self: copy self)
    @_lifetime(copy self)
    mutating func readNumber() throws(BodyFault) -> Span<UInt8> {
        let start = index
        if index < text.count, text[index] == 0x2D { index &+= 1 }
        if index < text.count, text[index] == 0x30 {
            index &+= 1
        } else {
            try readDigits()
        }
        if index < text.count, text[index] == 0x2E {
            index &+= 1
            try readDigits()
        }
        if index < text.count, text[index] | 0x20 == 0x65 {
            index &+= 1
            if index < text.count, text[index] == 0x2B || text[index] == 0x2D { index &+= 1 }
            try readDigits()
        }
        return text.extracting(start..<index)
    }

    @_lifetime(self: copy self)
    private mutating func readDigits() throws(BodyFault) {
        guard ASCII.isDigit(try peek()) else {
            throw BodyFault(.malformed, "JSON: no value", at: index)
        }
        while index < text.count, ASCII.isDigit(text[index]) { index &+= 1 }
    }

    /// From the opening quote to behind the closing one; the bytes between, unescaped.
    @_lifetime(self: copy self)
    mutating func readString(_ append: (UInt8) -> Void) throws(BodyFault) {
        index &+= 1
        while true {
            let byte = try peek()
            switch byte {
            case 0x22:
                index &+= 1
                return
            case 0x5C: try readEscape(append)
            case 0..<0x20: throw BodyFault(.malformed, "JSON: a control in a string", at: index)
            case 0x20..<0x80:
                append(byte)
                index &+= 1
            default:
                guard let length = text.lengthOfUTF8(at: index) else {
                    throw BodyFault(.malformed, "JSON: a string that is no UTF-8", at: index)
                }
                for _ in 0..<length {
                    append(text[index])
                    index &+= 1
                }
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func readEscape(_ append: (UInt8) -> Void) throws(BodyFault) {
        let start = index
        index &+= 1
        let byte = try peek()
        index &+= 1
        switch byte {
        case 0x22, 0x5C, 0x2F: append(byte)
        case 0x62: append(0x08)
        case 0x66: append(0x0C)
        case 0x6E: append(0x0A)
        case 0x72: append(0x0D)
        case 0x74: append(0x09)
        case 0x75: try readUnicode(append)
        default: throw BodyFault(.malformed, "JSON: an escape that does not exist", at: start)
        }
    }

    /// Behind `\u`. Half a surrogate pair becomes U+FFFD.
    @_lifetime(self: copy self)
    private mutating func readUnicode(_ append: (UInt8) -> Void) throws(BodyFault) {
        var scalar = try readFourDigits()
        if scalar >> 10 == 0x36, index &+ 1 < text.count, text[index] == 0x5C,
            text[index &+ 1] == 0x75
        {
            let before = index
            index &+= 2
            let low = try readFourDigits()
            if low >> 10 == 0x37 {
                scalar = 0x10000 &+ (scalar & 0x3FF) << 10 | (low & 0x3FF)
            } else {
                index = before
            }
        }
        if scalar >> 11 == 0x1B { scalar = 0xFFFD }
        switch scalar {
        case ..<0x80: append(UInt8(truncatingIfNeeded: scalar))
        case ..<0x800:
            append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
            append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
        case ..<0x10000:
            append(0xE0 | UInt8(truncatingIfNeeded: scalar >> 12))
            append(0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F))
            append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
        default:
            append(0xF0 | UInt8(truncatingIfNeeded: scalar >> 18))
            append(0x80 | UInt8(truncatingIfNeeded: scalar >> 12 & 0x3F))
            append(0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F))
            append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
        }
    }

    @_lifetime(self: copy self)
    private mutating func readFourDigits() throws(BodyFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = ASCII.hexadecimalValue(try peek()) else {
                throw BodyFault(.malformed, "JSON: an escape that does not exist", at: index)
            }
            value = value << 4 | UInt32(digit)
            index &+= 1
        }
        return value
    }

    private var unfinished: BodyFault {
        BodyFault(.unfinished, "JSON: the text ends too early", at: text.count)
    }
}
