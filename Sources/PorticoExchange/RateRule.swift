internal import PorticoBytes
internal import PorticoHTTP
package import PorticoLimits

/// A rate limit as requests meet it: which of them it counts, and by what.
package final class RateRule: Sendable {
    /// What one request's charges are noted in is a word.
    package static let mostOfOneRequest = 64

    package let limit: RateLimit
    private let pattern: PathPattern?
    private let methods: [[UInt8]]
    private let parts: [Part]
    /// Whether it must be given the path in normal form.
    let needsPath: Bool

    /// `RateLimitKey` with names as bytes.
    private enum Part: Sendable {
        case clientIP
        case clientNet
        case header([UInt8])
        case cookie([UInt8])
        case path
        case host
    }

    package init(_ limit: RateLimit) {
        self.limit = limit
        let match = limit.settings.match
        pattern = match.path.isEmpty ? nil : PathPattern(match.path)
        methods = match.methods.map { Array($0.utf8) }
        parts = limit.settings.key.map { key in
            switch key {
            case .clientIP: .clientIP
            case .clientNet: .clientNet
            case .header(let name): .header(Array(name.utf8))
            case .cookie(let name): .cookie(Array(name.utf8))
            case .path: .path
            case .host: .host
            }
        }
        needsPath = pattern != nil || limit.settings.key.contains(.path)
    }

    /// Whether the limit is for this request; `path` in normal form.
    func counts(_ head: borrowing RequestHead, path: [UInt8]) -> Bool {
        if !methods.isEmpty && !names(head[head.methodRange]) { return false }
        return pattern?.matches(path.span) ?? true
    }

    private func names(_ method: Span<UInt8>) -> Bool {
        for name in methods where method.equals(name.span) { return true }
        return false
    }

    /// What the request counts under in the limit's table.
    ///
    /// Each part becomes one word, and the words are chained under the table's secret: so no value
    /// can be written that reads like the end of one part and the beginning of the next.
    func key(of head: borrowing RequestHead, from facts: ClientFacts, path: [UInt8]) -> UInt64 {
        let hash = limit.table.hash
        // The usual one, in one step.
        if parts.count == 1, case .clientIP = parts[0] {
            return hash(facts.client.high, facts.client.low)
        }
        var key: UInt64 = 0
        for part in parts { key = hash(key, word(part, of: head, from: facts, path: path, hash)) }
        return key
    }

    private func word(
        _ part: Part, of head: borrowing RequestHead, from facts: ClientFacts, path: [UInt8],
        _ hash: KeyedHash
    ) -> UInt64 {
        switch part {
        case .clientIP: return hash(facts.client.high, facts.client.low)
        case .clientNet:
            let net = facts.client.masked(to: facts.client.isV4 ? 24 : 64)
            return hash(net.high, net.low)
        // Folded, as patterns and sites are compared without case: spelling is no way out.
        case .path:
            let folded = path.map(ASCII.lowercase)
            return hash(folded.span)
        case .host:
            var host = head[head.host].array.map(ASCII.lowercase)
            if host.last == 0x2E { host.removeLast() }
            return hash(host.span)
        case .header(let name): return header(name, in: head.fields, hash) ?? stranger(facts, hash)
        case .cookie(let name): return cookie(name, in: head.fields, hash) ?? stranger(facts, hash)
        }
    }

    /// All values of the field: which of several an origin reads, nobody knows.
    private func header(
        _ name: [UInt8], in fields: borrowing Fields, _ hash: KeyedHash
    ) -> UInt64? {
        var chain: UInt64 = 1
        for index in 0..<fields.count where fields.name(at: index).equalsFolded(name.span) {
            let value = fields.value(at: index)
            if !value.isEmpty { chain = hash(chain, hash(value)) }
        }
        return chain == 1 ? nil : chain
    }

    private func cookie(
        _ name: [UInt8], in fields: borrowing Fields, _ hash: KeyedHash
    ) -> UInt64? {
        var chain: UInt64 = 1
        fields.forEachCookie { found, value in
            if !value.isEmpty, found.equals(name.span) { chain = hash(chain, hash(value)) }
        }
        return chain == 1 ? nil : chain
    }

    /// For a request that lacks the field or cookie: its client, so that leaving it out is neither
    /// a way around the limit nor a way to use up what all others who lack it have together. Of
    /// IPv6 the /64, since that is what one customer gets.
    private func stranger(_ facts: ClientFacts, _ hash: KeyedHash) -> UInt64 {
        let client = facts.client.isV4 ? facts.client : facts.client.masked(to: 64)
        return hash(2, hash(client.high, client.low))
    }
}

/// A limit that refused a request, and after how many nanoseconds it would pass.
struct RateRefusal {
    var limit: RateLimit
    var wait: UInt64
}
