internal import PorticoBytes

/// Entity tags (RFC 9110 §8.8.3), compared where they stand.
package enum EntityTag {
    package enum Comparison: Sendable {
        /// Equal bytes, neither of them weak (§8.8.3.2).
        case strong
        /// Equal but for "W/".
        case weak
    }

    package static func isWeak(_ tag: Span<UInt8>) -> Bool {
        tag.count >= 2 && tag[0] == 0x57 && tag[1] == 0x2F
    }

    package static func match(
        _ left: Span<UInt8>, _ right: Span<UInt8>, _ comparison: Comparison
    ) -> Bool {
        switch comparison {
        case .strong: !isWeak(left) && left.equals(right)
        case .weak: opaque(left).equals(opaque(right))
        }
    }

    @_lifetime(copy tag)
    private static func opaque(_ tag: Span<UInt8>) -> Span<UInt8> {
        isWeak(tag) ? tag.extracting(2...) : tag
    }

    /// Whether a list of tags (If-Match, If-None-Match), on all its lines, holds this one.
    /// A lone "*" is another question: see `isAny`.
    package static func list(
        _ name: FieldName, in fields: borrowing Fields, contains tag: Span<UInt8>,
        _ comparison: Comparison
    ) -> Bool {
        for line in fields.lines where line.name == name {
            let value = fields[line.valueRange]
            var index = 0
            while let member = nextMember(value, &index) {
                if match(value.extracting(member), tag, comparison) { return true }
            }
        }
        return false
    }

    /// "*": any representation at all.
    package static func isAny(_ name: FieldName, in fields: borrowing Fields) -> Bool {
        guard let line = fields.firstIndex(of: name) else { return false }
        return fields.value(at: line).equals("*")
    }

    /// A tag has no escapes: its quoted part ends at the next quote, and may hold commas. What has
    /// no quotes is no tag, but ends at the comma.
    private static func nextMember(_ text: Span<UInt8>, _ index: inout Int) -> Range<Int>? {
        while index < text.count, text[index] == 0x20 || text[index] == 0x09 || text[index] == 0x2C
        { index += 1 }
        guard index < text.count else { return nil }
        let start = index
        while index < text.count, text[index] != 0x2C {
            if text[index] == 0x22 {
                guard let close = text.firstIndex(of: 0x22, from: index + 1) else {
                    index = text.count
                    break
                }
                index = close
            }
            index += 1
        }
        var end = index
        while text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }
}
