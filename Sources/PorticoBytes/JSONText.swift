extension Buffer {
    /// Appends any bytes as a JSON string (RFC 8259 §7), quotes included.
    ///
    /// UTF-8 stays as it is. A byte that is part of no UTF-8 sequence is written as `\u00XX`, its
    /// meaning in Latin-1: the line stays valid JSON, and who looks at the raw line sees which
    /// byte it was. Control characters are escaped, DEL and U+0080…U+009F among them, since they
    /// would reach the terminal of whoever reads a log.
    package mutating func append(json text: Span<UInt8>) {
        append(0x22)
        append(jsonPart: text)
        append(0x22)
    }

    /// The same without quotes, for a string that is made of pieces. A piece must not end within
    /// a UTF-8 sequence.
    package mutating func append(jsonPart text: Span<UInt8>) {
        let count = text.count
        var written = 0
        var index = 0
        while index < count {
            let byte = text[index]
            if JSONText.isPlain(byte) {
                index &+= 1
                continue
            }
            var escaped = byte
            var length = 1
            if byte >= 0x80 {
                let sequence = JSONText.sequenceLength(in: text, at: index)
                let isControl = sequence == 2 && byte == 0xC2 && text[index + 1] < 0xA0
                if sequence > 0 && !isControl {
                    index &+= sequence
                    continue
                }
                if isControl {
                    escaped = text[index + 1]
                    length = 2
                }
            }
            append(text.extracting(written..<index))
            append(escape: escaped)
            index &+= length
            written = index
        }
        append(text.extracting(written..<count))
    }

    private mutating func append(escape byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(hexadecimal: UInt64(byte &>> 4))
            append(hexadecimal: UInt64(byte & 15))
        }
    }
}

private enum JSONText {
    /// ASCII that stands for itself: neither a control byte nor quote nor backslash.
    @inline(__always) static func isPlain(_ byte: UInt8) -> Bool {
        // One bit for each ASCII byte, 64 to a word.
        let bits: UInt64 = byte < 64 ? 0xFFFF_FFFB_0000_0000 : 0x7FFF_FFFF_EFFF_FFFF
        return byte < 128 && (bits &>> UInt64(byte & 63)) & 1 == 1
    }

    /// The length of the well-formed UTF-8 sequence of more than one byte that begins at `start`
    /// (Unicode 16, table 3-7); 0 if there is none.
    static func sequenceLength(in text: Span<UInt8>, at start: Int) -> Int {
        let length: Int
        // Overlong forms, surrogates and what is above U+10FFFF show in the second byte.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch text[start] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        if text.count - start < length || !second.contains(text[start + 1]) { return 0 }
        for index in start + 2..<start + max(length, 2) where text[index] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}
