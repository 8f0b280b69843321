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
    /// HTTP/2, over TLS or by prior knowledge, according to the node.
    var isHTTP2 = false
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
    private var kept = KeepAliveLedger<HTTP1Origin>()
    /// HTTP/2 connections, which many requests share.
    private var shared: [NodeIdentity: [HTTP2OriginConnection]] = [:]
    private var isClosed = false

    init(on reactor: Reactor, book: NameBook, counters: WorkerCounters) {
        self.reactor = reactor
        self.book = book
        self.counters = counters
        reactor.every(.seconds(5)) { [self] in
            if isClosed { return nil }
            for connection in kept.takeExpired(at: reactor.now) { closeKept(connection) }
            return .seconds(5)
        }
    }

    /// Follows a configuration. Connections to nodes that it leaves out are closed.
    func adopt(_ pools: [Pool], rules: [String: DialRules]) {
        self.rules = rules
        let nodes = Set(pools.flatMap { $0.nodes.map(\.identity) })
        for connection in kept.drain(allBut: nodes) { closeKept(connection) }
        for (node, connections) in shared where !nodes.contains(node) {
            for connection in connections { connection.retire() }
        }
    }

    func closeAll() {
        isClosed = true
        for connection in kept.drain(allBut: []) { closeKept(connection) }
        for connection in shared.values.joined() { connection.retire() }
    }

    func takeKept(to node: Node) -> (any OriginPort)? {
        if let connections = shared[node.identity] {
            if let connection = connections.first(where: \.hasRoom) {
                counters.increment(.originConnectionsReused)
                return HTTP2Origin(on: connection, isReused: true)
            }
        }
        guard let connection = kept.take(node.identity, at: reactor.now) else { return nil }
        counters.increment(.originConnectionsReused)
        connection.reuse()
        return connection
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
    ) async throws(ExchangeFault) -> any OriginPort {
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
                for connection in kept.drain(allBut: []) { closeKept(connection) }
                return try await open(to: node, rules, in: scope)
            }
            throw fault
        }
        guard let stream = opened else { throw .origin(.unresolved) }
        counters.increment(.originConnectionsOpened)
        counters.add(1, to: .originConnectionsOpen)
        let transport = try await secure(stream, to: node, rules, by: deadline, in: scope)
        if rules.isHTTP2 { return try share(transport, to: node, rules) }
        return HTTP1Origin(
            to: node, over: transport, bounds: rules.bounds,
            // Strong: a weak reference would make each retain of the dialer a slow one, and what is
            // kept here goes with `closeAll`.
            onRelease: { [self, keepalive = rules.keepalive] origin, isClean in
                take(back: origin, isClean: isClean, keepalive: keepalive)
            }, onIdleEnd: { [self] origin in ended(origin) })
    }

    /// The first request of a connection that others will share.
    private func share(
        _ transport: Transport, to node: Node, _ rules: DialRules
    ) throws(ExchangeFault) -> HTTP2Origin {
        // A node that does not agree by ALPN speaks something else.
        if transport.isTLS, transport.negotiated?.applicationProtocol != .h2 {
            closed(transport.stream)
            throw .origin(.untrusted)
        }
        guard
            let made = HTTP2OriginConnection(
                to: node, over: transport, bounds: rules.bounds,
                onEnd: { [weak self] connection in self?.forget(connection) })
        else {
            closed(transport.stream)
            throw .origin(.exhausted)
        }
        shared[node.identity, default: []].append(made)
        let origin = HTTP2Origin(on: made, isReused: false)
        made.begin()
        return origin
    }

    private func forget(_ connection: HTTP2OriginConnection) {
        let identity = connection.node.identity
        shared[identity]?.removeAll { $0 === connection }
        if shared[identity]?.isEmpty == true { shared[identity] = nil }
        counters.add(-1, to: .originConnectionsOpen)
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
        let (ticket, displaced) = kept.put(
            origin, to: origin.node.identity, until: reactor.now + Self.keepTime,
            bound: keepalive)
        origin.ticket = ticket
        if ticket != nil { origin.sleep() }
        if let displaced { closeKept(displaced) }
    }

    /// The node has closed a kept connection, or sent something unasked.
    private func ended(_ origin: HTTP1Origin) {
        if let ticket = origin.ticket { _ = kept.remove(ticket) }
        closeKept(origin)
    }

    private func closeKept(_ origin: HTTP1Origin) {
        origin.transport.close()
        counters.add(-1, to: .originConnectionsOpen)
    }
}
