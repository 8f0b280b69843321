internal import Logging
internal import PorticoBytes
internal import PorticoExchange
internal import PorticoImage
internal import PorticoLimits
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTelemetry
internal import Synchronization

extension AdminHandler {
    /// Whether requests can be served: the doors are open, and each pool has a node to ask.
    func readiness() -> AdminAnswer {
        let reasons = unreadiness
        if reasons.isEmpty { return .json("{\"status\":\"ok\"}") }
        var body = Buffer()
        body.append("{\"status\":\"unavailable\",\"reasons\":")
        body.append(jsonArray: reasons)
        body.append("}")
        return .json(body, status: 503)
    }

    private var unreadiness: [String] {
        var reasons: [String] = []
        switch steward.phase {
        case .opening: reasons.append("opening")
        case .draining: reasons.append("stopping")
        case .open: break
        }
        for pool in steward.snapshot.policy.pools
        where !pool.nodes.contains(where: \.isInService) {
            reasons.append("no node of \(pool.name) is in service")
        }
        return reasons
    }

    /// `GET /`: for people.
    func dashboard() -> AdminAnswer {
        let nonce = Process.random(16).map { byte in
            String(Int(byte) + 256, radix: 16).dropFirst()
        }.joined()
        let page = DashboardPage(Dashboard(steward, reasons: unreadiness)).html(nonce: nonce)
        var answer = AdminAnswer(
            contentType: "text/html; charset=utf-8", body: Array(page.utf8))
        answer.pageFields = [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; "
                    + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                    + "frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ]
        return answer
    }

    func metrics() -> AdminAnswer {
        let now = monotonicNow()
        var writer = MetricsWriter()
        MetricsPage.append(
            steward.totals,
            origins: steward.snapshot.policy.pools.flatMap { pool in
                pool.nodes.map { MetricsPage.Origin($0.report(at: now), of: pool) }
            },
            process: steward.processFigures, to: &writer)
        RateMetrics.append(steward.snapshot.policy.limits, at: now, to: &writer)
        if let cache = steward.snapshot.policy.cache { CacheMetrics.append(cache, to: &writer) }
        appendImageWorkers(to: &writer)
        let page = writer.finish()
        return AdminAnswer(
            contentType: "\(MetricsWriter.mediaType)", body: page.bytes.array)
    }

    private func appendImageWorkers(to writer: inout MetricsWriter) {
        let counters = steward.imageCounters
        writer.begin(
            "portico_image_workers_started_total", .counter, "Image worker processes started.")
        writer.sample(counters.started.load(ordering: .relaxed))
        writer.begin(
            "portico_image_workers_lost_total", .counter,
            "Image worker processes that died or were killed at a deadline.")
        writer.sample(counters.lost.load(ordering: .relaxed))
        writer.begin(
            "portico_image_jobs_refused_total", .counter,
            "Transformations that found the queue full.")
        writer.sample(counters.refused.load(ordering: .relaxed))
        writer.begin("portico_image_jobs_running", .gauge, "Transformations under way.")
        writer.sample(counters.running.load(ordering: .relaxed))
    }

    func status() -> AdminAnswer {
        let totals = steward.totals
        let snapshot = steward.snapshot
        let process = steward.processFigures
        let requests = [Count.requests1xx, .requests2xx, .requests3xx, .requests4xx, .requests5xx]
            .reduce(0) { $0 + totals[$1] }
        var body = Buffer()
        body.append("{\"version\":")
        body.append(json: Array(process.version.utf8).span)
        body.append(",\"uptime_seconds\":\(process.uptime / 1_000_000)")
        body.append(",\"configuration\":{\"file\":")
        body.append(json: Array(snapshot.configuration.file.utf8).span)
        body.append(",\"sha256\":\"\(snapshot.digest)\"}")
        body.append(",\"workers\":\(process.workers)")
        body.append(",\"requests\":{\"total\":\(requests)")
        body.append(",\"in_flight\":\(totals[.requestsInFlight])")
        body.append(",\"2xx\":\(totals[.requests2xx]),\"3xx\":\(totals[.requests3xx])")
        body.append(",\"4xx\":\(totals[.requests4xx]),\"5xx\":\(totals[.requests5xx])}")
        let hits = [Count.cacheHits, .cacheStale, .cacheRevalidated, .cacheJoined]
            .reduce(0) { $0 + totals[$1] }
        let asked = hits + totals[.cacheMisses]
        let ratio = asked == 0 ? "null" : "\(Double(hits * 1000 / asked) / 1000)"
        body.append(",\"hit_ratio\":\(ratio)")
        body.append(",\"connections\":\(steward.shared.connections.count)")
        body.append(",\"resident_bytes\":\(process.residentBytes)")
        body.append(",\"origins\":")
        appendOrigins(to: &body)
        body.append("}")
        return .json(body)
    }

    func origins() -> AdminAnswer {
        var body = Buffer()
        appendOrigins(to: &body)
        return .json(body)
    }

    private func appendOrigins(to body: inout Buffer) {
        let now = monotonicNow()
        body.append("{")
        for (index, pool) in steward.snapshot.policy.pools.enumerated() {
            if index > 0 { body.append(",") }
            body.append(json: Array(pool.name.utf8).span)
            body.append(":[")
            for (index, node) in pool.nodes.enumerated() {
                if index > 0 { body.append(",") }
                append(node.report(at: now), at: now, to: &body)
            }
            body.append("]")
        }
        body.append("}")
    }

    private func append(_ report: NodeReport, at now: Instant, to body: inout Buffer) {
        body.append("{\"node\":")
        body.append(json: Array(report.name.utf8).span)
        body.append(",\"state\":\"\(report.word)\",\"weight\":\(report.weight)")
        body.append(",\"backup\":\(report.isBackup),\"in_flight\":\(report.inFlight)")
        body.append(",\"requests\":\(report.requests),\"failures\":\(report.failures)")
        body.append(",\"ejections\":\(report.ejections)")
        body.append(",\"probes_passed\":\(report.probesPassed)")
        body.append(",\"probes_failed\":\(report.probesFailed),\"history\":[")
        for (index, event) in report.history.enumerated() {
            if index > 0 { body.append(",") }
            let ago = now.since(event.at).components.seconds
            body.append("{\"seconds_ago\":\(ago),\"change\":")
            body.append(json: Array(event.change.words.utf8).span)
            body.append("}")
        }
        body.append("]}")
    }

    // MARK: - Changes, each with a line in the audit log

    func reload(_ caller: AdminCaller) async -> AdminAnswer {
        do {
            try await steward.reload(by: caller.description)
            steward.audit("reload", by: caller, result: "done")
            return .json("{\"status\":\"ok\",\"sha256\":\"\(steward.snapshot.digest)\"}")
        } catch {
            steward.audit("reload", by: caller, result: "refused")
            return .problem(
                422, detail: "The running configuration stays.",
                problems: Problems.lines(of: error))
        }
    }

    func set(
        node name: String, of poolName: String, to change: AdminCall.NodeChange,
        _ caller: AdminCaller
    ) -> AdminAnswer {
        guard let pool = steward.snapshot.policy.pools.first(where: { $0.name == poolName }),
            let node = pool.node(named: name)
        else { return .problem(404, detail: "There is no node \(name) in a pool \(poolName).") }
        let state: Administrative =
            switch change {
            case .drain: .draining
            case .enable: .enabled
            case .disable: .disabled
            }
        node.set(state, at: monotonicNow())
        steward.audit("\(change.rawValue) \(poolName)/\(name)", by: caller, result: "done")
        return .json("{\"status\":\"ok\",\"state\":\"\(node.report(at: monotonicNow()).word)\"}")
    }
}

extension Steward {
    /// What all workers have counted.
    var totals: CounterTotals {
        var totals = CounterTotals()
        for member in team { totals.add(member.counters) }
        return totals
    }

    var processFigures: MetricsPage.Process {
        var figures = MetricsPage.Process()
        figures.residentBytes = Process.residentBytes
        figures.openDescriptors = Process.openDescriptors
        figures.maxDescriptors = descriptorLimit
        figures.processorMicroseconds = Process.processorMicroseconds
        figures.startedAt = Int(startedAt)
        figures.uptime = Int(wallNow() - startedAt)
        figures.workers = team.count
        figures.version = options.version
        figures.configurationDigest = snapshot.digest
        return figures
    }

    /// Who changed what: a line of the operational log that can be searched for.
    func audit(_ action: String, by caller: AdminCaller, result: String) {
        logger.notice(
            "audit",
            metadata: [
                "action": "\(action)", "token": "\(caller.name ?? "-")",
                "address": "\(caller.address)", "result": "\(result)",
            ])
    }
}

extension MetricsPage.Origin {
    init(_ report: NodeReport, of pool: Pool) {
        self.init(pool: pool.name, node: report.name)
        isUp = report.word == "up"
        isDraining = report.administrative != .enabled
        requestsInFlight = report.inFlight
        requests = report.requests
        failures = report.failures
        ejections = report.ejections
    }
}

extension NodeEvent.Change {
    var words: String {
        switch self {
        case .up: "up"
        case .down(let failure): "down: \(failure)"
        case .ejected(let span): "ejected for \(span)"
        case .readmitted: "readmitted"
        case .administrative(let state): "\(state)"
        }
    }
}
