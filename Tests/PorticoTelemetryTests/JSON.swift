/// A strict reader of one JSON value, for holding lines against; nil for anything but RFC 8259.
enum JSON: Equatable {
    case null
    case bool(Bool)
    case number(Int)
    case string(String)
    case object([String: JSON])

    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = Reader(rest: Substring(text).unicodeScalars)
        guard let value = reader.value(), reader.rest.isEmpty else { return nil }
        self = value
    }

    subscript(key: String) -> JSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    private struct Reader {
        var rest: Substring.UnicodeScalarView

        mutating func value() -> JSON? {
            switch rest.first {
            case "{": object()
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
            let digits = String(rest.prefix { ("0"..."9").contains($0) })
            if digits.isEmpty || (digits.count > 1 && digits.first == "0") { return nil }
            rest.removeFirst(digits.count)
            return Int(digits).map { .number($0) }
        }

        mutating func object() -> JSON? {
            var members: [String: JSON] = [:]
            guard skip("{") else { return nil }
            if skip("}") { return .object(members) }
            repeat {
                guard let key = string(), skip(":"), let value = value() else { return nil }
                if members.updateValue(value, forKey: key) != nil { return nil }
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
