import PorticoBytes
import PorticoExchange
import PorticoOrigins
import PorticoTLS
import PorticoTelemetry
import Testing

@testable import PorticoServer

@Suite("Who may purge")
struct PurgeGateTests {
    private static let key = "SU1Z0isxPaozGVKXdv0eY"
    private static let token = "1790000000_d8c4c38892f41ebf635e9a5a3d15a077b04d25ae"

    private func judge(
        _ token: String = token, path: String = "/women.html", key: String = key,
        now: Int64 = 1_790_000_000
    ) -> UInt16? {
        switch PurgeGate.judge(
            Array(token.utf8).span, for: Array(path.utf8).span, key: key, now: now, from: "a")
        {
        case .admitted: nil
        case .refused(let status): status
        }
    }

    @Test func `a signed token opens its path, for a while`() {
        #expect(judge() == nil)
        #expect(judge(now: 1_789_999_700) == nil)
        #expect(judge(now: 1_789_999_699) == 410)
        #expect(judge(now: 1_790_000_001) == 410)
    }

    @Test func `another path, key or signature is refused`() {
        #expect(judge(path: "/men.html") == 403)
        #expect(judge(key: "other") == 403)
        #expect(judge(key: "") == 403)
        // Refused for its signature before anything is said of its time.
        #expect(judge(key: "other", now: 0) == 403)
        for token in [
            "", "_", "1790000000", "1790000000_", "_d8c4", "x_d8c4", Self.token + "0",
            Self.token.uppercased(), "-" + Self.token, "99999999999999999999_d8c4",
        ] {
            #expect(judge(token) == 403, "\(token)")
        }
    }

    @Test func `a token's holder may do no more than purge its URL`() {
        let admission = PurgeGate.judge(
            Array(Self.token.utf8).span, for: Array("/women.html".utf8).span, key: Self.key,
            now: 1_790_000_000, from: "192.0.2.1")
        guard case .admitted(let pass) = admission else { return #expect(Bool(false)) }
        #expect(pass.mayPurgeSome && pass.mayPurgeSite)
        #expect(!pass.mayPurgeAll && !pass.mayPurgeEverySite)
    }

    private func admit(
        _ fields: String, from peer: String = "127.0.0.1:4000", trusted: Bool = false,
        client: String? = nil, site: Bool = true
    ) throws -> PurgeAdmission {
        var text = "[origins.shop]\nnodes = [\"127.0.0.1:1\"]\n[[site]]\nhosts = [\"a.example\"]\n"
        for (name, scopes, sites) in [
            ("shop", "purge", "\"a.example\""), ("keys", "purge_select", ""), ("eyes", "read", ""),
        ] {
            let digest = Digest.hex(Digest.sha256(Array("\(name)-secret".utf8).span).span)
            text += "[[admin.token]]\nname = \"\(name)\"\nsha256 = \"\(digest)\"\n"
            text += "scopes = [\"\(scopes)\"]\nsites = [\(sites)]\n"
        }
        let configuration = try Configuration.load(text: text, file: "t", environment: [:])
        let gate = PurgeGate(configuration, desk: PurgeDesk(OperationalLog.make(level: .error)))
        var facts = try facts(peer: peer)
        facts.isTrustedProxy = trusted
        if let client { facts.client = try #require(IPAddress(client)) }
        let snapshot = SnapshotBuilder.policyForTests(configuration)
        let head = try requestHead(
            "PURGE /x HTTP/1.1\r\nHost: a.example" + (fields.isEmpty ? "" : "\r\n" + fields))
        return gate.admit(
            head, from: facts, to: site ? snapshot.all.first : nil)
    }

    @Test func `an address may, unless it speaks for somebody else`() throws {
        guard case .admitted(let pass) = try admit("") else { return #expect(Bool(false)) }
        #expect(pass.name == "purge_from")
        #expect(try admit("", from: "192.0.2.1:4000") == .refused(status: 405))
        #expect(try admit("X-Forwarded-For: 127.0.0.1") == .refused(status: 405))
        #expect(try admit("Forwarded: for=127.0.0.1") == .refused(status: 405))
        #expect(
            try admit("X-Forwarded-For: 192.0.2.9", trusted: true, client: "192.0.2.9")
                == .refused(status: 405))
        let named = try admit(
            "X-Forwarded-For: 127.0.0.2", from: "192.0.2.1:1", trusted: true, client: "127.0.0.2")
        #expect(named == .admitted(PurgePass(name: "purge_from", address: "127.0.0.2")))
    }

    @Test func `a token may what its scopes say, from anywhere`() throws {
        func pass(_ fields: String, site: Bool = true) throws -> PurgePass? {
            let admission = try admit(
                fields + "\r\nX-Forwarded-For: 1.2.3.4", from: "192.0.2.1:4000", site: site)
            guard case .admitted(let pass) = admission else { return nil }
            return pass
        }
        let shop = try #require(try pass("Fastly-Key: shop-secret"))
        #expect(shop.name == "shop" && shop.mayPurgeAll && shop.mayPurgeSite)
        #expect(!shop.mayPurgeEverySite)
        let keys = try #require(try pass("Authorization: Bearer keys-secret"))
        #expect(keys.mayPurgeSome && !keys.mayPurgeAll && keys.mayPurgeEverySite)
        let eyes = try #require(try pass("Fastly-Key: eyes-secret"))
        #expect(!eyes.mayPurgeSome && !eyes.mayPurgeAll)
        #expect(try pass("Fastly-Key: nobody") == nil)
        #expect(try pass("Fastly-Key: shop-secret", site: false)?.mayPurgeSite == false)
    }
}

extension SnapshotBuilder {
    /// The sites of a configuration, without anything that is read from files.
    static func policyForTests(_ configuration: Configuration) -> SiteTable {
        let pool = Pool(
            PoolDescription(
                name: "shop", nodes: [NodeDescription(address: "a:1", host: "a", port: 1)]))
        return SiteTable(
            configuration.sites.map { settings in
                Site(
                    hosts: settings.hosts, routes: [],
                    otherwise: Route(
                        pattern: nil, pool: pool, hashKey: nil, retryAfter: 1, allow: nil),
                    denied: NetworkList(), redirectsToHTTPS: false, hsts: [])
            })
    }
}
