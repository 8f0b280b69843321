internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoTLS

/// Who asks the admin API.
struct AdminCaller {
    enum Identity {
        case known(AdminCaller)
        /// A token came that nobody has given out.
        case unknownToken
    }

    /// The token's name; nil without one.
    let name: String?
    let scopes: AdminScopes
    /// Somebody on this machine, in person: see `isLocal(_:_:)`.
    let isLocal: Bool
    let address: String
    /// The sites that it may purge; none named: all.
    var sites: [String] = []

    /// For the audit log.
    var description: String { "\(name ?? "local") from \(address)" }

    static func identify(
        _ head: borrowing RequestHead, facts: borrowing ClientFacts, tokens: [AdminTokenSettings]
    ) -> Identity {
        let local = isLocal(head, facts)
        let address = facts.peer.ip.description
        guard let secret = secret(in: head) else {
            return .known(AdminCaller(name: nil, scopes: [], isLocal: local, address: address))
        }
        let digest = Digest.sha256(secret.span)
        var found: AdminTokenSettings?
        // All are compared, each in constant time: how long it takes says nothing about any.
        for token in tokens where Digest.constantTimeEquals(token.digest.span, digest.span) {
            found = token
        }
        guard let found else { return .unknownToken }
        return .known(
            AdminCaller(
                name: found.name, scopes: found.scopes, isLocal: local, address: address,
                sites: found.sites))
    }

    /// `Fastly-Key: SECRET` or `Authorization: Bearer SECRET`.
    private static func secret(in head: borrowing RequestHead) -> [UInt8]? {
        let key = head.fields.range(of: .fastlyKey)
        if !key.isEmpty { return head[key].array }
        let authorization = head[head.fields.range(of: .authorization)]
        guard authorization.count > 7, authorization.extracting(first: 7).equalsFolded("bearer ")
        else { return nil }
        return authorization.extracting(droppingFirst: 7).trimmingOWS.array
    }

    /// A loopback peer, a Host that names loopback or is an address, and no forwarding field: so
    /// neither a reverse proxy on this machine nor a page in the operator's browser (DNS
    /// rebinding) is taken for the operator.
    private static func isLocal(
        _ head: borrowing RequestHead, _ facts: borrowing ClientFacts
    ) -> Bool {
        guard facts.peer.ip.isLoopback else { return false }
        for name in [FieldName.xForwardedFor, .xForwardedHost, .xForwardedProto, .forwarded, .via]
        where head.fields.contains(name) {
            return false
        }
        let host = head[head.host]
        if host.equalsFolded("localhost") { return true }
        let isBracketed = host.count > 2 && host[0] == 0x5B
        let bare = isBracketed ? host.extracting(1..<(host.count - 1)) : host
        return IPAddress(bare) != nil
    }
}
