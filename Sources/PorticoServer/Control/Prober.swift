internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins

/// Asks the nodes how they are, on the control thread.
final class Prober {
    /// How often it is looked who is due. A probe that a failed connection wishes for comes this
    /// much later, at the most.
    private static let tick = Duration.milliseconds(50)

    private struct Entry {
        let node: Node
        let pool: Pool
        var due: Instant
        var isUnderWay = false
    }

    private let reactor: Reactor
    private let dialer: Dialer
    private let onChange: (Pool, Node, HealthMachine.Health) -> Void
    private var entries: [NodeIdentity: Entry] = [:]
    private var dice = SystemRandomNumberGenerator()

    init(
        on reactor: Reactor, dialer: Dialer,
        onChange: @escaping (Pool, Node, HealthMachine.Health) -> Void
    ) {
        self.reactor = reactor
        self.dialer = dialer
        self.onChange = onChange
        reactor.every(Self.tick) { [weak self] in
            self?.look()
            return Self.tick
        }
    }

    /// Follows a configuration; nodes that stay keep their schedule.
    func follow(_ snapshot: Snapshot) {
        var next: [NodeIdentity: Entry] = [:]
        for pool in snapshot.policy.pools where pool.description.health.isActive {
            for node in pool.nodes {
                let known = entries[node.identity]
                next[node.identity] = Entry(
                    node: node, pool: pool,
                    due: known?.due
                        ?? ProbeSchedule.first(
                            at: reactor.now, under: pool.description.health, dice: dice.next()),
                    isUnderWay: known?.isUnderWay ?? false)
            }
        }
        entries = next
        dialer.adopt(
            snapshot.policy.pools, rules: snapshot.dialRules.mapValues { $0.keepingNone() })
    }

    private func look() {
        for (identity, entry) in entries where !entry.isUnderWay && entry.node.isProbed {
            guard entry.due <= reactor.now || entry.node.takeProbeWish() else { continue }
            entries[identity]?.isUnderWay = true
            reactor.start { await self.probe(entry.node, of: entry.pool) }
        }
    }

    private func probe(_ node: Node, of pool: Pool) async {
        let began = reactor.now
        let result = await ask(node, of: pool)
        let change = node.record(result, at: reactor.now)
        if let change { onChange(pool, node, change) }
        entries[node.identity]?.isUnderWay = false
        // Not so where the configuration has changed meanwhile.
        guard entries[node.identity]?.node === node else { return }
        entries[node.identity]?.due = node.nextProbe(
            began: began, ended: reactor.now, dice: dice.next())
    }

    private func ask(_ node: Node, of pool: Pool) async -> ProbeResult {
        let rules = pool.description.health
        let scope = Scope()
        // One deadline for all of it: connecting, asking, hearing the head.
        let limit = Alarm { scope.interrupt() }
        reactor.timers.set(limit, at: reactor.now + rules.timeout)
        defer { reactor.timers.remove(limit) }
        do throws(ExchangeFault) {
            let origin = try await dialer.connect(to: node, of: pool, in: scope)
            defer { origin.abandon() }
            origin.begin(Self.request(for: node, path: rules.path), length: .none)
            try await origin.flush(in: scope)
            var head = ResponseHead()
            while try origin.takeHead(into: &head, answering: .get) == nil {
                try await origin.headReadable(in: scope)
            }
            let status = Int(head.status)
            return rules.expect.contains(status) ? .passed : .failed(.status(status))
        } catch {
            switch error {
            case .origin(.malformed): return .failed(.malformed)
            case .origin(.connectTimeout), .origin(.noAnswer), .client: return .failed(.timedOut)
            default: return .failed(.unreachable)
            }
        }
    }

    private static func request(for node: Node, path: String) -> RequestHead {
        var head = RequestHead()
        let line = Array(("GET" + path).utf8)
        let start = head.fields.adopt(line.span)
        head.methodRange = ByteRange(start, start + 3)
        head.path = ByteRange(start + 3, start + line.count)
        head.fields.append(.host, node.name)
        head.fields.append(.userAgent, "portico-probe")
        head.fields.append(.connection, "close")
        return head
    }
}

extension DialRules {
    /// The same towards a node, but nothing is kept.
    fileprivate func keepingNone() -> DialRules {
        var rules = self
        rules.keepalive = 0
        return rules
    }
}
