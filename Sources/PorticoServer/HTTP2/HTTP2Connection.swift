internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP2
internal import PorticoLoop
internal import PorticoTelemetry

/// HTTP/2 with a client (RFC 9113): one connection, and a task for each of its requests.
///
/// The connection itself has none: it reads when the transport wakes it, and writes at the end of
/// the turn, when all the streams that could say something have said it. So the frames of a turn
/// leave together, ordered by urgency, and an idle connection is a session, a transport and a timer.
final class HTTP2Connection: Sleeper, Settler {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// More than this in the output is written before more frames are made.
    private static let mostOutput = 64 << 10
    /// Reads of up to 16 KiB before others have their turn.
    private static let mostReads = 8
    /// Writes of up to `mostOutput`, likewise.
    private static let mostWrites = 4
    /// Frames that are due to a peer who takes none, before no more is read from him.
    private static let mostBacklog = 256
    /// What responses of one connection may hold together before each of them waits for the client.
    private static let mostWaiting = 1 << 20
    /// How long an idle connection keeps what it may soon need.
    private static let patience = Duration.seconds(1)
    /// How long a client may take to hear that no new streams are wanted.
    private static let farewell = Duration.seconds(1)

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
    private let transport: Transport
    let reactor: Reactor
    private let facts: ClientFacts
    private lazy var writing = RoomSleeper(self)

    private var phase = Phase.open
    private var input = Buffer()
    private var isScheduled = false
    private var isAsleep = false
    /// The socket takes nothing: `writing` sleeps.
    private var isBlocked = false
    /// The client has finished its side.
    private var inputHasEnded = false
    /// A task stands ready to go on next turn.
    private var goesOn = false
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
    private static let mostSpares = 64
    private var idleDeadline: Instant

    init?(
        on connection: ClientConnection, limits: LimitsSettings, handler: any RequestHandler
    ) {
        self.connection = connection
        self.handler = handler
        self.limits = limits
        transport = connection.transport
        reactor = connection.transport.stream.reactor
        facts = connection.facts()
        idleDeadline = connection.idleDeadline
        var settings = SessionSettings(role: .server)
        settings.streams = limits.streamsPerConnection
        settings.headBytes = limits.headerBytes
        settings.headLines = limits.headerCount
        settings.targetBytes = limits.uriBytes
        guard let session = Session(settings, at: reactor.now) else { return nil }
        self.session = session
    }

    func begin() {
        schedule()
        readOn()
    }

    // MARK: - Reading

    func woke(_ wake: Wake) {
        isAsleep = false
        switch wake {
        case .ready: readOn()
        case .late, .interrupted: lookAtDeadlines()
        }
        schedule()
    }

    /// Reads what has come, up to a bound, and starts what it asks for.
    private func readOn() {
        isResting = false
        if isCountedIdle {
            isCountedIdle = false
            connection.countIdle(false)
        }
        reactor.shelf.supply(&input)
        defer {
            input.removeAll()
            reactor.shelf.reclaim(&input)
        }
        for _ in 0..<Self.mostReads {
            guard mayRead else { return }
            do throws(TransportFault) {
                guard let count = try transport.readNow(into: &input, upTo: input.room) else {
                    return
                }
                if count == 0 { return endOfInput() }
            } catch {
                return end(.cut)
            }
            do throws(SessionFault) {
                try session.receive(input.bytes, at: reactor.now)
            } catch {
                follow()
                return fail()
            }
            input.removeAll()
            follow()
        }
        goOnNextTurn()
    }

    private var mayRead: Bool {
        if inputHasEnded || phase == .failed || phase == .over { return false }
        return !(isBlocked && session.backlog > Self.mostBacklog)
    }

    /// What has been asked before is still answered.
    private func endOfInput() {
        inputHasEnded = true
        if underWay == 0 && session.openStreams == 0 { end(.close) }
    }

    /// What the session has understood.
    private func follow() {
        let events = session.takeEvents()
        if events.isEmpty { return }
        for event in events {
            switch event {
            case .request(let stream): begin(stream)
            case .news(let stream): stream.user?.streamHasNews()
            case .room(let stream): stream.user?.streamHasRoom()
            case .closed(let stream):
                stream.user?.streamClosed()
                if session.openStreams == 0 { idleDeadline = reactor.now + limits.idleTimeout }
            case .settings where session.openStreams == 0 && underWay == 0:
                idleDeadline = max(idleDeadline, reactor.now + limits.idleTimeout)
            case .pong:
                if case .announced = phase { leave() }
            case .settings, .goAway: break
            }
        }
        session.giveBack(events)
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
        session.giveBack(client.stream)
        if spares.count < Self.mostSpares { spares.append(client) }
    }

    func covers(host: Span<UInt8>) -> Bool { connection.covers(host: host) }

    func count(_ timeout: Count) { connection.count(timeout) }

    /// Whether the client leaves so much untaken that nothing more should be put before it takes some.
    var holdsTooMuch: Bool { session.waiting >= Self.mostWaiting }

    // MARK: - Writing

    /// Something is to be sent: at the end of this turn.
    func schedule() {
        if isScheduled || phase == .over { return }
        isScheduled = true
        reactor.settleAtTurnsEnd(self)
    }

    private func goOnNextTurn() {
        if goesOn { return }
        goesOn = true
        reactor.start {
            self.goesOn = false
            if self.phase == .over { return }
            // Meanwhile it may have been put to sleep.
            if !self.isAsleep { self.readOn() }
            self.schedule()
        }
    }

    func settle() {
        isScheduled = false
        isServing = false
        if nextPending < pending.count { startServing(pending.count - nextPending) }
        if phase == .over { return }
        if !isBlocked {
            do throws(TransportFault) {
                try writeOn()
            } catch {
                return end(.cut)
            }
        }
        if phase == .over { return }
        if !isBlocked, hasNothingLeft { return end(phase == .failed ? .linger : .close) }
        sleep()
    }

    private func writeOn() throws(TransportFault) {
        for _ in 0..<Self.mostWrites {
            reactor.wideShelf.supply(&session.output)
            do throws(SessionFault) {
                try session.produce(upTo: Self.mostOutput, at: reactor.now)
            } catch {
                fail()
            }
            let isAll = session.output.count < Self.mostOutput
            let isWritten = try transport.writeNow(&session.output)
            follow()
            if !isWritten {
                isBlocked = true
                return
            }
            reactor.wideShelf.reclaim(&session.output)
            if isAll { return }
        }
        goOnNextTurn()
    }

    /// The socket takes bytes again, or has not for too long.
    fileprivate func roomWoke(_ wake: Wake) {
        isBlocked = false
        if wake == .ready {
            schedule()
        } else {
            count(.timeoutsWrite)
            end(.cut)
        }
    }

    // MARK: - Waiting

    private func sleep() {
        if isBlocked {
            // One deadline for each write: whoever takes something has time for more.
            if !writing.isAsleep {
                writing.isAsleep = true
                transport.sleepUntilWritable(writing, until: reactor.now + limits.bodyTimeout)
            }
        } else if underWay == 0 && session.openStreams == 0 {
            if !isCountedIdle && !goesOn {
                isCountedIdle = true
                connection.countIdle(true)
            }
        }
        if isAsleep || goesOn { return }
        if !mayRead {
            // Woken by room, or by what is under way.
            return
        }
        if !transport.wouldWait { return goOnNextTurn() }
        isAsleep = true
        transport.sleep(self, until: deadline)
    }

    /// When to look at what should have happened by then.
    private var deadline: Instant {
        var deadline = reactor.now + limits.bodyTimeout
        if underWay == 0 && session.openStreams == 0 {
            // Before it has been idle for long, it gives back what it kept for the next burst.
            deadline = isResting ? idleDeadline : min(idleDeadline, reactor.now + Self.patience)
        }
        if let began = session.sectionBegan {
            deadline = min(deadline, began + limits.headerTimeout)
        }
        if case .announced(let until) = phase { deadline = min(deadline, until) }
        return deadline
    }

    private func lookAtDeadlines() {
        let now = reactor.now
        if underWay == 0 {
            session.rest()
            spares = []
            isResting = true
        }
        if let began = session.sectionBegan, began + limits.headerTimeout <= now {
            count(.timeoutsHeader)
            session.terminate(.protocolError)
            return fail()
        }
        if case .announced(let until) = phase, until <= now { leave() }
        if underWay == 0, session.openStreams == 0 {
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
        if isAsleep {
            transport.stopSleeping()
            isAsleep = false
        }
        schedule()
    }

    private func leave() {
        phase = .leaving
        session.goAway()
        schedule()
    }

    /// The connection cannot go on: GOAWAY, and its end.
    private func fail() {
        if phase == .over { return }
        phase = .failed
        session.connectionEnded()
        follow()
        schedule()
    }

    private var hasNothingLeft: Bool {
        switch phase {
        case .over: true
        case .failed: session.output.isEmpty
        case .leaving:
            underWay == 0 && session.openStreams == 0 && session.output.isEmpty
        case .open, .announced:
            session.isOver
                || (inputHasEnded || session.isGoing && phase == .open) && underWay == 0
                    && session.openStreams == 0 && session.output.isEmpty
        }
    }

    private func end(_ ending: HTTP1Client.Ending) {
        if phase == .over { return }
        phase = .over
        if isAsleep {
            transport.stopSleeping()
            isAsleep = false
        }
        if isCountedIdle { connection.countIdle(false) }
        session.connectionEnded()
        follow()
        session.output.removeAll()
        reactor.wideShelf.reclaim(&session.output)
        connection.http2Ended(ending)
    }
}

/// Sleeps for the connection until the socket takes bytes.
private final class RoomSleeper: Sleeper {
    private unowned let connection: HTTP2Connection
    var isAsleep = false

    init(_ connection: HTTP2Connection) { self.connection = connection }

    func woke(_ wake: Wake) {
        isAsleep = false
        connection.roomWoke(wake)
    }
}
