/// A JSON text that has been read (RFC 8259), for the few places that read what Portico itself has
/// written. Objects keep the order of their members.
package enum JSONValue: Equatable, Sendable {
    case null
    case flag(Bool)
    /// As it was written: what it is good for, the reader knows.
    case number(String)
    case string(String)
    case list([JSONValue])
    case object([Member])

    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: JSONValue
    }

    /// Nested deeper, a text is refused before the stack is.
    package static let mostDepth = 64

    /// Nil for what is no JSON text.
    package init?(_ text: Span<UInt8>) {
        guard let text = String(validating: text.array, as: UTF8.self) else { return nil }
        var reader = JSONReader(text)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// A member of an object; nil for other values. The last one of a name counts.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// Nil for what is no integer, or none that fits.
    package var integer: Int? { if case .number(let digits) = self { Int(digits) } else { nil } }

    package var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }

    package var elements: [JSONValue] { if case .list(let values) = self { values } else { [] } }

    package var members: [Member] { if case .object(let members) = self { members } else { [] } }
}

private struct JSONReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether nothing but white space is left.
    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return index == bytes.count
        }
    }

    mutating func value(depth: Int) -> JSONValue? {
        if depth > JSONValue.mostDepth { return nil }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return object(depth: depth)
        case UInt8(ascii: "["): return list(depth: depth)
        case UInt8(ascii: "\""): return string().map(JSONValue.string)
        case UInt8(ascii: "n"): return skip("null") ? .null : nil
        case UInt8(ascii: "t"): return skip("true") ? .flag(true) : nil
        case UInt8(ascii: "f"): return skip("false") ? .flag(false) : nil
        default: return number()
        }
    }

    private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private mutating func skip(_ word: String) -> Bool {
        guard bytes[index...].starts(with: word.utf8) else { return false }
        index += word.utf8.count
        return true
    }

    private mutating func object(depth: Int) -> JSONValue? {
        var members: [JSONValue.Member] = []
        index += 1
        skipSpace()
        if skip("}") { return .object([]) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\""), let name = string() else { return nil }
            skipSpace()
            guard skip(":"), let value = value(depth: depth + 1) else { return nil }
            members.append(JSONValue.Member(name: name, value: value))
            skipSpace()
            if skip("}") { return .object(members) }
            guard skip(",") else { return nil }
        }
    }

    private mutating func list(depth: Int) -> JSONValue? {
        var values: [JSONValue] = []
        index += 1
        skipSpace()
        if skip("]") { return .list([]) }
        while true {
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
            skipSpace()
            if skip("]") { return .list(values) }
            guard skip(",") else { return nil }
        }
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    private mutating func number() -> JSONValue? {
        let start = index
        _ = skip("-")
        let isZero = peek == UInt8(ascii: "0")
        guard let count = digits(), !isZero || count == 1 else { return nil }
        if skip("."), digits() == nil { return nil }
        if skip("e") || skip("E") {
            _ = skip("+") || skip("-")
            if digits() == nil { return nil }
        }
        return .number(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func digits() -> Int? {
        let start = index
        while let byte = peek, ASCII.isDigit(byte) { index += 1 }
        return index == start ? nil : index - start
    }

    private mutating func string() -> String? {
        var content: [UInt8] = []
        index += 1
        while let byte = peek {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                content += Array(String(Character(scalar)).utf8)
            case 0..<0x20: return nil
            default: content.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = peek else { return nil }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            guard let first = codeUnit() else { return nil }
            guard 0xD800...0xDBFF ~= first else { return Unicode.Scalar(first) }
            guard skip("\\u"), let second = codeUnit(), 0xDC00...0xDFFF ~= second else {
                return nil
            }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private mutating func codeUnit() -> UInt32? {
        guard index + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[index..<index + 4] {
            guard let digit = ASCII.hexadecimalValue(byte) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        index += 4
        return value
    }
}
