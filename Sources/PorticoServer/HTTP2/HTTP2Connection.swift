internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP2
internal import PorticoLoop
internal import PorticoTelemetry

/// HTTP/2 with a client (RFC 9113): one connection, and a task for those of its requests that wait.
final class HTTP2Connection: HTTP2WireOwner {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Whether a connection begins as HTTP/2's do (RFC 9113 §3.4); nil while that is open.
    static func isPreface(_ bytes: Span<UInt8>) -> Bool? {
        let preface = preface
        let count = min(bytes.count, preface.count)
        guard bytes.extracting(first: count).equals(preface.span.extracting(first: count)) else {
            return false
        }
        return count == preface.count ? true : nil
    }

    /// What responses of one connection may hold together before each of them waits for the client.
    private static let mostWaiting = 1 << 20
    /// How long an idle connection keeps what it may soon need.
    private static let patience = Duration.seconds(1)
    /// How long a client may take to hear that no new streams are wanted.
    private static let farewell = Duration.seconds(1)
    private static let mostSpares = 64

    private enum Phase: Equatable {
        case open
        /// The end has been announced: no GOAWAY with the last stream before then.
        case announced(until: Instant)
        /// What is under way is finished, and nothing else begun.
        case leaving
        /// The last words are being written.
        case failed
        case over
    }

    private let connection: ClientConnection
    private let handler: any RequestHandler
    let limits: LimitsSettings
    let session: Session
    let reactor: Reactor
    private let facts: ClientFacts
    private lazy var wire = HTTP2Wire(
        session, over: connection.transport, patience: limits.bodyTimeout, owner: self)

    private var phase = Phase.open
    private var isCountedIdle = false
    private var isResting = false
    /// Requests whose exchange has not ended, also those whose stream has.
    private var underWay = 0
    /// Requests that nobody has begun to serve.
    private var pending: [HTTP2Client] = []
    private var nextPending = 0
    /// A task has been started for them this turn.
    private var isServing = false
    /// Clients whose streams are over, to be others'.
    private var spares: [HTTP2Client] = []
    private var idleDeadline: Instant

    init?(
        on connection: ClientConnection, limits: LimitsSettings, handler: any RequestHandler
    ) {
        self.connection = connection
        self.handler = handler
        self.limits = limits
        reactor = connection.transport.stream.reactor
        facts = connection.facts()
        idleDeadline = connection.idleDeadline
        var settings = SessionSettings(role: .server)
        settings.streams = limits.streamsPerConnection
        settings.headBytes = limits.headerBytes
        if connection.mayPurge { settings.purgeBytes = LimitsSettings.purgeHeaderBytes }
        settings.headLines = limits.headerCount
        settings.targetBytes = limits.uriBytes
        guard let session = Session(settings, at: reactor.now) else { return nil }
        self.session = session
    }

    func begin() { wire.begin() }

    /// Something is to be sent.
    func schedule() { wire.schedule() }

    private var isIdle: Bool { underWay == 0 && session.openStreams == 0 }

    // MARK: - Requests

    func take(_ event: SessionEvent) {
        switch event {
        case .request(let stream): begin(stream)
        case .closed:
            if session.openStreams == 0 { idleDeadline = reactor.now + limits.idleTimeout }
        case .settings:
            if isIdle { idleDeadline = max(idleDeadline, reactor.now + limits.idleTimeout) }
        case .pong:
            if case .announced = phase { leave() }
        case .news, .room, .goAway: break
        }
    }

    private func begin(_ stream: SessionStream) {
        // A stream that was reset has gone from the session's count, but not its exchange, which
        // may wait for an origin still.
        guard underWay < 2 * limits.streamsPerConnection, phase != .leaving, phase != .failed
        else { return session.reset(stream, .refusedStream) }
        underWay += 1
        let facts = connection.facts(for: stream.request, of: facts)
        let client: HTTP2Client
        if var spare = spares.popLast(), isKnownUniquelyReferenced(&spare) {
            spare.renew(stream, facts: facts)
            client = spare
        } else {
            client = HTTP2Client(stream, on: self, facts: facts)
        }
        stream.user = client
        pending.append(client)
        startServing(1)
    }

    /// Starts tasks for the requests that are pending. A task costs half a microsecond, a hit in the
    /// cache little more: so one task serves them all, one after another, as long as none of them
    /// has to wait. Where one does, those behind it get a task each at the end of the turn.
    private func startServing(_ tasks: Int) {
        if isServing { return }
        isServing = true
        schedule()
        for _ in 0..<tasks {
            reactor.start {
                while let client = self.takePending() { await client.serve(by: self.handler) }
            }
        }
    }

    private func takePending() -> HTTP2Client? {
        guard nextPending < pending.count, phase != .over else {
            pending.removeAll(keepingCapacity: true)
            nextPending = 0
            return nil
        }
        defer { nextPending += 1 }
        return pending[nextPending]
    }

    /// A request's exchange has ended; what is left of its response leaves without it.
    func ended(_ client: HTTP2Client) {
        session.drop(client.stream)
        underWay -= 1
        if client.stream.isClosed { giveBack(client) }
        if underWay == 0 { idleDeadline = reactor.now + limits.idleTimeout }
        schedule()
    }

    /// Both the exchange and the stream are over.
    func giveBack(_ client: HTTP2Client) {
        session.giveBack(client.letGoOfStream())
        if phase != .over, spares.count < Self.mostSpares { spares.append(client) }
    }

    func covers(host: Span<UInt8>) -> Bool { connection.covers(host: host) }

    func count(_ timeout: Count) { connection.count(timeout) }

    /// Whether the client leaves so much untaken that nothing more should be put before it takes some.
    var holdsTooMuch: Bool { session.waiting >= Self.mostWaiting }

    // MARK: - What the wire tells

    func wireReads() {
        isResting = false
        if isCountedIdle {
            isCountedIdle = false
            connection.countIdle(false)
        }
    }

    /// What has been asked before is still answered.
    func inputEnded() { wire.schedule() }

    func sessionFailed() { phase = .failed }

    func wireBroke(isLate: Bool) {
        if isLate { count(.timeoutsWrite) }
        end(.cut)
    }

    func willSettle() {
        isServing = false
        if nextPending < pending.count { startServing(pending.count - nextPending) }
    }

    func didSettle(isAll: Bool) -> Bool {
        if isAll, isDone {
            end(phase == .failed ? .linger : .close)
            return false
        }
        if isAll, isIdle, !isCountedIdle {
            isCountedIdle = true
            connection.countIdle(true)
        }
        return true
    }

    private var isDone: Bool {
        switch phase {
        case .over, .failed: true
        case .leaving: isIdle
        case .open, .announced:
            session.isOver || isIdle && (wire.inputHasEnded || session.isGoing && phase == .open)
        }
    }

    /// When to look at what should have happened by then.
    var deadline: Instant {
        var deadline = reactor.now + limits.bodyTimeout
        if isIdle {
            // Before it has been idle for long, it gives back what it kept for the next burst.
            deadline = isResting ? idleDeadline : min(idleDeadline, reactor.now + Self.patience)
        }
        if let began = session.sectionBegan {
            deadline = min(deadline, began + limits.headerTimeout)
        }
        if case .announced(let until) = phase { deadline = min(deadline, until) }
        return deadline
    }

    func deadlinePassed() {
        let now = reactor.now
        if underWay == 0 {
            session.rest()
            spares = []
            isResting = true
        }
        if let began = session.sectionBegan, began + limits.headerTimeout <= now {
            count(.timeoutsHeader)
            session.terminate(.protocolError)
            return wire.fail()
        }
        if case .announced(let until) = phase, until <= now { leave() }
        if isIdle {
            guard idleDeadline <= now else { return }
            count(.timeoutsIdle)
            return leave()
        }
        // Responses that have been given away whole, and that nobody takes.
        session.forEachStream { stream in
            if stream.hasEndedOutput, stream.waiting > 0,
                stream.lastMoved + limits.bodyTimeout <= now
            {
                count(.timeoutsWrite)
                session.reset(stream, .cancel)
            }
        }
    }

    // MARK: - The end

    /// The server stops: what is under way is finished. New streams are still served until the
    /// client has heard of it (RFC 9113 §6.8).
    func drain() {
        guard phase == .open else { return }
        phase = .announced(until: reactor.now + Self.farewell)
        session.announceEnd()
        wire.wakeUp()
    }

    private func leave() {
        phase = .leaving
        session.goAway()
        schedule()
    }

    private func end(_ ending: HTTP1Client.Ending) {
        if phase == .over { return }
        phase = .over
        if isCountedIdle { connection.countIdle(false) }
        wire.end()
        // Each of them knows its connection.
        spares = []
        pending = []
        nextPending = 0
        connection.http2Ended(ending)
    }
}
