internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLimits
internal import PorticoLoop
internal import PorticoTLS
internal import PorticoTelemetry

/// What all workers and the control thread share.
struct SharedState: Sendable {
    let snapshots: Published<Snapshot>
    let connections: ConnectionLedger
    let book: NameBook
    let log: LogWriter
    let desk: PurgeDesk
    let inspection: InspectionDesk
}

/// One worker's part of the daemon: its listeners, its clients, its connections to origins.
final class ServerWorker: ConnectionOwner {
    let reactor: Reactor
    let counters: WorkerCounters
    private(set) var isDraining = false
    private(set) var farewell: Duration?
    private let shared: SharedState
    private var subscription: Published<Snapshot>.Subscription
    private var snapshot: Snapshot
    private let dialer: Dialer
    private let exchanges: ExchangeWorker
    private let shop: ShopHandler
    /// By the socket's descriptor, like what each says of its connections.
    private var listeners: [Int32: Listener] = [:]
    private var listenerTraits: [Int32: ListenerTraitsBox] = [:]
    /// By descriptor.
    private var connections: [ClientConnection?] = []
    private var openConnections = 0
    private var isHolding = false
    /// Told to leave new connections in the kernel's queue.
    private var isPaused = false
    private var looksForRoom = false
    /// Accepted when all connections that there may be were open: served when one has ended.
    private var waiting: (stream: Stream, peer: SocketAddress, traits: ListenerTraits)?
    private var onDrained: (@Sendable () -> Void)?

    init(on reactor: Reactor, shared: SharedState, counters: WorkerCounters) {
        self.reactor = reactor
        self.shared = shared
        self.counters = counters
        subscription = Published.Subscription(shared.snapshots)
        snapshot = subscription.value
        dialer = Dialer(on: reactor, book: shared.book, counters: counters)
        let seed = Process.random(16)
        exchanges = ExchangeWorker(
            on: reactor, policy: snapshot.policy, dialer: dialer, counters: counters,
            seed: (seed.word(at: 0), seed.word(at: 8)))
        shop = ShopHandler(exchanges)
        adopt(snapshot)
        reactor.atEachTurnsEnd { [unowned self] in endTurn() }
    }

    var limits: LimitsSettings { snapshot.limits }

    var purgers: NetworkList { snapshot.configuration.admin.purgeFrom }

    /// Fetches anew what a soft purge made stale.
    func refresh(_ responses: [StoredResponse]) { exchanges.refresh(responses) }

    var handler: any RequestHandler { shop }

    // MARK: - Configuration

    /// Follows the newest configuration; looked at once a turn.
    private func endTurn() {
        counters.increment(.loopTurns)
        exchanges.accessLog?.handOver()
        let newest = subscription.value
        guard newest !== snapshot else { return }
        adopt(newest)
        for connection in connections { connection?.settingsChanged() }
    }

    private func adopt(_ next: Snapshot) {
        snapshot = next
        exchanges.policy = next.policy
        exchanges.accessLog = shared.log.accessLog(
            for: next.configuration.log, counters: counters)
        dialer.adopt(next.policy.pools, rules: next.dialRules)
    }

    // MARK: - Listening

    func listen(on socket: ListeningSocket, traits: ListenerTraits) {
        let traits = ListenerTraitsBox(traits)
        listeners[socket.descriptor] = Listener(
            socket, on: reactor,
            onAccept: { [unowned self] descriptor, peer in
                serve(Stream(accepted: descriptor, on: reactor), from: peer, through: traits.value)
            },
            onExhausted: { [unowned self] _ in counters.increment(.acceptFaultsDescriptors) })
        listenerTraits[socket.descriptor] = traits
        if isHolding || isPaused { listeners[socket.descriptor]?.hold() }
    }

    /// Leaves new connections where they wait.
    func pauseListening() {
        isPaused = true
        for listener in listeners.values { listener.hold() }
    }

    func goOnListening() {
        isPaused = false
        if isHolding || isDraining { return }
        for listener in listeners.values { listener.resume() }
    }

    /// A reload has changed what a listener says of its connections.
    func change(traits: ListenerTraits, of socket: ListeningSocket) {
        listenerTraits[socket.descriptor]?.value = traits
    }

    func stopListening(on socket: ListeningSocket) {
        listeners.removeValue(forKey: socket.descriptor)?.stop()
        listenerTraits[socket.descriptor] = nil
    }

    private func serve(
        _ stream: Stream, from peer: SocketAddress, through traits: ListenerTraits
    ) {
        switch shared.connections.admit(
            AddressKey(peer.ip), connections: snapshot.mostConnections,
            perAddress: traits.expectsProxyHeader ? .max : snapshot.limits.connectionsPerIP)
        {
        case .admitted: break
        case .refusedByAddress:
            counters.increment(.connectionsRefusedByAddress)
            return stream.abort()
        case .refusedByTotal:
            // It was taken from the kernel's queue and cannot go back: it waits here.
            counters.increment(.connectionsRefusedByTotal)
            waiting = (stream, peer, traits)
            return hold()
        }
        counters.increment(.connectionsAccepted)
        counters.add(1, to: .connectionsOpen)
        openConnections += 1
        let connection = ClientConnection(stream, from: peer, through: traits, owner: self)
        let index = Int(stream.descriptor)
        while connections.count <= index { connections.append(nil) }
        connections[index] = connection
        connection.start()
    }

    func ended(_ connection: ClientConnection) {
        connections[Int(connection.descriptor)] = nil
        openConnections -= 1
        counters.add(-1, to: .connectionsOpen)
        shared.connections.release(AddressKey(connection.peer.ip))
        if isHolding { resume() }
        if isDraining && openConnections == 0 && waiting == nil { drained() }
    }

    /// All connections that there may be are open: further ones wait in the kernel's queue.
    private func hold() {
        if isHolding { return }
        isHolding = true
        for listener in listeners.values { listener.hold() }
        // Others may close theirs without this worker noticing. One alarm does for however many
        // times it holds meanwhile.
        if looksForRoom { return }
        looksForRoom = true
        reactor.every(.milliseconds(100)) { [unowned self] in
            if isHolding, shared.connections.count < snapshot.mostConnections { resume() }
            looksForRoom = isHolding
            return isHolding ? .milliseconds(100) : nil
        }
    }

    private func resume() {
        isHolding = false
        if let next = waiting {
            waiting = nil
            serve(next.stream, from: next.peer, through: next.traits)
        }
        if isHolding || isPaused { return }
        for listener in listeners.values { listener.resume() }
    }

    // MARK: - The end

    /// Accepts no more; idle connections end now, busy ones with their request.
    ///
    /// - Parameters:
    ///   - passedOn: descriptors of sockets from which another process accepts now. Who waits at
    ///     the others is served here.
    ///   - farewell: how long idle connections are still listened to, whose clients have somewhere
    ///     else to go then; nil: nobody has.
    func drain(
        passingOn passedOn: Set<Int32> = [], farewell: Duration? = nil,
        _ onDrained: @escaping @Sendable () -> Void
    ) {
        self.onDrained = onDrained
        self.farewell = farewell
        isDraining = true
        for (descriptor, listener) in listeners {
            if passedOn.contains(descriptor) { listener.stop() } else { listener.finish() }
        }
        listeners = [:]
        // Where another process serves, nobody is turned away: it goes on waiting for its turn.
        if farewell == nil {
            waiting?.stream.abort()
            waiting = nil
        }
        for connection in connections { connection?.drain() }
        if openConnections == 0, waiting == nil { drained() }
    }

    private func drained() {
        exchanges.accessLog?.handOver()
        dialer.closeAll()
        onDrained?()
        onDrained = nil
    }
}

/// What a listener's callback reads, and a reload changes.
private final class ListenerTraitsBox {
    var value: ListenerTraits
    init(_ value: ListenerTraits) { self.value = value }
}

extension AddressKey {
    init(_ address: IPAddress) { self.init(high: address.high, low: address.low) }
}

extension [UInt8] {
    /// Eight bytes as a number, the first one highest.
    func word(at index: Int) -> UInt64 {
        self[index..<(index + 8)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// The shop's requests: each becomes an exchange.
final class ShopHandler: RequestHandler {
    private let exchanges: ExchangeWorker

    init(_ exchanges: ExchangeWorker) { self.exchanges = exchanges }

    func handle(_ head: RequestHead, from client: any ClientPort) async {
        await Exchange(head, from: client, on: exchanges).run()
    }

    func refuse(_ refused: RefusedHead, from client: any ClientPort) async {
        exchanges.counters.increment(.requestFaults(status: Int(refused.status ?? 400)))
        await Exchange(refused.head, from: client, on: exchanges).run(
            refusing: refused.status, received: refused.received)
    }
}
