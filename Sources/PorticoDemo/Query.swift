internal import PorticoBytes

/// A query string or the value of a cookie field, taken apart as far as the shop needs it.
enum Query {
    /// The first value of a parameter, decoded as forms encode it; nil where it is absent.
    static func value(of name: String, in query: String?) -> String? {
        for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            if decoded(parts[0]) == name { return parts.count > 1 ? decoded(parts[1]) : "" }
        }
        return nil
    }

    /// The value of a cookie, as it stands.
    static func cookie(_ name: String, in cookies: String?) -> String? {
        for pair in (cookies ?? "").split(separator: ";") {
            let bare = pair.drop { $0 == " " || $0 == "\t" }
            if bare.hasPrefix(name + "=") { return String(bare.dropFirst(name.utf8.count + 1)) }
        }
        return nil
    }

    /// Percent-decodes; `+` is a space; a `%` without two digits stands for itself. What is not UTF-8
    /// is repaired, as a page can only show text.
    static func decoded(_ raw: Substring.UTF8View) -> String {
        var bytes: [UInt8] = []
        var rest = raw
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2).compactMap { ASCII.hexadecimalValue($0) }
                if digits.count == 2 {
                    bytes.append(digits[0] << 4 | digits[1])
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
