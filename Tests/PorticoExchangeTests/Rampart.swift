import PorticoBytes
import PorticoCache
import PorticoLoop
import PorticoOrigins
import PorticoSecLang
import PorticoTelemetry
import PorticoWAF

@testable import PorticoExchange

/// A firewall of a few rules, and what it has recorded.
final class Rampart {
    let firewall: Firewall
    private let queue = LogQueue()

    init(
        _ rules: String, digest: UInt64 = 1, _ adjust: (inout WAFSettings) -> Void = { _ in }
    ) throws {
        var settings = WAFSettings(name: "main")
        settings.responseBodyBytes = 64 << 10
        adjust(&settings)
        let text = "SecRequestBodyAccess On\nSecResponseBodyAccess On\n" + rules + "\n"
        firewall = Firewall(
            settings, rules: try RuleSet.load(["a.conf"], files: RuleFiles(["a.conf": text])),
            digest: digest, log: AuditLog(into: queue) {})
    }

    /// The records so far.
    func takeLog() -> String {
        var batch: [UInt8] = []
        _ = queue.take(into: &batch)
        return batch.span.text
    }

    func policy(
        pool: Pool, routes: [Route] = [], cache: ResponseCache? = nil, compresses: Bool = false
    ) -> Policy {
        let site = Site(
            hosts: ["shop.example"], routes: routes,
            otherwise: Route(
                pattern: nil, pool: pool, hashKey: nil, retryAfter: 7, allow: nil,
                caches: cache != nil),
            denied: NetworkList(), redirectsToHTTPS: false, hsts: [],
            purgeSite: cache?.ledger.site(Array("shop".utf8)),
            firewall: firewall)
        return Policy(
            sites: SiteTable([site]), pools: [pool], httpsPort: nil, cache: cache,
            firewalls: [firewall])
    }

    /// A stage with one node whose only site is behind it.
    func stage(
        on worker: isolated Worker, routes: (Pool) -> [Route] = { _ in [] },
        cache: ResponseCache? = nil
    ) -> Stage {
        let pool = makePool(nodes: 1)
        let stage = Stage(on: worker, pool: pool)
        stage.exchanges.policy = policy(pool: pool, routes: routes(pool), cache: cache)
        return stage
    }
}
