internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTelemetry
internal import PorticoWAF

/// The WAF's phases 1, 2 and 5: what is asked, and how it ended.
extension Exchange {
    /// Phase 1, on what the site's rules make of the head.
    func inspectHead(to site: Site) throws(ExchangeFault) {
        guard let firewall = site.firewall else { return }
        let inspector = begin(under: firewall)
        inspector.describe(received)
        let request = request
        if site.hasExclusions,
            let exclusions = site.route(path: request[request.path]).wafExclusions
        {
            inspector.leaveOut(exclusions)
        }
        try obey(inspector.run(at: worker.reactor.now) { $0.inspectRequestHead(now: $1) })
    }

    /// Phase 2, before anybody is asked for an answer: as much of the body as the rules want is
    /// held back until they have seen it.
    func inspectBody() async throws(ExchangeFault) {
        guard let inspector else { return }
        if client.bodyLength != .none, inspector.transaction.wantsRequestBody {
            do throws(ExchangeFault) {
                try await holdBody(for: inspector)
            } catch {
                // What is about to be refused, the rules see as far as it came.
                if case .client(.malformed) = error { try inspectWhatCame(inspector) }
                throw error
            }
        }
        try obey(
            try await decide(
                inspector, about: inspector.transaction.heldRequestBodyCount
            ) { $0.inspectRequestBody(now: $1) })
    }

    /// Phases 1 and 2 on a request that the protocol's reader refused: `bytes` is its head as far
    /// as it came; empty where it could be read, and was refused for what it announced.
    func inspectRefused(_ bytes: [UInt8]) throws(ExchangeFault) {
        let request = request
        let host = bytes.isEmpty ? request[request.host].array : RawHead.host(in: bytes)
        guard let firewall = policy.sites.find(host: host.span)?.firewall else { return }
        let inspector = begin(under: firewall)
        if bytes.isEmpty {
            inspector.describe(received)
        } else {
            inspector.transaction.setRawHead(bytes.span)
        }
        try obey(inspector.run(at: worker.reactor.now) { $0.inspectRequestHead(now: $1) })
        try inspectWhatCame(inspector)
    }

    /// Phase 5, once it is certain what the client gets (0: nothing), and before it gets it: who
    /// has his answer finds the record written.
    func concludeInspection(status: UInt16) {
        guard let inspector = inspector.take() else { return }
        let request = request
        record.waf = inspector.conclude(
            status: status, host: request[request.authority], at: worker.reactor.now,
            worker.counters)
        record.wafScore = inspector.transaction.score
        worker.inspectors.giveBack(inspector)
    }

    // MARK: - Steps

    func begin(under firewall: Firewall) -> Inspector {
        let inspector = worker.inspectors.take(for: firewall)
        self.inspector = inspector
        let (facts, reactor) = (client.facts, worker.reactor)
        var identity = RequestIdentity()
        identity.client = facts.client
        identity.clientPort = facts.peer.port
        identity.server = facts.local.ip
        identity.serverPort = facts.local.port
        identity.uniqueID = withID { $0.array }
        identity.epochSeconds = reactor.wallTime / 1_000_000
        identity.milliseconds = Int(reactor.wallTime % 1_000_000) / 1000
        inspector.start(identity, at: reactor.now)
        return inspector
    }

    private func inspectWhatCame(_ inspector: Inspector) throws(ExchangeFault) {
        try obey(inspector.run(at: worker.reactor.now) { $0.inspectRequestBody(now: $1) })
    }

    private func holdBody(for inspector: Inspector) async throws(ExchangeFault) {
        let request = request
        if request.version != .http10, request.fields.contains(.expect) {
            // The origin will not be asked before the body is here (RFC 9110 §10.1.1).
            hasContinued = true
            try await client.sendInterim(ResponseHead(status: 100))
        }
        let held = HeldBody(of: client)
        heldBody = held
        try await held.hold(in: client.scope) {
            inspector.transaction.append(requestBody: $0)
        }
    }

    /// Runs a phase that looks at so many bytes: what takes long, off the worker.
    func decide(
        _ inspector: Inspector, about count: Int,
        _ phase: @escaping @Sendable (inout Transaction, Instant) -> Intervention?
    ) async throws(ExchangeFault) -> Intervention? {
        let now = worker.reactor.now
        guard count > Self.mostOnWorker, let pool = inspector.firewall.pool else {
            return inspector.run(at: now, phase)
        }
        do throws(QueueFull) {
            return try await pool.run(Lent(inspector: inspector)) { lent in
                lent.inspector.run(at: now, phase)
            }
        } catch {
            worker.counters.increment(.poolRejections)
            worker.counters.increment(.wafPoolRefusals)
            let settings = inspector.firewall.settings
            if settings.onPoolFull == .pass || settings.mode != .block { return nil }
            throw .refused(.noRoomToInspect)
        }
    }

    /// What takes the rules about as long as a hop to another thread and back, ten times over.
    private static let mostOnWorker = 16 << 10

    func obey(_ verdict: Intervention?) throws(ExchangeFault) {
        switch verdict {
        case nil: return
        // A status that says that all is well, or that has no body, is none to refuse with.
        case .deny(let status):
            throw .refused(.blocked(status: (300...599).contains(status) ? status : 403))
        case .redirect(let status, let location):
            throw .refused(.blocked(status: status, location: location))
        case .drop: throw .refused(.dropped)
        }
    }
}

/// An inspector on its way through the pool.
///
/// SAFETY: the task that lends it waits until the pool has answered, and nobody else on its worker
/// knows of it meanwhile.
private struct Lent: @unchecked Sendable {
    let inspector: Inspector
}

/// What can be told of a head that no reader takes.
enum RawHead {
    /// The host that a client probably meant, without port; empty if it named none.
    static func host(in head: [UInt8]) -> [UInt8] {
        for line in head.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = Array(line)
            guard let colon = line.firstIndex(of: 0x3A),
                line.span.extracting(..<colon).trimmingOWS.equalsFolded("host")
            else { continue }
            let value = line.span.extracting((colon + 1)...).trimmingOWS
            let count = Authority(value)?.hostCount ?? value.count
            return value.extracting(..<count).array
        }
        return []
    }
}
