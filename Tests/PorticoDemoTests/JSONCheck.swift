/// Whether a text is JSON (RFC 8259); written apart from the writer that it checks.
struct JSONCheck {
    private var rest: Substring.UTF8View

    static func accepts(_ text: String) -> Bool {
        var check = JSONCheck(rest: text[...].utf8)
        guard check.value() else { return false }
        check.blank()
        return check.rest.isEmpty
    }

    private mutating func blank() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
    }

    private mutating func take(_ word: String) -> Bool {
        blank()
        guard rest.starts(with: word.utf8) else { return false }
        rest = rest.dropFirst(word.utf8.count)
        return true
    }

    private mutating func value() -> Bool {
        if take("{") { return members(until: "}") { $0.string() && $0.take(":") && $0.value() } }
        if take("[") { return members(until: "]") { $0.value() } }
        if take("true") || take("false") || take("null") { return true }
        blank()
        return rest.first == UInt8(ascii: "\"") ? string() : number()
    }

    private mutating func members(until end: String, _ one: (inout JSONCheck) -> Bool) -> Bool {
        if take(end) { return true }
        repeat {
            guard one(&self) else { return false }
        } while take(",")
        return take(end)
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            if byte < 0x20 { return false }
            guard byte == UInt8(ascii: "\\") else { continue }
            guard let escape = rest.popFirst() else { return false }
            if escape == UInt8(ascii: "u") {
                let digits = rest.prefix(4)
                guard digits.count == 4,
                    digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit })
                else { return false }
                rest = rest.dropFirst(4)
            } else if !"\"\\/bfnrt".utf8.contains(escape) {
                return false
            }
        }
        return false
    }

    private mutating func number() -> Bool {
        let digits = rest.prefix { ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: "-") }
        rest = rest.dropFirst(digits.count)
        return Int(Substring(digits)) != nil
    }
}
