/// What purges may call an object by, in words that mean the same to another process.
package struct PurgeWords: Equatable, Sendable {
    /// The site's name.
    package var site: [UInt8]
    /// `host/path?query`, as `PurgeTarget.url` names it.
    package var url: [UInt8]
    package var host: [UInt8]
    package var tags: [[UInt8]]

    package init(site: [UInt8], url: [UInt8], host: [UInt8], tags: [[UInt8]]) {
        self.site = site
        self.url = url
        self.host = host
        self.tags = tags
    }
}

extension PurgeTarget {
    /// As the journal remembers it: one record for each word. `site`: empty for all.
    package func records(
        of site: [UInt8], _ depth: PurgeDepth, number: UInt64, at: Int64
    ) -> [JournalRecord] {
        func record(_ kind: JournalRecord.Kind, _ key: [UInt8] = []) -> JournalRecord {
            JournalRecord(
                kind, depth == .hard ? .hard : .soft, sequence: number, at: at, site: site,
                key: key)
        }
        return switch self {
        case .tags(let tags): tags.map { record(.tag, $0) }
        case .url(let url): [record(.url, url)]
        case .host(let host): [record(.host, host)]
        case .prefix(let prefix): [record(.prefix, prefix)]
        case .pattern(let text): [record(.pattern, text)]
        case .urlPattern(let text): [record(.urlPattern, text)]
        case .allOf(let targets): [record(.allOf, Self.encoded(targets))]
        case .everything: [record(.everything)]
        }
    }
}

extension JournalRecord {
    package var target: PurgeTarget {
        switch kind {
        case .tag: .tags([key])
        case .url: .url(key)
        case .host: .host(key)
        case .prefix: .prefix(key)
        case .pattern: .pattern(key)
        case .urlPattern: .urlPattern(key)
        case .allOf: PurgeTarget.decoded(key.span)
        case .everything: .everything
        }
    }

    package var depth: PurgeDepth { hardness == .hard ? .hard : .soft }
}
