/// A strict reader of one JSON value (RFC 8259).
enum JSON: Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(_ text: String) throws {
        var reader = Reader(rest: Substring(text).unicodeScalars)
        guard let value = reader.value(), reader.rest.allSatisfy({ $0 == "\n" }) else {
            throw Trouble("no JSON: \(text)")
        }
        self = value
    }

    subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    subscript(index: Int) -> JSON? {
        if case .array(let elements) = self, index < elements.count { elements[index] } else { nil }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var number: Int? {
        if case .number(let number) = self { Int(number) } else { nil }
    }

    var keys: Set<String> {
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
            return Double(String(digits)).map { .number($0) }
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
                rest.removeFirst(min(4, rest.count))
                return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
            default: return nil
            }
        }
    }
}
