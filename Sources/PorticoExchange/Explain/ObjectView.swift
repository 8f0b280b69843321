package import PorticoBytes
package import PorticoCache
internal import PorticoHTTP
package import PorticoLoop

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
    /// On disk alone.
    package let isOnDisk: Bool
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
        isOnDisk = response.disk != nil
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

extension StoredResponse {
    /// Whether it is another variant than these.
    func isNone(of others: [StoredResponse]) -> Bool {
        !others.contains { $0.variant.equals(variant) }
    }
}

extension ResponseCache {
    /// What is stored under a URL (`host/path?query`), whatever its cookie and variant, and its
    /// scheme where the URL has none; on disk, what was stored without a cookie in its key. Nil for
    /// what is no URL. Looks at every key, on the `pool`.
    package func objects(
        under url: [UInt8], limit: Int, at now: Instant, on pool: BlockingPool
    ) async throws(QueueFull) -> [ObjectView]? {
        guard case (_, .url(let target))? = purgeTarget(url: url.span) else { return nil }
        var found = try await pool.run(()) { [self] _ in
            store.entries(limit: limit) { StoredKey($0.key)?.url == target }
        }
        if let disk {
            for key in keys(of: url) {
                let inMemory = found.filter { $0.key.equals(key.span) }
                found += await disk.list(key, store.hash(key.span))
                    .filter { $0.isNone(of: inMemory) }
            }
        }
        return found.prefix(limit).map { ObjectView($0, in: self, at: now) }
    }

    /// The keys that a URL can have without a cookie, in any style.
    private func keys(of url: [UInt8]) -> [[UInt8]] {
        let hasScheme = url.span.starts(with: "http://") || url.span.starts(with: "https://")
        let texts = hasScheme ? [url] : ["http://", "https://"].map { Array($0.utf8) + url }
        let nowhere = RequestHead()
        var found: [[UInt8]] = []
        for text in texts {
            guard
                let reference = URIReference(text.span, relativeTo: nowhere, isHTTPS: false)
            else { continue }
            var key = Buffer()
            _ = keys.write(reference, into: &key)
            found.append(key.bytes.array)
            _ = keys.write(reference, style: .magento, into: &key)
            // No cookie, and nothing of the preset's.
            found.append(key.bytes.array + [0x0A])
        }
        return found
    }

    /// What is stored in memory with a tag, in one site or in all. For the pool.
    package func objects(
        taggedWith tag: [UInt8], of sites: [PurgeSite], limit: Int, at now: Instant
    ) -> [ObjectView] {
        store.entries(limit: limit) { response in
            sites.contains { ledger.carries(tag.span, of: $0, response.stamp) }
        }
        .map { ObjectView($0, in: self, at: now) }
    }
}
