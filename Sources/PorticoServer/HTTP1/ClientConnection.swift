internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTLS
internal import PorticoTelemetry

/// What a listener says of the connections that it accepts; shared by all of them.
final class ListenerTraits: Sendable {
    let address: SocketAddress
    /// Nil: no TLS.
    let tls: ServerContext?
    let expectsProxyHeader: Bool
    let trustedProxies: NetworkList
    /// Without TLS: HTTP/2 from clients that begin with its preface.
    let allowsPriorKnowledge: Bool

    init(
        address: SocketAddress, tls: ServerContext?, expectsProxyHeader: Bool,
        trustedProxies: NetworkList, allowsPriorKnowledge: Bool = false
    ) {
        self.address = address
        self.tls = tls
        self.expectsProxyHeader = expectsProxyHeader
        self.trustedProxies = trustedProxies
        self.allowsPriorKnowledge = allowsPriorKnowledge
    }
}

/// One client's connection, from accept to close. While it is idle this, the transport and a
/// timer are all that stands for it.
final class ClientConnection: Sleeper {
    private let owner: any ConnectionOwner
    private let traits: ListenerTraits
    private let stream: Stream
    private(set) var transport: Transport
    /// Who connected: for a count of connections, nobody else will do.
    let peer: SocketAddress
    /// Whom a PROXY header names in the peer's place.
    private var named: NamedSource?
    /// When a connection without a request in progress ends.
    var idleDeadline: Instant
    private var isPrepared = false
    /// Idle, without a task: the transport wakes it.
    private var isAsleep = false
    private var client: HTTP1Client?
    private var http2: HTTP2Connection?

    init(
        _ stream: Stream, from peer: SocketAddress, through traits: ListenerTraits,
        owner: any ConnectionOwner
    ) {
        self.owner = owner
        self.traits = traits
        self.stream = stream
        transport = Transport(plain: stream)
        self.peer = peer
        idleDeadline = stream.reactor.now + owner.limits.headerTimeout
    }

    var isDraining: Bool { owner.isDraining }

    var descriptor: Int32 { stream.descriptor }

    /// Starts, or goes on after a sleep.
    func start() {
        stream.reactor.start { await self.live() }
    }

    private func live() async {
        if !isPrepared {
            guard await prepare() else { return end(.cut) }
            isPrepared = true
            if await beginsHTTP2() { return startHTTP2() }
        }
        let client = HTTP1Client(on: self, limits: owner.limits, handler: owner.handler)
        self.client = client
        let ending = await client.serve()
        self.client = nil
        switch ending {
        case .sleep where !owner.isDraining || owner.farewell != nil:
            isAsleep = true
            owner.counters.add(1, to: .connectionsIdle)
            transport.sleep(self, until: idleDeadline)
        case .sleep, .close:
            end(.close)
        case .linger:
            await linger()
            end(.close)
        case .cut:
            end(.cut)
        }
    }

    func woke(_ wake: Wake) {
        awake()
        if wake == .ready {
            start()
        } else {
            owner.counters.increment(.timeoutsIdle)
            end(.close)
        }
    }

    /// Counts a deadline that a client has missed.
    func count(_ timeout: Count) { owner.counters.increment(timeout) }

    private func awake() {
        isAsleep = false
        owner.counters.add(-1, to: .connectionsIdle)
    }

    /// The server stops: idle ends now, busy ends with its request. What shakes hands or lingers
    /// has a task that waits for the stream: closing is that task's, by its own deadline.
    func drain() {
        if let http2 {
            http2.drain()
        } else if owner.farewell != nil {
            // The client may be about to ask: closing now would lose its request (RFC 9112 §9.6).
            idleDeadline = min(idleDeadline, stream.reactor.now + idlePatience)
            guard isAsleep else { return }
            transport.stopSleeping()
            transport.sleep(self, until: idleDeadline)
        } else if let client {
            client.drain()
        } else if isAsleep {
            awake()
            end(.close)
        }
    }

    /// The configuration has changed. Each request is served by the newest one; what an HTTP/2
    /// connection has announced, its limits and its certificate, only a new connection can take
    /// back. What is under way on it is finished.
    func settingsChanged() { http2?.drain() }

    /// How long it is kept without a request.
    var idlePatience: Duration {
        min(owner.farewell ?? .seconds(86_400), owner.limits.idleTimeout)
    }

    private enum End { case close, cut }

    private func end(_ end: End) {
        guard stream.isOpen else { return }
        switch end {
        case .close: transport.close()
        case .cut: transport.abort()
        }
        owner.ended(self)
    }

    // MARK: - Before the first request

    /// PROXY header and TLS handshake, where the listener asks for them.
    private func prepare() async -> Bool {
        if traits.expectsProxyHeader {
            guard traits.trustedProxies.contains(peer.ip), await readProxyHeader() else {
                return false
            }
        }
        guard let context = traits.tls else { return true }
        transport = Transport(
            stream, through: TLSEngine(server: context), early: transport.takeUnread())
        do throws(TransportFault) {
            try await transport.handshake(by: idleDeadline)
        } catch {
            if error == .tls(.plainHTTP) { await sayThatThisIsTLS() }
            owner.counters.increment(.tlsHandshakesFailed)
            if error == .io(.late) { count(.timeoutsHandshake) }
            return false
        }
        guard let negotiated = transport.negotiated else { return false }
        owner.counters.increment(
            negotiated.isResumed ? .tlsHandshakesResumed : .tlsHandshakesFull)
        return true
    }

    /// One line for whoever types http:// where https:// belongs.
    private func sayThatThisIsTLS() async {
        var answer = Buffer()
        answer.append("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n")
        answer.append("Content-Length: 38\r\nConnection: close\r\n\r\n")
        answer.append("This port speaks HTTPS; use https://.\n")
        _ = try? stream.writeNow(&answer)
        await linger()
    }

    private func readProxyHeader() async -> Bool {
        var input = Buffer()
        do throws(IOFault) {
            while true {
                switch ProxyHeader.read(input.bytes) {
                case .malformed: return false
                case .header(let source, let consumed):
                    input.consume(consumed)
                    if let source { named = NamedSource(source) }
                    transport.unread(input.bytes)
                    return true
                case .needsMore: break
                }
                guard let count = try stream.readNow(into: &input, upTo: ProxyHeader.most) else {
                    try await stream.readable(by: idleDeadline)
                    continue
                }
                if count == 0 { return false }
            }
        } catch {
            return false
        }
    }

    // MARK: - HTTP/2

    /// Whether the client speaks HTTP/2: by ALPN, or because its first bytes say so where the
    /// listener allows that. No HTTP/1.1 request begins like the preface.
    private func beginsHTTP2() async -> Bool {
        if let negotiated = transport.negotiated { return negotiated.applicationProtocol == .h2 }
        guard traits.allowsPriorKnowledge, traits.tls == nil else { return false }
        var input = transport.takeUnread()
        defer { transport.unread(input.bytes) }
        do throws(IOFault) {
            while true {
                if let isPreface = HTTP2Connection.isPreface(input.bytes) { return isPreface }
                guard let read = try stream.readNow(into: &input, upTo: 4096) else {
                    try await stream.readable(by: idleDeadline)
                    continue
                }
                if read == 0 { return false }
            }
        } catch {
            return false
        }
    }

    private func startHTTP2() {
        guard let made = HTTP2Connection(on: self, limits: owner.limits, handler: owner.handler)
        else { return end(.cut) }
        http2 = made
        made.begin()
        if owner.isDraining { made.drain() }
    }

    /// Nothing more is to be said. `lingers`: the client may not have heard the last of it yet.
    func http2Ended(_ ending: HTTP1Client.Ending) {
        http2 = nil
        switch ending {
        case .sleep, .close: end(.close)
        case .cut: end(.cut)
        case .linger:
            stream.reactor.start {
                await self.linger()
                self.end(.close)
            }
        }
    }

    /// Whether no stream is under way, for the gauge of idle connections.
    func countIdle(_ isIdle: Bool) { owner.counters.add(isIdle ? 1 : -1, to: .connectionsIdle) }

    // MARK: - During a request

    /// Whether a PURGE from here may have a long head.
    var mayPurge: Bool {
        let source = named?.address ?? peer
        return traits.trustedProxies.contains(source.ip) || owner.purgers.contains(source.ip)
    }

    /// Whether the connection may ask for `host`: its name, or what its certificate covers. Who
    /// said no name, or got a certificate for want of a better one, is not asked.
    func covers(host: Span<UInt8>) -> Bool {
        guard let negotiated = transport.negotiated, let name = negotiated.name,
            !negotiated.isFallback
        else { return true }
        var said = name
        let isNamed = said.withUTF8 { bytes in
            // SAFETY: the span ends with the closure.
            unsafe Span(_unsafeElements: bytes).equalsFolded(host)
        }
        return isNamed || transport.covers(host: host)
    }

    /// What is known of the client before any request.
    func facts() -> ClientFacts {
        // Behind a PROXY header it is the named source that must be trusted, not who sent it:
        // a balancer of connections passes on whatever a client says of itself.
        let source = named?.address ?? peer
        return ClientFacts(
            peer: source, client: source.ip, local: traits.address,
            isTrustedProxy: traits.trustedProxies.contains(source.ip),
            tls: transport.negotiated.map { $0.version == .tls13 ? "TLSv1.3" : "TLSv1.2" })
    }

    /// The same for one request: behind a trusted proxy, each may have a client of its own.
    func facts(for head: borrowing RequestHead, of facts: ClientFacts) -> ClientFacts {
        guard facts.isTrustedProxy, head.fields.contains(.xForwardedFor) else { return facts }
        var own = facts
        own.client = ForwardedChain.client(
            of: head.fields, peer: facts.client, trusted: traits.trustedProxies)
        own.clientText = Array(own.client.description.utf8)
        return own
    }

    /// Lets the client finish what it is sending, for a moment.
    private func linger() async {
        transport.finishWriting()
        let deadline = stream.reactor.now + .seconds(2)
        var left = 1 << 20
        var waste = Buffer()
        do throws(IOFault) {
            while left > 0 {
                guard let count = try stream.readNow(into: &waste, upTo: 16 << 10) else {
                    try await stream.readable(by: deadline)
                    continue
                }
                if count == 0 { return }
                left -= count
                waste.removeAll()
            }
        } catch {}
    }
}

/// On the heap, since an idle connection without one should not hold its room.
private final class NamedSource {
    let address: SocketAddress
    init(_ address: SocketAddress) { self.address = address }
}

/// The worker, as its connections see it.
protocol ConnectionOwner: AnyObject {
    var limits: LimitsSettings { get }
    /// The addresses that may purge.
    var purgers: NetworkList { get }
    var handler: any RequestHandler { get }
    var isDraining: Bool { get }
    /// While draining: how long idle connections are still listened to; nil: not at all.
    var farewell: Duration? { get }
    var counters: WorkerCounters { get }

    /// The connection has been closed.
    func ended(_ connection: ClientConnection)
}
