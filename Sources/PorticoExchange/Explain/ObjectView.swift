package import PorticoBytes
package import PorticoCache
internal import PorticoHTTP

/// One stored response as people look at it.
package struct ObjectView: Sendable {
    /// `host/path?query`.
    package let url: [UInt8]
    package let scheme: String
    package let status: UInt16
    /// What it was chosen by; nil: the request had no such field.
    package let vary: [(name: String, value: String?)]
    package let tags: [[UInt8]]
    package let verdict: PurgeVerdict
    /// Seconds since a soft purge.
    package let staleFor: Int64
    /// Seconds.
    package let age: Int64
    package let lifetime: Int64
    package let timeToLive: Int64
    package let staleWhileRevalidate: Int64
    package let staleIfError: Int64
    package let keep: Int64
    /// The directive or field that says how long it is fresh, as it came.
    package let directive: String
    package let basis: String
    package let hasValidator: Bool
    /// Bytes, head and body.
    package let size: Int
    package let isComplete: Bool
    /// Whether the request that is explained gets this one.
    package var isChosen = false

    package init(_ response: StoredResponse, in cache: ResponseCache, at now: Instant) {
        let key = StoredKey(response.key)
        url = key?.url ?? []
        scheme = key?.isHTTPS == true ? "https" : "http"
        status = response.head.status
        let names = response.selector.vary.names.split(separator: 0x0A)
        let values = response.selector.values.split(
            separator: 0x0A, omittingEmptySubsequences: false)
        vary = zip(names, values).map { name, value in
            (
                String(decoding: name, as: UTF8.self),
                value.first == 0x3D ? String(decoding: value.dropFirst(), as: UTF8.self) : nil
            )
        }
        let fields = response.head.fields
        tags = cache.tags.tags(in: fields).map { fields[$0].array }
        verdict = cache.ledger.verdict(on: response.stamp)
        staleFor =
            verdict == .stale
            ? now.since(cache.ledger.staleSince(response.stamp, at: now)).components.seconds : 0
        let rules = response.rules
        age = rules.age(at: now)
        lifetime = Int64(rules.lifetime)
        timeToLive = rules.timeToLive(at: now)
        staleWhileRevalidate = Int64(rules.staleWhileRevalidate)
        staleIfError = Int64(rules.staleIfError)
        keep = Int64(rules.keep)
        basis = rules.basis.word
        directive = Self.directive(of: fields, rules)
        hasValidator = rules.hasValidator
        size = response.bytes
        isComplete = response.body.phase == .complete
    }

    private static func directive(of fields: borrowing Fields, _ rules: StoredRules) -> String {
        func lines(_ name: FieldName) -> String {
            fields.lines.filter { $0.name == name }
                .map { "\(name.text): \(fields[$0.valueRange].text)" }.joined(separator: "; ")
        }
        switch rules.basis {
        case .sMaxAge, .maxAge, .noCache:
            switch rules.source {
            case .cacheControl: return lines(.cacheControl)
            case .cdnCacheControl: return lines(.cdnCacheControl)
            case .surrogateControl: return lines(.surrogateControl)
            }
        case .expires: return lines(.expires)
        case .heuristic: return lines(.lastModified)
        case .setting: return "cache.default_ttl"
        case .none: return ""
        }
    }

    /// ", for requests with …", or nothing.
    var varyClause: String {
        if vary.isEmpty { return "" }
        let parts = vary.map { "\($0.name) \($0.value.map { "\"\($0)\"" } ?? "absent")" }
        return ", for requests with " + parts.joined(separator: ", ")
    }

    /// The sum of which freshness is the result (RFC 9111 §4.2).
    var arithmetic: String {
        let from = directive.isEmpty ? basis : "\(basis), from \(directive)"
        return "Fresh for \(lifetime) s (\(from)); now \(age) s old: "
            + (timeToLive > 0 ? "\(timeToLive) s left." : "stale for \(-timeToLive) s.")
    }
}

extension StoredRules.Basis {
    fileprivate var word: String {
        switch self {
        case .sMaxAge: "s-maxage"
        case .maxAge: "max-age"
        case .expires: "Expires"
        case .heuristic: "a tenth of the time since Last-Modified"
        case .setting: "the setting"
        case .none: "nothing says how long"
        case .noCache: "no-cache"
        }
    }
}

extension ResponseCache {
    /// What is stored under a URL (`host/path?query` in the ledger's words), whatever its scheme,
    /// cookie and variant. Looks at every key: for the pool.
    package func objects(
        under url: [UInt8], limit: Int, at now: Instant
    ) -> [ObjectView] {
        store.entries(limit: limit) { StoredKey($0.key)?.url == url }
            .map { ObjectView($0, in: self, at: now) }
    }

    /// What is stored with a tag, in one site or in all. For the pool.
    package func objects(
        taggedWith tag: [UInt8], of sites: [PurgeSite], limit: Int, at now: Instant
    ) -> [ObjectView] {
        store.entries(limit: limit) { response in
            sites.contains { ledger.carries(tag.span, of: $0, response.stamp) }
        }
        .map { ObjectView($0, in: self, at: now) }
    }
}
