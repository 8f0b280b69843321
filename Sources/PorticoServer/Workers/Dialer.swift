internal import Glibc
internal import PorticoBytes
internal import PorticoExchange
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTLS
internal import PorticoTelemetry

/// What a pool's settings say about talking to its nodes. Immutable.
struct DialRules: Sendable {
    var connectTimeout = Duration.seconds(1)
    var bounds = HTTP1Origin.Bounds()
    var keepalive = 64
    /// By the node's name; none for a node without TLS. A request that began under an earlier
    /// configuration may ask for a node that stood at another place.
    var contexts: [String: ClientContext] = [:]
}

/// One worker's connections to origin nodes, under way and kept.
final class Dialer: OriginDialer {
    /// How long an idle connection is kept. Most origins close theirs between 5 and 75 seconds;
    /// that is noticed when it happens, so this only bounds what nobody needs.
    private static let keepTime = Duration.seconds(60)

    private let reactor: Reactor
    private let book: NameBook
    private let counters: WorkerCounters
    private var rules: [String: DialRules] = [:]
    private var kept = KeepAliveLedger<KeptConnection>()
    private var isClosed = false

    init(on reactor: Reactor, book: NameBook, counters: WorkerCounters) {
        self.reactor = reactor
        self.book = book
        self.counters = counters
        reactor.every(.seconds(5)) { [weak self] in
            guard let self, !isClosed else { return nil }
            for connection in kept.takeExpired(at: reactor.now) { connection.close() }
            return .seconds(5)
        }
    }

    /// Follows a configuration. Connections to nodes that it leaves out are closed.
    func adopt(_ pools: [Pool], rules: [String: DialRules]) {
        self.rules = rules
        let nodes = Set(pools.flatMap { $0.nodes.map(\.identity) })
        for connection in kept.drain(allBut: nodes) { connection.close() }
    }

    func closeAll() {
        isClosed = true
        for connection in kept.drain(allBut: []) { connection.close() }
    }

    func takeKept(to node: Node) -> (any OriginPort)? {
        guard let connection = kept.take(node.identity, at: reactor.now) else { return nil }
        counters.increment(.originConnectionsReused)
        return connection.wake()
    }

    func connect(
        to node: Node, of pool: Pool, in scope: Scope
    ) async throws(ExchangeFault) -> any OriginPort {
        guard let rules = rules[pool.name] else { throw .origin(.unresolved) }
        return try await open(to: node, rules, in: scope)
    }

    // MARK: - New connections

    private func open(
        to node: Node, _ rules: DialRules, in scope: Scope
    ) async throws(ExchangeFault) -> HTTP1Origin {
        guard let address = book.address(of: node) else { throw .origin(.unresolved) }
        let deadline = reactor.now + rules.connectTimeout
        var opened: Stream?
        do throws(IOFault) {
            let stream = try await Stream.connect(
                to: address, on: reactor, by: deadline, in: scope)
            opened = stream
        } catch {
            let fault = Self.fault(of: error)
            // Idle connections hold the descriptors that this request needs.
            if fault == .origin(.exhausted), kept.count > 0 {
                for connection in kept.drain(allBut: []) { connection.close() }
                return try await open(to: node, rules, in: scope)
            }
            throw fault
        }
        guard let stream = opened else { throw .origin(.unresolved) }
        counters.increment(.originConnectionsOpened)
        counters.add(1, to: .originConnectionsOpen)
        let transport = try await secure(stream, to: node, rules, by: deadline, in: scope)
        return HTTP1Origin(to: node, over: transport, bounds: rules.bounds) {
            [weak self] origin, isClean in
            self?.take(back: origin, isClean: isClean, keepalive: rules.keepalive)
        }
    }

    private func secure(
        _ stream: Stream, to node: Node, _ rules: DialRules, by deadline: Instant, in scope: Scope
    ) async throws(ExchangeFault) -> Transport {
        if !node.description.tls { return Transport(plain: stream) }
        guard let context = rules.contexts[node.name] else {
            closed(stream)
            throw .origin(.untrusted)
        }
        let name = node.description.sni.isEmpty ? node.host : node.description.sni
        guard let engine = try? TLSEngine(client: context, name: name) else {
            closed(stream)
            throw .origin(.untrusted)
        }
        let transport = Transport(stream, through: engine)
        do throws(TransportFault) {
            try await transport.handshake(by: deadline, in: scope)
            return transport
        } catch {
            closed(stream)
            switch error {
            case .io(.late): throw .origin(.connectTimeout)
            case .io(.interrupted): throw .client(.gone)
            default: throw .origin(.untrusted)
            }
        }
    }

    private func closed(_ stream: Stream) {
        stream.close()
        counters.add(-1, to: .originConnectionsOpen)
    }

    private static func fault(of fault: IOFault) -> ExchangeFault {
        switch fault {
        case .late: .origin(.connectTimeout)
        case .interrupted: .client(.gone)
        case .system(EMFILE), .system(ENFILE), .system(ENOBUFS), .system(ENOMEM),
            .system(EADDRNOTAVAIL):
            .origin(.exhausted)
        case .system(let error): .origin(.unreachable(error))
        }
    }

    // MARK: - Kept connections

    private func take(back origin: HTTP1Origin, isClean: Bool, keepalive: Int) {
        guard isClean, !isClosed, origin.node.isInService else {
            if isClean { origin.transport.close() } else { origin.transport.abort() }
            counters.add(-1, to: .originConnectionsOpen)
            return
        }
        let connection = KeptConnection(origin, in: self)
        let (ticket, displaced) = kept.put(
            connection, to: origin.node.identity, until: reactor.now + Self.keepTime,
            bound: keepalive)
        connection.ticket = ticket
        if ticket != nil { connection.sleep() }
        displaced?.close()
    }

    /// The node has closed a kept connection, or sent something unasked.
    fileprivate func ended(_ connection: KeptConnection) {
        if let ticket = connection.ticket { _ = kept.remove(ticket) }
        connection.close()
    }

    fileprivate func closedKept() { counters.add(-1, to: .originConnectionsOpen) }
}

/// An idle connection to a node, watched for its end.
private final class KeptConnection: Sleeper {
    private let origin: HTTP1Origin
    private unowned let dialer: Dialer
    var ticket: KeepAliveTicket?

    init(_ origin: HTTP1Origin, in dialer: Dialer) {
        self.origin = origin
        self.dialer = dialer
    }

    func sleep() { origin.transport.sleep(self, until: .distantFuture) }

    func wake() -> HTTP1Origin {
        origin.transport.stopSleeping()
        origin.reuse()
        return origin
    }

    func woke(_ wake: Wake) { dialer.ended(self) }

    func close() {
        origin.transport.close()
        dialer.closedKept()
    }
}
