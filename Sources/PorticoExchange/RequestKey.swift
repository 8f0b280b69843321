internal import PorticoBytes
package import PorticoHTTP
package import PorticoOrigins

/// What a hashing balance spreads requests by (`hash_key`).
package enum RequestKey: Equatable, Sendable {
    case path
    case url
    case clientIP
    case header([UInt8])
    case cookie([UInt8])

    package init(_ key: HashKey) {
        switch key {
        case .path: self = .path
        case .url: self = .url
        case .clientIP: self = .clientIP
        case .header(let name): self = .header(Array(name.utf8))
        case .cookie(let name): self = .cookie(Array(name.utf8))
        }
    }

    /// The key's hash, the same in every worker and process; nil where the request has none.
    package func hash(
        of head: borrowing RequestHead, from facts: borrowing ClientFacts
    ) -> UInt64? {
        switch self {
        case .path: return Self.hash(head[head.path])
        case .url: return Self.hash(head[head.pathAndQuery])
        case .clientIP:
            return Self.mix(facts.client.high ^ Self.mix(facts.client.low))
        case .header(let name):
            for index in 0..<head.fields.count
            where head.fields.name(at: index).equalsFolded(name.span) {
                return Self.hash(head.fields.value(at: index))
            }
            return nil
        case .cookie(let name):
            return Self.cookie(name, in: head.fields)
        }
    }

    /// The hash of a cookie's value (RFC 6265 §4.2.1).
    private static func cookie(_ name: [UInt8], in fields: borrowing Fields) -> UInt64? {
        var first: UInt64?
        fields.forEachCookie { found, value in
            if first == nil, found.equals(name.span) { first = hash(value) }
        }
        return first
    }

    /// FNV-1a, mixed once more because its high bits alone decide among nodes.
    private static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices {
            hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3
        }
        return mix(hash)
    }

    private static func mix(_ word: UInt64) -> UInt64 {
        var word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
