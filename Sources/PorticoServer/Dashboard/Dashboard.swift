internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoLimits
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTelemetry

/// What the dashboard shows, gathered at one moment (`GET /` on the admin address).
struct Dashboard {
    struct Bar {
        let name: String
        let used: Int
        let budget: Int
        let note: String
    }

    struct PoolView {
        let name: String
        let nodes: [NodeReport]
    }

    struct LimitView {
        let name: String
        let rate: String
        let counts: [(String, Int)]
        let keys: Int
    }

    struct PurgeView {
        let what: String
        let site: String
        let caller: String
        let secondsAgo: Int
        let microseconds: Int
    }

    var version = ""
    var uptime = 0
    var host = ""
    var configuration = ""
    var workers = 0
    var residentBytes = 0
    /// Empty: it serves.
    var reasons: [String] = []
    var totals = CounterTotals()
    var traffic = TrafficHistory()
    /// Of about the last minute.
    var latency = LatencyTotals()
    var connections = 0
    var pools: [PoolView] = []
    var bars: [Bar] = []
    var objects = 0
    var evictions = 0
    /// What the firewall did with requests.
    var firewall: [(String, Int)] = []
    var limits: [LimitView] = []
    var purges: [PurgeView] = []
    var hasCache = false
    var now = Instant(nanoseconds: 0)
}

extension Dashboard {
    /// Purges that are shown.
    private static let mostPurges = 12

    init(_ steward: Steward, reasons: [String]) {
        let snapshot = steward.snapshot
        let process = steward.processFigures
        now = monotonicNow()
        version = process.version
        uptime = process.uptime / 1_000_000
        configuration = String(snapshot.digest.prefix(12))
        workers = process.workers
        residentBytes = process.residentBytes
        self.reasons = reasons
        totals = steward.totals
        traffic = steward.traffic
        latency = steward.traffic.recent(totals.requestDuration)
        connections = steward.shared.connections.count
        pools = snapshot.policy.pools.map { pool in
            PoolView(name: pool.name, nodes: pool.nodes.map { $0.report(at: now) })
        }
        limits = snapshot.policy.limits.map { limit in
            LimitView(
                name: limit.name, rate: "\(limit.settings.rate)",
                counts: [
                    ("refused", limit.counts.rejected), ("delayed", limit.counts.delayed),
                    ("noted", limit.counts.logged),
                ], keys: limit.table.report(at: now).keys)
        }
        if !snapshot.configuration.wafs.isEmpty {
            firewall = [
                ("passed by the rules", totals[.wafPassed]), ("detected", totals[.wafDetected]),
                ("blocked", totals[.wafBlocked]),
            ]
        }
        guard let cache = snapshot.policy.cache else { return }
        hasCache = true
        let memory = cache.store.usage
        objects = memory.objects
        evictions = memory.evictions
        bars = [
            Bar(
                name: "Memory", used: memory.bytes + memory.ledgerBytes, budget: memory.budget,
                note: "\(Figure.grouped(memory.objects)) objects")
        ]
        if let figures = cache.disk?.figures {
            let store = figures.store
            bars.append(
                Bar(
                    name: "Disk", used: store?.diskBytes ?? 0, budget: store?.budget ?? 0,
                    note: store.map {
                        $0.isFailing
                            ? "failing; new objects stay in memory"
                            : "\(Figure.grouped($0.objects)) objects"
                    } ?? "not in use"))
        }
        let wall = wallNow() / 1000
        purges = cache.ledger.log.recent(Self.mostPurges).map { record in
            PurgeView(
                what: (record.depth == .soft ? "softly " : "")
                    + record.targets.prefix(3).map(\.summary).joined(separator: ", ")
                    + (record.targets.count > 3 ? ", …" : ""),
                site: record.site.isEmpty ? "all sites" : record.site, caller: record.caller,
                secondsAgo: Int((wall - record.at) / 1000),
                microseconds: Int(clamping: record.duration.nanoseconds / 1000))
        }
    }
}
