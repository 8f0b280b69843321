internal import PorticoBytes
internal import PorticoHTTP2
internal import PorticoLoop

/// Whose session a wire carries.
protocol HTTP2WireOwner: AnyObject {
    /// What the session has understood.
    func take(_ event: SessionEvent)
    /// Something comes, after nothing did.
    func wireReads()
    /// The peer has finished its side.
    func inputEnded()
    /// The session cannot go on; its last words are on their way.
    func sessionFailed()
    /// The connection is gone, or takes nothing any more.
    func wireBroke(isLate: Bool)
    /// Before frames are made of what the turn has brought.
    func willSettle()
    /// All has been written that could be. False: the wire has been closed.
    func didSettle(isAll: Bool) -> Bool
    /// When to look at what should have happened by then.
    var deadline: Instant { get }
    func deadlinePassed()
}

/// Bytes between a session and its transport, without a task.
///
/// It reads when the transport wakes it, and writes at the end of the turn, when all streams that
/// could say something have said it. So the frames of a turn leave together, ordered by urgency,
/// and an idle connection is a session, a transport and a timer.
final class HTTP2Wire: Sleeper, Settler {
    /// More than this in the output is written before more frames are made.
    private static let mostOutput = 64 << 10
    /// Reads of up to 16 KiB before others have their turn.
    private static let mostReads = 8
    /// Writes of up to `mostOutput`, likewise.
    private static let mostWrites = 4
    /// Frames that are due to a peer who takes none, before no more is read from him.
    private static let mostBacklog = 256

    let session: Session
    let transport: Transport
    let reactor: Reactor
    /// How long the peer may take nothing.
    private let patience: Duration
    /// Until the end, so that nobody is told of what comes after it.
    private var owner: (any HTTP2WireOwner)?
    private lazy var writing = RoomSleeper(self)

    private(set) var isOver = false
    private var hasFailed = false
    private var input = Buffer()
    private var isScheduled = false
    private var isAsleep = false
    /// The socket takes nothing: `writing` sleeps.
    private var isBlocked = false
    private(set) var inputHasEnded = false
    /// A task stands ready to go on next turn.
    private var goesOn = false

    init(
        _ session: Session, over transport: Transport, patience: Duration,
        owner: any HTTP2WireOwner
    ) {
        self.session = session
        self.transport = transport
        self.patience = patience
        self.owner = owner
        reactor = transport.stream.reactor
    }

    func begin() {
        schedule()
        readOn()
    }

    /// Something is to be sent: at the end of this turn.
    func schedule() {
        if isScheduled || isOver { return }
        isScheduled = true
        reactor.settleAtTurnsEnd(self)
    }

    /// The owner's deadline has changed: it is asked for again.
    func wakeUp() {
        if isAsleep {
            transport.stopSleeping()
            isAsleep = false
        }
        schedule()
    }

    /// What has been said is written, and nothing else.
    func fail() {
        if hasFailed || isOver { return }
        hasFailed = true
        session.connectionEnded()
        follow()
        owner?.sessionFailed()
        schedule()
    }

    /// Lets go of the transport, which is the owner's to close.
    func end() {
        if isOver { return }
        isOver = true
        if isAsleep {
            transport.stopSleeping()
            isAsleep = false
        }
        session.connectionEnded()
        follow()
        session.output.removeAll()
        reactor.wideShelf.reclaim(&session.output)
        owner = nil
    }

    // MARK: - Reading

    func woke(_ wake: Wake) {
        isAsleep = false
        if wake == .ready { readOn() } else { owner?.deadlinePassed() }
        schedule()
    }

    private func readOn() {
        owner?.wireReads()
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
                if count == 0 {
                    inputHasEnded = true
                    owner?.inputEnded()
                    return
                }
            } catch {
                owner?.wireBroke(isLate: false)
                return
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
        if inputHasEnded || hasFailed || isOver { return false }
        return !(isBlocked && session.backlog > Self.mostBacklog)
    }

    private func follow() {
        let events = session.takeEvents()
        if events.isEmpty { return }
        for event in events {
            switch event {
            case .news(let stream): stream.user?.streamHasNews()
            case .room(let stream): stream.user?.streamHasRoom()
            case .closed(let stream):
                stream.user?.streamClosed()
                owner?.take(event)
            case .request, .goAway, .settings, .pong: owner?.take(event)
            }
        }
        session.giveBack(events)
    }

    private func goOnNextTurn() {
        if goesOn { return }
        goesOn = true
        reactor.start {
            self.goesOn = false
            if self.isOver { return }
            // Meanwhile it may have been put to sleep.
            if !self.isAsleep { self.readOn() }
            self.schedule()
        }
    }

    // MARK: - Writing

    func settle() {
        isScheduled = false
        owner?.willSettle()
        if isOver { return }
        if !isBlocked {
            do throws(TransportFault) {
                try writeOn()
            } catch {
                owner?.wireBroke(isLate: false)
                return
            }
        }
        if isOver { return }
        let isAll = !isBlocked && session.output.isEmpty
        if owner?.didSettle(isAll: isAll) ?? false { sleep() }
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
            if isOver { return }
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
        if wake == .ready { schedule() } else { owner?.wireBroke(isLate: true) }
    }

    // MARK: - Waiting

    private func sleep() {
        if isBlocked && !writing.isAsleep {
            // One deadline for each write: whoever takes something has time for more.
            writing.isAsleep = true
            transport.sleepUntilWritable(writing, until: reactor.now + patience)
        }
        // What may not read is woken by room, or by what is under way.
        if isAsleep || goesOn || !mayRead { return }
        if !transport.wouldWait { return goOnNextTurn() }
        isAsleep = true
        transport.sleep(self, until: owner?.deadline ?? reactor.now)
    }
}

/// Sleeps for the wire until the socket takes bytes.
private final class RoomSleeper: Sleeper {
    private unowned let wire: HTTP2Wire
    var isAsleep = false

    init(_ wire: HTTP2Wire) { self.wire = wire }

    func woke(_ wake: Wake) {
        isAsleep = false
        wire.roomWoke(wake)
    }
}
