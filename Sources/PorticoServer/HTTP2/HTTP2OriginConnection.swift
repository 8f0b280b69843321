internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP1
internal import PorticoHTTP2
internal import PorticoLoop
internal import PorticoOrigins

/// One HTTP/2 connection to an origin node, for many requests at a time.
final class HTTP2OriginConnection: HTTP2WireOwner {
    /// Of one connection, whatever the node allows: beyond, another one shares the work.
    static let mostStreams = 100
    /// Without a request, it is let go.
    private static let keepTime = Duration.seconds(60)

    let node: Node
    let session: Session
    let reactor: Reactor
    let bounds: HTTP1Origin.Bounds
    let isHTTPS: Bool
    private let transport: Transport
    private let onEnd: (HTTP2OriginConnection) -> Void
    private lazy var wire = HTTP2Wire(
        session, over: transport, patience: bounds.betweenBytes, owner: self)
    private var isOver = false
    private var idleDeadline: Instant

    init?(
        to node: Node, over transport: Transport, bounds: HTTP1Origin.Bounds,
        onEnd: @escaping (HTTP2OriginConnection) -> Void
    ) {
        self.node = node
        self.transport = transport
        self.bounds = bounds
        self.onEnd = onEnd
        isHTTPS = transport.isTLS
        reactor = transport.stream.reactor
        idleDeadline = reactor.now + Self.keepTime
        var settings = SessionSettings(role: .client)
        settings.headBytes = bounds.heads.bytes
        settings.headLines = bounds.heads.lines
        // A request's fields and a response's may each be as long as they may.
        settings.memory = 16 << 20
        guard let session = Session(settings, at: reactor.now) else { return nil }
        self.session = session
    }

    func begin() { wire.begin() }

    func schedule() { wire.schedule() }

    /// Whether another request may be given to it.
    var hasRoom: Bool {
        !isOver && !session.isGoing && node.isInService
            && session.openStreams < min(Self.mostStreams, session.peerStreams)
    }

    /// Ends it when its requests are over.
    func retire() {
        session.goAway()
        schedule()
    }

    /// A request is over.
    func ended(_ stream: SessionStream) {
        session.drop(stream)
        stream.user = nil
        idleDeadline = reactor.now + Self.keepTime
        schedule()
    }

    // MARK: - What the wire tells

    func take(_ event: SessionEvent) {}

    func wireReads() {}

    func inputEnded() { end() }

    func sessionFailed() { end() }

    func wireBroke(isLate: Bool) { end() }

    func willSettle() {}

    func didSettle(isAll: Bool) -> Bool {
        if session.isOver || isAll && session.isGoing && session.openStreams == 0 {
            end()
            return false
        }
        return true
    }

    var deadline: Instant { idleDeadline }

    func deadlinePassed() {
        if session.openStreams > 0 {
            idleDeadline = reactor.now + Self.keepTime
        } else if idleDeadline <= reactor.now {
            retire()
        }
    }

    private func end() {
        if isOver { return }
        isOver = true
        onEnd(self)
        wire.end()
        transport.close()
    }
}
