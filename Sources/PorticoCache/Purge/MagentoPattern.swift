internal import PorticoBytes

/// A tag pattern that is only a list of tags in disguise, so that no regular expression is needed.
///
/// Recognised are `.*`, Magento's `((^|,)TAG(,|$))|((^|,)TAG(,|$))…`, and FOSHttpCache's
/// `(^|,)(TAG|TAG…)(,|$)`, where tags are made of bytes that no expression treats specially, or of
/// others behind a backslash (PHP's `preg_quote` puts one before "-" and ":").
/// Anything else is nil, and is a regular expression.
package enum MagentoPattern: Equatable, Sendable {
    case everything
    case tags([[UInt8]])

    package init?(_ pattern: Span<UInt8>) {
        if pattern.equals(".*") {
            self = .everything
            return
        }
        guard let tags = Self.magento(pattern) ?? Self.alternatives(pattern) else { return nil }
        self = .tags(tags)
    }

    private static func magento(_ pattern: Span<UInt8>) -> [[UInt8]]? {
        var tags: [[UInt8]] = []
        var index = 0
        while true {
            guard skip("((^|,)", in: pattern, at: &index),
                let tag = tag(in: pattern, at: &index),
                skip("(,|$))", in: pattern, at: &index)
            else { return nil }
            tags.append(tag)
            if index == pattern.count { return tags }
            guard skip("|", in: pattern, at: &index) else { return nil }
        }
    }

    private static func alternatives(_ pattern: Span<UInt8>) -> [[UInt8]]? {
        var tags: [[UInt8]] = []
        var index = 0
        guard skip("(^|,)(", in: pattern, at: &index) else { return nil }
        repeat {
            guard let tag = tag(in: pattern, at: &index) else { return nil }
            tags.append(tag)
        } while skip("|", in: pattern, at: &index)
        guard skip(")(,|$)", in: pattern, at: &index), index == pattern.count else { return nil }
        return tags
    }

    /// A list of plain tags between "|", blanks and commas: what Drupal's purgers send; nil for
    /// anything else.
    package static func words(_ text: Span<UInt8>) -> [[UInt8]]? {
        for index in text.indices {
            let byte = text[index]
            guard isPlain(byte) || byte == 0x7C || byte == 0x20 || byte == 0x2C else { return nil }
        }
        let words = text.array.split { $0 == 0x7C || $0 == 0x20 || $0 == 0x2C }.map(Array.init)
        return words.isEmpty ? nil : words
    }

    private static func skip(
        _ text: StaticString, in pattern: Span<UInt8>, at index: inout Int
    ) -> Bool {
        let end = index + text.utf8CodeUnitCount
        guard end <= pattern.count, pattern.extracting(index..<end).equals(text) else {
            return false
        }
        index = end
        return true
    }

    private static func tag(in pattern: Span<UInt8>, at index: inout Int) -> [UInt8]? {
        var tag: [UInt8] = []
        while index < pattern.count {
            if isPlain(pattern[index]) {
                tag.append(pattern[index])
                index += 1
            } else if pattern[index] == 0x5C, index + 1 < pattern.count,
                isPunctuation(pattern[index + 1])
            {
                tag.append(pattern[index + 1])
                index += 2
            } else {
                break
            }
        }
        return tag.isEmpty ? nil : tag
    }

    /// What behind a backslash stands for itself; a comma or a blank is in no tag.
    private static func isPunctuation(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != 0x2C && !ASCII.isDigit(byte)
            && !ASCII.isLetter(byte)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2D, 0x5F, 0x3A, 0x2F, 0x3D, 0x40, 0x7E: true  // - _ : / = @ ~
        default: ASCII.isDigit(byte) || ASCII.isLetter(byte)
        }
    }
}
