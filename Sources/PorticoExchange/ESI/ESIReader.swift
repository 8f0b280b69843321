internal import PorticoBytes

/// What a page's `esi:include` asks for (ESI Language Specification 1.0 §3.1).
struct ESIInclude: Equatable, Sendable {
    /// A reference, relative to the page's own URL; references in XML are resolved.
    var source: [UInt8] = []
    /// Asked for where `source` fails; empty: nothing is.
    var alternative: [UInt8] = []
}

/// Finds ESI markup in a page that arrives in pieces: includes, comments, what is to be removed,
/// and `<!--esi … -->`, whose content is for those who understand it.
///
/// It judges the bytes that its caller holds, from their beginning:
///
///     held bytes ─▶ text(count) | skip(count) | include(…, count) | needsMore
///
/// What is no markup that it knows is text. Elements of ESI other than these stay as they are.
struct ESIReader {
    enum Step: Equatable {
        /// So many bytes go to the client.
        case text(Int)
        /// So many bytes do not.
        case skip(Int)
        case include(ESIInclude, Int)
        /// The bytes may be the beginning of markup.
        case needsMore
    }

    /// A tag that is longer than this is text: nobody holds a page back without an end.
    static let longestTag = 8192

    private var isRemoving = false
    private var isInComment = false

    /// - Parameter isLast: whether nothing follows these bytes.
    mutating func next(_ bytes: Span<UInt8>, isLast: Bool) -> Step {
        if bytes.isEmpty { return .needsMore }
        var index = 0
        while index < bytes.count {
            if !isInComment {
                index = bytes.firstIndex(of: 0x3C, from: index) ?? bytes.count
                if index == bytes.count { break }
            }
            let byte = bytes[index]
            if byte == 0x3C || (isInComment && byte == 0x2D) {
                let rest = bytes.extracting(index...)
                let found = markup(in: rest, isLast: isLast)
                if case .none = found {
                    index += 1
                    continue
                }
                // What stands before it goes first.
                if index > 0 { break }
                return take(found)
            }
            index += 1
        }
        return isRemoving ? .skip(index) : .text(index)
    }

    private enum Markup {
        case none
        case incomplete
        case remove(Int)
        case endOfRemove(Int)
        case comment(Int)
        case endOfComment(Int)
        case nothing(Int)
        case include(ESIInclude, Int)
    }

    private mutating func take(_ found: Markup) -> Step {
        switch found {
        case .none, .incomplete: return .needsMore
        case .remove(let count):
            isRemoving = true
            return .skip(count)
        case .endOfRemove(let count):
            isRemoving = false
            return .skip(count)
        case .comment(let count):
            isInComment = true
            return .skip(count)
        case .endOfComment(let count):
            isInComment = false
            return .skip(count)
        case .nothing(let count): return .skip(count)
        case .include(let include, let count):
            return isRemoving || include.source.isEmpty
                ? .skip(count) : .include(include, count)
        }
    }

    // MARK: - Recognising

    private func markup(in bytes: Span<UInt8>, isLast: Bool) -> Markup {
        if bytes[0] == 0x2D {
            if bytes.begins(with: "-->") { return .endOfComment(3) }
            return !isLast && bytes.isBeginning(of: "-->") ? .incomplete : .none
        }
        if bytes.count > 1, !Self.mayBeMarkup(bytes) { return .none }
        if !isInComment {
            if bytes.begins(with: "<!--esi") { return .comment(7) }
            if !isLast, bytes.isBeginning(of: "<!--esi") { return .incomplete }
        }
        let openers: [(StaticString, (Int, Span<UInt8>) -> Markup)] = [
            ("<esi:include", { .include(Self.include($1), $0) }),
            // An empty element removes nothing.
            ("<esi:remove", { Self.isEmptyElement($1) ? .nothing($0) : .remove($0) }),
            ("</esi:remove", { count, _ in .endOfRemove(count) }),
            ("<esi:comment", { count, _ in .nothing(count) }),
            ("</esi:include", { count, _ in .nothing(count) }),
            ("</esi:comment", { count, _ in .nothing(count) }),
        ]
        for (opener, make) in openers {
            if bytes.begins(with: opener) {
                let start = opener.utf8CodeUnitCount
                switch endOfTag(bytes, from: start) {
                case .some(let end):
                    // "<esi:includes" is another element.
                    guard Self.endsName(bytes[start]) else { return .none }
                    return make(end, bytes.extracting(start..<(end - 1)))
                case .none:
                    return isLast || bytes.count > Self.longestTag ? .none : .incomplete
                }
            }
            if !isLast, bytes.isBeginning(of: opener) { return .incomplete }
        }
        return .none
    }

    /// Whether "<" is followed by what all markup here begins with: nearly nothing of a page is.
    private static func mayBeMarkup(_ bytes: Span<UInt8>) -> Bool {
        switch bytes[1] {
        case 0x21, 0x65: true
        case 0x2F: bytes.count < 3 || bytes[2] == 0x65
        default: false
        }
    }

    private static func isEmptyElement(_ text: Span<UInt8>) -> Bool {
        !text.isEmpty && text[text.count - 1] == 0x2F
    }

    private static func endsName(_ byte: UInt8) -> Bool {
        isBlank(byte) || byte == 0x2F || byte == 0x3E
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D)
    }

    /// Behind the ">" that ends the tag; those in quotes do not.
    private func endOfTag(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var quote: UInt8?
        for index in start..<min(bytes.count, Self.longestTag) {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == 0x22 || byte == 0x27 {
                quote = byte
            } else if byte == 0x3E {
                return index + 1
            }
        }
        return nil
    }

    // MARK: - Attributes

    private static func include(_ text: Span<UInt8>) -> ESIInclude {
        var include = ESIInclude()
        var index = 0
        while let (name, value) = nextAttribute(text, &index) {
            let name = text.extracting(name)
            if name.equals("src") {
                include.source = resolved(text.extracting(value))
            } else if name.equals("alt") {
                include.alternative = resolved(text.extracting(value))
            }
        }
        return include
    }

    private static func nextAttribute(
        _ text: Span<UInt8>, _ index: inout Int
    ) -> (name: Range<Int>, value: Range<Int>)? {
        while index < text.count, isBlank(text[index]) || text[index] == 0x2F { index += 1 }
        let start = index
        while index < text.count, text[index] != 0x3D, !isBlank(text[index]) { index += 1 }
        let name = start..<index
        if name.isEmpty { return nil }
        while index < text.count, isBlank(text[index]) { index += 1 }
        guard index < text.count, text[index] == 0x3D else { return (name, index..<index) }
        index += 1
        while index < text.count, isBlank(text[index]) { index += 1 }
        guard index < text.count else { return (name, index..<index) }
        let quote = text[index]
        if quote == 0x22 || quote == 0x27 {
            let first = index + 1
            let end = text.firstIndex(of: quote, from: first) ?? text.count
            index = min(end + 1, text.count)
            return (name, first..<end)
        }
        let first = index
        while index < text.count, !isBlank(text[index]) { index += 1 }
        var end = index
        if end > first, text[end - 1] == 0x2F, end == text.count { end -= 1 }
        return (name, first..<end)
    }

    /// The five references that XML has by itself (XML 1.0 §4.6): templates write "&amp;" in URLs.
    private static func resolved(_ value: Span<UInt8>) -> [UInt8] {
        let references: [(StaticString, UInt8)] = [
            ("&amp;", 0x26), ("&lt;", 0x3C), ("&gt;", 0x3E), ("&quot;", 0x22), ("&apos;", 0x27),
        ]
        var result: [UInt8] = []
        var index = 0
        while index < value.count {
            let rest = value.extracting(index...)
            if value[index] == 0x26,
                let found = references.first(where: { rest.begins(with: $0.0) })
            {
                result.append(found.1)
                index += found.0.utf8CodeUnitCount
            } else {
                result.append(value[index])
                index += 1
            }
        }
        return result
    }
}

extension Span<UInt8> {
    fileprivate func begins(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && extracting(..<length).equals(text)
    }

    /// Whether `text` begins with all of these bytes, and goes on.
    fileprivate func isBeginning(of text: StaticString) -> Bool {
        guard count < text.utf8CodeUnitCount else { return false }
        for index in indices {
            // SAFETY: the index is within the text.
            if unsafe self[index] != text.utf8Start[index] { return false }
        }
        return true
    }
}
