package import PorticoBytes
internal import Synchronization

/// What the text of a pattern in a `PurgeTarget` says, ready to be held against the ledger's words.
///
///     tags                 REGEX                     against each tag
///     a field's value      \nfield-name\nREGEX       against each word "field-name\nvalue"
///     URLs                 HOST-REGEX\nREGEX         against host, and path with query
///
/// A newline stands in no field value, so that none of these is taken for another.
package struct PurgePattern: Sendable {
    private enum Subject {
        case tags
        /// The field's name in lower case and a newline.
        case field([UInt8])
        case urls
    }

    private let subject: Subject
    private var pattern: LinearPattern
    /// Of hosts; nil: all.
    private var hosts: LinearPattern?

    /// Nil for targets that are no patterns.
    package init?(_ target: PurgeTarget) throws(PatternFault) {
        switch target {
        case .pattern(let text): try self.init(words: text)
        case .urlPattern(let text): try self.init(urls: text)
        case .tags, .url, .host, .prefix, .allOf, .everything: return nil
        }
    }

    private init(words text: [UInt8]) throws(PatternFault) {
        if text.first == Self.newline {
            let rest = text.dropFirst()
            let end = rest.firstIndex(of: Self.newline) ?? rest.endIndex
            subject = .field(Array(rest[..<end]) + [Self.newline])
            pattern = try LinearPattern(Array(rest[end...].dropFirst()).span)
        } else {
            subject = .tags
            pattern = try LinearPattern(text.span)
        }
    }

    private init(urls text: [UInt8]) throws(PatternFault) {
        let end = text.firstIndex(of: Self.newline) ?? text.endIndex
        let host = Array(text[..<end])
        subject = .urls
        if !Self.isAny(host.span) { hosts = try LinearPattern(host.span) }
        pattern = try LinearPattern(Array(text[end...].dropFirst()).span)
    }

    /// Whether every word matches, as clients write that.
    package static func isAny(_ text: Span<UInt8>) -> Bool {
        text.isEmpty || text.equals(".*") || text.equals("^.*$") || text.equals(".")
            || text.equals("^.*") || text.equals(".*$") || text.equals(".+")
    }

    /// The text of a pattern over a field's values.
    package static func text(field: StaticString, _ pattern: [UInt8]) -> [UInt8] {
        [newline] + word(field: field, pattern)
    }

    /// The text of a pattern over URLs.
    package static func text(host: [UInt8], url: [UInt8]) -> [UInt8] { host + [newline] + url }

    /// What an object with this field is marked with.
    package static func word(field: StaticString, _ value: [UInt8]) -> [UInt8] {
        Array(field.description.utf8) + [newline] + value
    }

    /// `word`: as the ledger has it: a tag, a field with its value, `host/path?query`.
    package mutating func matches(_ word: Span<UInt8>) -> Bool {
        switch subject {
        case .tags:
            return word.firstIndex(of: Self.newline) == nil && pattern.matches(word)
        case .field(let name):
            return word.count >= name.count
                && word.extracting(..<name.count).equals(name.span)
                && pattern.matches(word.extracting(name.count...))
        case .urls:
            let slash = word.firstIndex(of: 0x2F) ?? word.count
            if hosts?.matches(word.extracting(..<slash)) == false { return false }
            return pattern.matches(word.extracting(slash...))
        }
    }

    private static let newline: UInt8 = 0x0A
}

/// A pattern that several may ask, one at a time: what a purge that waits in a journal or for objects
/// on disk is remembered by.
package final class PurgeMatcher: Sendable {
    private let pattern: Mutex<PurgePattern?>

    /// For targets that are no patterns, it matches nothing.
    package init(_ target: PurgeTarget) throws(PatternFault) {
        pattern = Mutex(try PurgePattern(target))
    }

    package func matches(_ word: Span<UInt8>) -> Bool {
        pattern.withLock { $0?.matches(word) ?? false }
    }

    /// The same for a target that was understood once; should it not be now, everything matches.
    package static func closure(for target: PurgeTarget) -> TagMatcher {
        guard target.isPattern else { return { _ in false } }
        do throws(PatternFault) {
            let matcher = try PurgeMatcher(target)
            return { matcher.matches($0) }
        } catch {
            return { _ in true }
        }
    }
}
