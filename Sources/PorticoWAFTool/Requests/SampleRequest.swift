/// A request to be asked about, and where it came from.
package struct SampleRequest: Sendable, Equatable {
    /// For reports: the file and line, or what the option said.
    package let name: String
    /// As it would arrive over the wire.
    package let bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// `GET /path?query`, of at most so many characters.
    package func title(upTo limit: Int = 60) -> String {
        let line = bytes.prefix { $0 != 0x0D && $0 != 0x0A }
        let words = line.split(separator: 0x20, maxSplits: 1)
        var text = Shown.text(Array(words.first ?? []), upTo: 20)
        if words.count > 1 {
            var target = words[1]
            if let end = target.lastIndex(of: 0x20) { target = target[..<end] }
            text += " " + Shown.text(Array(target), upTo: max(8, limit - text.count - 1))
        }
        return text
    }
}

/// Bytes for people's eyes.
package enum Shown {
    /// Printable UTF-8 as it is, other bytes as `\xNN`; what is longer is cut, with an ellipsis.
    package static func text(_ bytes: [UInt8], upTo limit: Int = .max) -> String {
        var text = ""
        var count = 0
        var index = 0
        while index < bytes.count {
            let (piece, length) = character(bytes, at: index)
            if count + piece.count > limit - (index + length < bytes.count ? 1 : 0) {
                return text + "…"
            }
            text += piece
            count += piece.count
            index += length
        }
        return text
    }

    /// What stands for the bytes at an index, and how many they are.
    static func character(_ bytes: [UInt8], at index: Int) -> (text: String, bytes: Int) {
        let byte = bytes[index]
        if (0x20...0x7E).contains(byte) { return (String(UnicodeScalar(byte)), 1) }
        let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1
        if length > 1, index + length <= bytes.count,
            let text = String(validating: bytes[index..<(index + length)], as: UTF8.self),
            let scalar = text.unicodeScalars.first, scalar.value >= 0xA0,
            scalar.properties.isGraphemeBase, scalar.properties.generalCategory != .format
        {
            return (text, length)
        }
        let digits = Array("0123456789abcdef")
        switch byte {
        case 0x0A: return ("\\n", 1)
        case 0x0D: return ("\\r", 1)
        case 0x09: return ("\\t", 1)
        default: return ("\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])", 1)
        }
    }
}
