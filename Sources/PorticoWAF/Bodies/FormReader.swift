internal import PorticoBytes

/// `application/x-www-form-urlencoded` bodies, and query strings.
package enum FormReader {
    /// Appends a pair for each piece between separators that is not empty. The name ends at the
    /// first `=`; in both, `+` is a blank and `%HH` a byte, and what is no `%HH` stays.
    ///
    /// The fault can only be `.tooManyPairs` or `.tooLarge`.
    package static func read(
        _ text: Span<UInt8>, separator: UInt8 = 0x26, limits: BodyLimits = BodyLimits(),
        into list: inout PairList
    ) throws(BodyFault) {
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: separator, from: start) ?? text.count
            if end > start {
                if list.count >= limits.pairs {
                    throw BodyFault(.tooManyPairs, "too many arguments", at: start)
                }
                if list.bytes.count + (end - start) > limits.bytes {
                    throw BodyFault(.tooLarge, "arguments take too much memory", at: start)
                }
                let piece = text.extracting(start..<end)
                let equals = piece.firstIndex(of: 0x3D) ?? piece.count
                let name = decode(piece.extracting(0..<equals), into: &list)
                let rest = piece.extracting(min(equals + 1, piece.count)..<piece.count)
                let value = decode(rest, into: &list)
                list.end(name: name, value: value)
            }
            start = end + 1
        }
    }

    private static func decode(_ text: Span<UInt8>, into list: inout PairList) -> Range<Int> {
        let start = list.bytes.count
        let first = text.firstIndex(of: 0x25, or: 0x2B, from: 0)
        list.append(text.extracting(0..<first))
        var index = first
        while index < text.count {
            let byte = text[index]
            index &+= 1
            if byte == 0x2B {
                list.append(0x20)
            } else if byte == 0x25, index &+ 1 < text.count,
                let high = ASCII.hexadecimalValue(text[index]),
                let low = ASCII.hexadecimalValue(text[index &+ 1])
            {
                list.append(high << 4 | low)
                index &+= 2
            } else {
                list.append(byte)
            }
        }
        return start..<list.bytes.count
    }
}

/// Cookie fields, as rules see them: split at `;`, nothing decoded, no quotes understood.
package enum CookieReader {
    /// Appends a pair for each piece that is not blank. The name, without the blanks before it,
    /// ends at the first `=`.
    package static func read(
        _ field: Span<UInt8>, limits: BodyLimits = BodyLimits(), into list: inout PairList
    ) throws(BodyFault) {
        var start = 0
        while start < field.count {
            let end = field.firstIndex(of: 0x3B, from: start) ?? field.count
            while start < end, Blanks.isBlank(field[start]) { start &+= 1 }
            if start < end {
                if list.count >= limits.pairs {
                    throw BodyFault(.tooManyPairs, "too many cookies", at: start)
                }
                let piece = field.extracting(start..<end)
                let equals = piece.firstIndex(of: 0x3D) ?? piece.count
                list.append(
                    name: piece.extracting(0..<equals),
                    value: piece.extracting(min(equals + 1, piece.count)..<piece.count))
            }
            start = end + 1
        }
    }
}
