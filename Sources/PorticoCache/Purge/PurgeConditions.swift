internal import PorticoBytes

/// Whether a purge means an object of these words.
package typealias ObjectMatcher = @Sendable (PurgeWords) -> Bool

/// Several conditions of one purge, which an object has to meet all.
extension PurgeTarget {
    /// Holds an object against the target; one whose pattern cannot be read any more is met by all.
    package var matcher: ObjectMatcher {
        switch self {
        case .tags(let tags): return { words in words.tags.contains { tags.contains($0) } }
        case .url(let url): return { $0.url == url }
        case .host(let host): return { $0.host == host }
        case .prefix(let prefix): return { $0.url.starts(with: prefix) }
        case .pattern:
            let matches = PurgeMatcher.closure(for: self)
            return { words in words.tags.contains { matches($0.span) } }
        case .urlPattern:
            let matches = PurgeMatcher.closure(for: self)
            return { matches($0.url.span) }
        case .allOf(let targets):
            let matchers = targets.map(\.matcher)
            return { words in matchers.allSatisfy { $0(words) } }
        case .everything: return { _ in true }
        }
    }

    /// Reads each pattern once.
    func validate() throws(PatternFault) {
        if case .allOf(let targets) = self {
            for target in targets { try target.validate() }
        }
        _ = try PurgePattern(self)
    }

    // MARK: - In the journal

    /// For each condition: 1 kind, 4 length, and then as in a record of its own; tags with a newline
    /// between them.
    static func encoded(_ targets: [PurgeTarget]) -> [UInt8] {
        var buffer = Buffer()
        for target in targets {
            let (kind, key): (JournalRecord.Kind, [UInt8]) =
                switch target {
                case .tags(let tags): (.tag, Array(tags.joined(separator: [0x0A])))
                case .url(let url): (.url, url)
                case .host(let host): (.host, host)
                case .prefix(let prefix): (.prefix, prefix)
                case .pattern(let text): (.pattern, text)
                case .urlPattern(let text): (.urlPattern, text)
                case .allOf(let inner): (.allOf, encoded(inner))
                case .everything: (.everything, [])
                }
            buffer.append(kind.rawValue)
            buffer.append(number: UInt32(key.count))
            buffer.append(key.span)
        }
        return buffer.bytes.array
    }

    /// Everything, for what cannot be read: a purge may reach too much, never too little.
    static func decoded(_ bytes: Span<UInt8>, depth: Int = 0) -> PurgeTarget {
        var targets: [PurgeTarget] = []
        var index = 0
        while index < bytes.count {
            guard index + 5 <= bytes.count, depth < 4,
                let kind = JournalRecord.Kind(rawValue: bytes[index])
            else { return .everything }
            let start = index + 5
            let length = Int(bytes.uint32(at: index + 1))
            guard length <= bytes.count - start else { return .everything }
            let key = bytes.extracting(start..<(start + length))
            switch kind {
            case .tag: targets.append(.tags(key.array.split(separator: 0x0A).map(Array.init)))
            case .allOf: targets.append(decoded(key, depth: depth + 1))
            default:
                targets.append(
                    JournalRecord(kind, sequence: 0, at: 0, key: key.array).target)
            }
            index = start + length
        }
        return targets.isEmpty ? .everything : .allOf(targets)
    }
}
