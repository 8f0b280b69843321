internal import PorticoBytes
internal import PorticoHTTP
package import PorticoLoop
internal import PorticoOrigins
package import PorticoTelemetry

/// What the requests of one worker share: policy, balancers, counters, the log's current batch.
package final class ExchangeWorker {
    package let reactor: Reactor
    package let counters: WorkerCounters
    package var dialer: any OriginDialer
    /// The newest policy that this worker has seen; each request keeps the one it began under.
    package var policy: Policy {
        didSet {
            if policy === oldValue { return }
            renewBalancers()
            inspectors.keep(policy.firewalls)
        }
    }
    /// Nil: requests are not logged.
    package var accessLog: AccessLog?
    var requestIDs: RequestIDs
    var inspectors = InspectorShelf()
    /// Requests that a rate limit makes wait at present.
    var delayedRequests = 0
    /// For text that is put together and copied at once.
    var scratch = Buffer()
    private var balancers: [Balancer] = []
    /// Storage of heads whose requests are over, for those that begin.
    private var spares: [Fields] = []
    private var refreshQueues: [ObjectIdentifier: RefreshQueue] = [:]
    private var date: [UInt8] = []
    private var dateSecond: Int64 = -1

    package init(
        on reactor: Reactor, policy: Policy, dialer: any OriginDialer, counters: WorkerCounters,
        seed: (UInt64, UInt64)
    ) {
        self.reactor = reactor
        self.policy = policy
        self.dialer = dialer
        self.counters = counters
        requestIDs = RequestIDs(seed: seed)
        renewBalancers()
    }

    /// This worker's balancer for a pool. A request that began under an earlier policy may ask
    /// for a pool that is no longer in force: it gets one of its own.
    func balancer(for pool: Pool) -> Balancer {
        for balancer in balancers where balancer.pool === pool { return balancer }
        return Balancer(pool, seed: requestIDs.seed(), at: reactor.now)
    }

    private func renewBalancers() {
        let before = balancers
        balancers = policy.pools.map { pool in
            before.first { $0.pool === pool }
                ?? Balancer(pool, seed: requestIDs.seed(), at: reactor.now)
        }
    }

    /// What waits to be fetched anew from a pool.
    func refreshQueue(for pool: Pool) -> RefreshQueue {
        if let queue = refreshQueues[ObjectIdentifier(pool)] { return queue }
        // Pools that are no longer in force have nothing to be fetched from.
        let known = Set(policy.pools.map(ObjectIdentifier.init))
        refreshQueues = refreshQueues.filter { known.contains($0.key) || $0.value.running > 0 }
        let queue = RefreshQueue()
        refreshQueues[ObjectIdentifier(pool)] = queue
        return queue
    }

    /// Empty fields with room for an ordinary head and what a proxy adds to it.
    func takeSpare() -> Fields {
        if let spare = spares.popLast() { return spare }
        var made = Fields()
        // What fits into the allocator's fast bins, and is enough for most.
        made.reserve(bytes: 960, lines: 24)
        return made
    }

    /// Takes the storage of a head that nobody reads any more; a long one's is freed.
    func giveBack(_ fields: inout Fields) {
        if spares.count >= 64 || fields.storage.capacity > 8192 { return }
        // Taken out first: a second reference to the storage would make emptying it a copy.
        var spare = Fields()
        swap(&spare, &fields)
        spare.removeAll()
        spares.append(spare)
    }

    /// The Date of this second (RFC 9110 §6.6.1).
    func withDate(_ body: (Span<UInt8>) -> Void) {
        let second = reactor.wallTime / 1_000_000
        if second != dateSecond {
            dateSecond = second
            var text = Buffer()
            HTTPDate.write(second, into: &text)
            date = text.bytes.array
        }
        let date = date
        body(date.span)
    }
}

/// One worker's end of the access log: lines gather here and are handed over together.
package final class AccessLog {
    private static let batch = 32 << 10

    private let queue: LogQueue
    private let counters: WorkerCounters
    private let ring: () -> Void
    private var writer: AccessLineWriter
    private var lines = Buffer()

    /// `ring` wakes the thread that writes.
    package init(
        into queue: LogQueue, format: AccessLineWriter.Format, redaction: Redaction,
        counters: WorkerCounters, ring: @escaping () -> Void
    ) {
        self.queue = queue
        self.counters = counters
        self.ring = ring
        writer = AccessLineWriter(format: format, redaction: redaction)
    }

    func append(_ record: AccessRecord, _ texts: borrowing AccessTexts) {
        writer.append(record, texts, into: &lines)
        if lines.count >= Self.batch { handOver() }
    }

    /// Gives what has gathered to the writing thread. When that is too far behind, whole lines
    /// are dropped and counted: a log never slows requests.
    package func handOver() {
        switch queue.offer(&lines) {
        case .nothing, .takenBehind: break
        case .takenFirst: ring()
        case .dropped(let count): counters.add(count, to: .accessRecordsDropped)
        }
    }
}
