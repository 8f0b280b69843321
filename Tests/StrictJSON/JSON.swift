/// A strict reader of one JSON value (RFC 8259) without white space, for tests: written apart from
/// the writers, and from the reader, of the program that it checks. A name stands once in an object.
package enum JSON: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }

    /// The text of a line or of a body that ends as one.
    package init(_ text: String) throws {
        var bytes = Array(text.utf8)
        while bytes.last == 0x0A { bytes.removeLast() }
        guard let value = JSON(bytes) else { throw Fault(description: "no JSON: \(text)") }
        self = value
    }

    /// Nil for anything but JSON in UTF-8.
    package init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = Reader(rest: Substring(text).unicodeScalars)
        guard let value = reader.value(), reader.rest.isEmpty else { return nil }
        self = value
    }

    package subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package subscript(index: Int) -> JSON? {
        if case .array(let elements) = self, index < elements.count { elements[index] } else { nil }
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var number: Int? {
        if case .number(let number) = self { Int(number) } else { nil }
    }

    package var keys: Set<String> {
        if case .object(let members) = self { Set(members.keys) } else { [] }
    }

    private struct Reader {
        var rest: Substring.UnicodeScalarView

        mutating func value() -> JSON? {
            switch rest.first {
            case "{": object()
            case "[": array()
            case "\"": string().map { .string($0) }
            case "n": skip("null") ? .null : nil
            case "t": skip("true") ? .bool(true) : nil
            case "f": skip("false") ? .bool(false) : nil
            default: number()
            }
        }

        mutating func skip(_ word: String) -> Bool {
            guard rest.starts(with: word.unicodeScalars) else { return false }
            rest.removeFirst(word.unicodeScalars.count)
            return true
        }

        mutating func number() -> JSON? {
            let digits = rest.prefix { "-+.eE0123456789".unicodeScalars.contains($0) }
            rest.removeFirst(digits.count)
            let text = String(digits)
            let whole = text.drop { $0 == "-" }.prefix { ("0"..."9").contains($0) }
            // What Double reads and JSON has not: "+1", ".5", "5.", "01".
            if text.first == "+" || text.last == "." || whole.isEmpty
                || whole.count > 1 && whole.first == "0"
            {
                return nil
            }
            return Double(text).map { .number($0) }
        }

        mutating func array() -> JSON? {
            guard skip("[") else { return nil }
            var elements: [JSON] = []
            if skip("]") { return .array([]) }
            repeat {
                guard let value = value() else { return nil }
                elements.append(value)
            } while skip(",")
            return skip("]") ? .array(elements) : nil
        }

        mutating func object() -> JSON? {
            guard skip("{") else { return nil }
            var members: [String: JSON] = [:]
            if skip("}") { return .object([:]) }
            repeat {
                guard let key = string(), skip(":"), let value = value(), members[key] == nil else {
                    return nil
                }
                members[key] = value
            } while skip(",")
            return skip("}") ? .object(members) : nil
        }

        mutating func string() -> String? {
            guard skip("\"") else { return nil }
            var text = String.UnicodeScalarView()
            while let scalar = rest.popFirst() {
                switch scalar {
                case "\"": return String(text)
                case "\\":
                    guard let escaped = escape() else { return nil }
                    text.append(escaped)
                case "\u{0}"..."\u{1F}": return nil
                default: text.append(scalar)
                }
            }
            return nil
        }

        mutating func escape() -> Unicode.Scalar? {
            switch rest.popFirst() {
            case "\"": return "\""
            case "\\": return "\\"
            case "/": return "/"
            case "b": return "\u{8}"
            case "f": return "\u{C}"
            case "n": return "\n"
            case "r": return "\r"
            case "t": return "\t"
            case "u":
                let digits = String(rest.prefix(4))
                guard digits.count == 4, let code = UInt32(digits, radix: 16) else { return nil }
                rest.removeFirst(4)
                return Unicode.Scalar(code)
            default: return nil
            }
        }
    }
}
