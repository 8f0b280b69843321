internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTelemetry
internal import PorticoTLS

/// What a listener says of the connections that it accepts.
struct ListenerTraits {
    var address: SocketAddress
    /// Nil: no TLS.
    var tls: ServerContext?
    var expectsProxyHeader: Bool
    var trustedProxies: NetworkList
}

/// One client's connection, from accept to close. While it is idle this, the transport and a
/// timer are all that stands for it.
final class ClientConnection: Sleeper {
    private let owner: any ConnectionOwner
    private let traits: ListenerTraits
    private let stream: Stream
    /// Who connected, under which the connection is counted; a PROXY header changes `facts`, not
    /// this.
    let address: IPAddress
    private(set) var transport: Transport
    private(set) var facts: ClientFacts
    /// When a connection without a request in progress ends.
    var idleDeadline: Instant
    private var isPrepared = false
    private var client: HTTP1Client?

    init(
        _ stream: Stream, from peer: SocketAddress, through traits: ListenerTraits,
        owner: any ConnectionOwner
    ) {
        self.owner = owner
        self.traits = traits
        self.stream = stream
        address = peer.ip
        transport = Transport(plain: stream)
        facts = ClientFacts(
            peer: peer, client: peer.ip, local: traits.address,
            isTrustedProxy: traits.trustedProxies.contains(peer.ip), tls: nil)
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
        }
        let client = HTTP1Client(on: self, limits: owner.limits, handler: owner.handler)
        self.client = client
        let ending = await client.serve()
        self.client = nil
        switch ending {
        case .sleep where !owner.isDraining:
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
        if wake == .ready { start() } else { end(.close) }
    }

    /// The server stops: idle ends now, busy ends with its request.
    func drain() {
        if let client {
            client.drain()
        } else if isPrepared {
            end(.close)
        }
    }

    /// The grace time is over.
    func abort() { end(.cut) }

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
            guard facts.isTrustedProxy, await readProxyHeader() else { return false }
        }
        guard let context = traits.tls else { return true }
        transport = Transport(
            stream, through: TLSEngine(server: context), early: transport.takeUnread())
        do throws(TransportFault) {
            try await transport.handshake(by: idleDeadline)
        } catch {
            if error == .tls(.plainHTTP) { await sayThatThisIsTLS() }
            owner.counters.increment(.tlsHandshakesFailed)
            return false
        }
        guard let negotiated = transport.negotiated else { return false }
        owner.counters.increment(
            negotiated.isResumed ? .tlsHandshakesResumed : .tlsHandshakesFull)
        facts.tls = negotiated.version == .tls13 ? "TLSv1.3" : "TLSv1.2"
        return true
    }

    /// One line for whoever types http:// where https:// belongs.
    private func sayThatThisIsTLS() async {
        var answer = Buffer()
        answer.append(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 38\r\nConnection: close\r\n\r\nThis port speaks HTTPS; use https://.\n"
        )
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
                    if let source {
                        facts.client = source.ip
                        facts.peer = source
                        // The balancer's word is in this header; what stands in the fields is
                        // the word of the one behind it.
                        facts.isTrustedProxy = traits.trustedProxies.contains(source.ip)
                        facts.clientText = Array(source.ip.description.utf8)
                    }
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

    // MARK: - During a request

    /// Whether the connection may ask for `host`: its name, or what its certificate covers. Who
    /// said no name, or got a certificate for want of a better one, is not asked.
    func covers(host: Span<UInt8>) -> Bool {
        guard let negotiated = transport.negotiated, let name = negotiated.name,
            !negotiated.isFallback
        else { return true }
        return Array(name.utf8).span.equalsFolded(host) || transport.covers(host: host)
    }

    /// What is known of the client of one request: behind a trusted proxy, each may have its own.
    func facts(for head: borrowing RequestHead) -> ClientFacts {
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

/// The worker, as its connections see it.
protocol ConnectionOwner: AnyObject {
    var limits: LimitsSettings { get }
    var handler: any RequestHandler { get }
    var isDraining: Bool { get }
    var counters: WorkerCounters { get }

    /// The connection has been closed.
    func ended(_ connection: ClientConnection)
}
