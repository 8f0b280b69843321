internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTLS

/// Who may purge on the data ports, under one configuration.
///
/// A token counts before an address, and a signature before a token: whoever sends one wants to
/// be judged by it.
final class PurgeGate: PurgePort {
    private let admin: AdminSettings
    private let sites: [SiteSettings]
    private let desk: PurgeDesk

    init(_ configuration: Configuration, desk: PurgeDesk) {
        admin = configuration.admin
        sites = configuration.sites
        self.desk = desk
    }

    func mayRead(_ secret: Span<UInt8>) -> Bool {
        let digest = Digest.sha256(secret)
        var isKnown = false
        for token in admin.tokens
        where Digest.constantTimeEquals(token.digest.span, digest.span) {
            isKnown = isKnown || token.scopes.contains(.read)
        }
        return isKnown
    }

    func purge(_ job: PurgeJob, in cache: ResponseCache) async -> PurgeRecord? {
        await desk.purge(job, in: cache)
    }

    func admit(
        _ head: borrowing RequestHead, from facts: borrowing ClientFacts, to site: Site?
    ) -> PurgeAdmission {
        let settings = site.flatMap { site in sites.first { $0.hosts == site.hosts } }
        let address = facts.client.description
        if head.fields.contains(.xPurgeToken) {
            return Self.judge(
                head[head.fields.range(of: .xPurgeToken)], for: head[head.path],
                key: settings?.serviceID ?? "", now: wallNow() / 1_000_000, from: address)
        }
        if case .known(let caller) = AdminCaller.identify(
            head, facts: facts, tokens: admin.tokens), let name = caller.name
        {
            var pass = PurgePass(name: name, address: address)
            pass.mayPurgeSome = caller.scopes.contains(.purgeSelect)
            pass.mayPurgeAll = caller.scopes.contains(.purgeAll)
            pass.mayPurgeSite = settings.map { caller.mayPurge($0) } ?? false
            pass.mayPurgeEverySite = caller.sites.isEmpty
            return .admitted(pass)
        }
        guard Self.mayPurge(byAddress: head, facts, admin.purgeFrom) else {
            return .refused(status: 405)
        }
        return .admitted(PurgePass(name: "purge_from", address: address))
    }

    /// A forwarding field from a peer that is no trusted proxy shows that somebody else asks, of
    /// whom nothing is known.
    private static func mayPurge(
        byAddress head: borrowing RequestHead, _ facts: borrowing ClientFacts,
        _ allowed: NetworkList
    ) -> Bool {
        if !facts.isTrustedProxy,
            head.fields.contains(.xForwardedFor) || head.fields.contains(.forwarded)
        {
            return false
        }
        return allowed.contains(facts.client)
    }

    // MARK: - Signed purges

    /// Further ahead than this, a token is not one that was made for now.
    private static let longestAhead: Int64 = 300

    /// Fastly's signed token: `EXPIRES_SIGNATURE`, where the signature is HMAC-SHA1 over path and
    /// expiry, in lower-case hexadecimal. It allows the purge of this one URL.
    ///
    /// - Parameter key: the site's `service_id`; empty: no token is good.
    static func judge(
        _ token: Span<UInt8>, for path: Span<UInt8>, key: String, now: Int64, from address: String
    ) -> PurgeAdmission {
        let token = token.trimmingOWS
        guard !key.isEmpty, let line = token.firstIndex(of: 0x5F), line > 0, line <= 12,
            let expires = token.extracting(..<line).decimal.flatMap({ Int64(exactly: $0) })
        else { return .refused(status: 403) }
        let slash: [UInt8] = [0x2F]
        let message = (path.isEmpty ? slash : path.array) + token.extracting(..<line).array
        let digest = Digest.hmacSHA1(key: Array(key.utf8).span, message.span)
        let wanted = Array(Digest.hex(digest.span).utf8)
        guard Digest.constantTimeEquals(wanted.span, token.extracting((line + 1)...)) else {
            return .refused(status: 403)
        }
        if expires < now || expires > now + longestAhead { return .refused(status: 410) }
        var pass = PurgePass(name: "X-Purge-Token", address: address)
        pass.mayPurgeAll = false
        pass.mayPurgeEverySite = false
        return .admitted(pass)
    }
}
