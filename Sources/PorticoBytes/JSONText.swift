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
            index = JSONText.endOfPlainBytes(in: text, from: index)
            if index == count { break }
            let byte = text[index]
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

    /// Appends texts as a JSON array of strings.
    package mutating func append(jsonArray texts: [String]) {
        append("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { append(",") }
            append(json: Array(text.utf8).span)
        }
        append("]")
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
    /// Where the next byte stands that does not stand for itself: a control byte, DEL, a quote, a
    /// backslash, or none of ASCII.
    ///
    /// Eight bytes at a time: byte by byte, this loop was the largest part of an access line.
    @inline(__always) static func endOfPlainBytes(in text: Span<UInt8>, from start: Int) -> Int {
        let bytes = unsafe text.bytes
        let count = text.count
        var index = start
        while index &+ 8 <= count {
            // SAFETY: eight bytes from index on lie in the text; any bits are an integer.
            let word = unsafe UInt64(
                littleEndian: bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: index, as: UInt64.self))
            let found = special(in: word)
            if found != 0 { return index &+ found.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        while index < count, special(in: UInt64(text[index]) | filling) == 0 { index &+= 1 }
        return index
    }

    /// Spaces behind a single byte.
    private static var filling: UInt64 { 0x2020_2020_2020_2000 }

    /// The top bit of each byte that needs more than copying; exact for the lowest of them, since
    /// borrows only run upwards.
    @inline(__always) private static func special(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let deletes = word ^ (ones &* 0x7F)
        let controls = (word &- (ones &* 0x20)) & ~word
        let found =
            word | controls | ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
            | ((deletes &- ones) & ~deletes)
        return found & (ones &* 0x80)
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
        for index in start + 2..<start + length where text[index] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }
}
