internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP2
internal import PorticoLoop
internal import PorticoOrigins

/// One request to an origin node over a connection that it shares with others.
final class HTTP2Origin: OriginPort, StreamUser {
    private static let mostOutput = 64 << 10
    private static let mostMoved = 64 << 10

    private let connection: HTTP2OriginConnection
    private let session: Session
    private let reactor: Reactor
    private var stream: SessionStream?
    private var reading: WaitPoint?
    private var writing: WaitPoint?
    private var isOver = false

    let isReused: Bool
    private(set) var hasHeard = false
    /// By when the head that is waited for must have come.
    private var headDeadline: Instant?

    init(on connection: HTTP2OriginConnection, isReused: Bool) {
        self.connection = connection
        self.isReused = isReused
        session = connection.session
        reactor = connection.reactor
    }

    /// Nothing of a request counts as sent that the node says it has not looked at: a refused
    /// stream, or one above the last of its GOAWAY (RFC 9113 §8.7).
    var hasSent: Bool {
        guard let stream else { return false }
        return stream.inflow != .broken(code: ErrorCode.refusedStream.rawValue)
    }

    func streamHasNews() { reading?.wake() }

    func streamHasRoom() { writing?.wake() }

    func streamClosed() {
        reading?.wake()
        writing?.wake()
    }

    // MARK: - The request

    func begin(_ head: borrowing RequestHead, length: BodyLength) {
        var said: UInt64?
        var hasBody = false
        switch length {
        case .none: break
        case .known(let count):
            said = count
            hasBody = count > 0
        case .unknown: hasBody = true
        }
        stream = session.request(
            head, isHTTPS: connection.isHTTPS, kind: .ordinary, length: said, hasBody: hasBody)
        stream?.user = self
        connection.schedule()
    }

    func put(_ bytes: Span<UInt8>) {
        guard let stream else { return }
        session.put(bytes, on: stream)
        connection.schedule()
    }

    func finish(trailers: borrowing Fields) {
        guard let stream else { return }
        session.finish(stream, trailers: trailers)
        connection.schedule()
    }

    var isFull: Bool { (stream?.waiting ?? 0) >= Self.mostOutput }

    func flushNow() throws(ExchangeFault) -> Bool {
        guard let stream else { throw .origin(.closedBeforeAnswer) }
        // What broke the stream is told by whoever waits for the answer, which may be there.
        return stream.waiting == 0 || stream.isClosed
    }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        guard let stream else { throw .origin(.closedBeforeAnswer) }
        var since = reactor.now
        while stream.waiting > 0, !stream.isClosed {
            stream.wantsRoom = true
            let point = writing ?? WaitPoint(reactor.timers)
            writing = point
            let wake = await point.wait(by: since + connection.bounds.betweenBytes, in: scope) {
                stream.waiting == 0 || stream.isClosed
            }
            switch wake {
            case .ready: continue
            case .interrupted: throw .client(.gone)
            case .late:
                guard stream.lastMoved > since else { throw .origin(.stalled) }
                since = stream.lastMoved
            }
        }
    }

    // MARK: - The response

    func takeHead(
        into head: inout ResponseHead, answering method: Method
    ) throws(ExchangeFault) -> BodyLength? {
        guard let stream else { throw .origin(.closedBeforeAnswer) }
        if let next = stream.takeResponse() {
            hasHeard = true
            headDeadline = nil
            head = next
            return head.isInterim ? BodyLength.none : length(of: head, answering: method, stream)
        }
        if stream.inflow != .open { throw brokenHead(stream) }
        return nil
    }

    func headReadable(in scope: Scope) async throws(ExchangeFault) {
        guard let stream else { throw .origin(.closedBeforeAnswer) }
        let deadline = headDeadline ?? reactor.now + connection.bounds.firstByte
        headDeadline = deadline
        try await news(of: stream, by: deadline, in: scope, silence: .noAnswer)
    }

    private func length(
        of head: borrowing ResponseHead, answering method: Method, _ stream: SessionStream
    ) -> BodyLength {
        if method == .head || !head.statusAllowsBody { return .none }
        if let declared = stream.declared { return .known(declared) }
        let isBare = stream.inflow == .ended && !stream.hasInput && stream.trailers.isEmpty
        return isBare ? .known(0) : .unknown
    }

    private func brokenHead(_ stream: SessionStream) -> ExchangeFault {
        if case .broken(let code) = stream.inflow, code == ErrorCode.protocolError.rawValue {
            return .origin(.malformed)
        }
        return .origin(.closedBeforeAnswer)
    }

    var trailers: Fields { stream?.trailers ?? Fields() }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        guard let stream else { throw .origin(.truncated) }
        if case .broken = stream.inflow { throw .origin(.truncated) }
        let count = session.read(stream, upTo: Self.mostMoved) { sink.put($0) }
        if count == 0 { return stream.inflow == .ended ? .finished : .blocked }
        // A window may have to be opened.
        connection.schedule()
        return .moved
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        guard let stream else { throw .origin(.truncated) }
        try await news(
            of: stream, by: reactor.now + connection.bounds.betweenBytes, in: scope,
            silence: .stalled)
    }

    private func news(
        of stream: SessionStream, by deadline: Instant, in scope: Scope?, silence: OriginFault
    ) async throws(ExchangeFault) {
        let isReady = { stream.hasInput || stream.hasResponse || stream.inflow != .open }
        if isReady() { return }
        let point = reading ?? WaitPoint(reactor.timers)
        reading = point
        switch await point.wait(by: deadline, in: scope, unless: isReady) {
        case .ready: return
        case .interrupted: throw .client(.gone)
        case .late: throw .origin(silence)
        }
    }

    /// Never: no upgrade is asked for over this port, so that no node can grant one.
    func becomeTunnel() {}
    func finishTunnel() {}

    // MARK: - The end

    func release() { end() }

    func abandon() { end() }

    /// What is not complete on both sides is reset; the connection goes on.
    private func end() {
        guard !isOver else { return }
        isOver = true
        guard let stream else { return }
        if !stream.isClosed, stream.inflow == .open || !stream.hasEndedOutput {
            session.reset(stream, .cancel)
        }
        connection.ended(stream)
    }
}
