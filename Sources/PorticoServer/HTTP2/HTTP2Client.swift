internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP2
internal import PorticoLoop
internal import PorticoTelemetry

/// One request of an HTTP/2 client, and its response.
final class HTTP2Client: ClientPort, StreamUser {
    /// More than this of one response waits for the client before more of it is fetched.
    private static let mostOutput = 64 << 10
    private static let mostMoved = 64 << 10

    private(set) var stream: SessionStream
    private let connection: HTTP2Connection
    private let session: Session
    private let reactor: Reactor
    private(set) var facts: ClientFacts
    let scope = Scope()
    private(set) var bodyLength = BodyLength.none
    /// Body bytes so far.
    private var moved: UInt64 = 0
    private var headOut: UInt64 = 0
    private var putBytes: UInt64 = 0
    private var isTunnel = false
    /// The exchange has ended.
    private var isOver = false
    private var reading: WaitPoint?
    private var writing: WaitPoint?

    init(_ stream: SessionStream, on connection: HTTP2Connection, facts: ClientFacts) {
        self.stream = stream
        self.connection = connection
        self.facts = facts
        session = connection.session
        reactor = connection.reactor
        bodyLength = Self.bodyLength(of: stream)
    }

    /// Begins with another stream what has served one.
    func renew(_ stream: SessionStream, facts: ClientFacts) {
        self.stream = stream
        self.facts = facts
        bodyLength = Self.bodyLength(of: stream)
        scope.reset()
        moved = 0
        headOut = 0
        putBytes = 0
        isTunnel = false
        isOver = false
    }

    private static func bodyLength(of stream: SessionStream) -> BodyLength {
        if stream.kind == .webSocket { return .none }
        if let declared = stream.declared { return .known(declared) }
        return stream.isBare ? .none : .unknown
    }

    private var limits: LimitsSettings { connection.limits }

    /// The request from its head to its log line.
    func serve(by handler: any RequestHandler) async {
        if let refusal = stream.refusal {
            await handler.refuse(
                RefusedHead(status: refusal.status, head: stream.request), from: self)
        } else if case .known(let count) = bodyLength, count > UInt64(limits.bodyBytes) {
            await handler.refuse(
                RefusedHead(status: 413, head: stream.request), from: self)
        } else if stream.kind == .webSocket {
            await handler.handle(WebSocketHandshake.request(stream.request), from: self)
        } else {
            await handler.handle(stream.request, from: self)
        }
        isOver = true
        connection.ended(self)
    }

    func streamHasNews() { reading?.wake() }

    func streamHasRoom() { writing?.wake() }

    func streamClosed() {
        if isOver { return connection.giveBack(self) }
        reading?.wake()
        writing?.wake()
        // A stream that is closed in good order has nothing left to interrupt.
        if isGone { scope.interrupt() }
    }

    private var isGone: Bool {
        if case .broken = stream.inflow { return true }
        return stream.isClosed && stream.closeCode != 0
    }

    func covers(host: Span<UInt8>) -> Bool { connection.covers(host: host) }

    // MARK: - The request's body

    var trailers: Fields { stream.trailers }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        if case .broken = stream.inflow { throw .client(.gone) }
        let count = session.read(stream, upTo: Self.mostMoved) { sink.put($0) }
        if count == 0 { return stream.inflow == .ended ? .finished : .blocked }
        moved += UInt64(count)
        if !isTunnel, moved > UInt64(limits.bodyBytes) { throw .client(.malformed(status: 413)) }
        // A window may have to be opened.
        connection.schedule()
        return .moved
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        let patience = isTunnel ? limits.idleTimeout : limits.bodyTimeout
        let stream = stream
        let isReady = { stream.hasInput || stream.inflow != .open }
        if isReady() { return }
        let point = reading ?? WaitPoint(reactor.timers)
        reading = point
        switch await point.wait(by: reactor.now + patience, in: scope, unless: isReady) {
        case .ready: return
        case .interrupted: throw .client(.gone)
        case .late:
            connection.count(.timeoutsBody)
            throw .client(.slow)
        }
    }

    // MARK: - The response

    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault) {
        session.sendInterim(head, on: stream)
        connection.schedule()
    }

    func begin(_ response: borrowing ResponseHead, length: BodyLength, answering method: Method) {
        var said: UInt64?
        var hasBody = method != .head && response.statusAllowsBody
        switch length {
        case .none: hasBody = false
        case .known(let count):
            if count == 0 { hasBody = false }
            if response.statusAllowsBody { said = count }
        case .unknown: break
        }
        if response.status == 101 { hasBody = true }
        session.respond(response, on: stream, length: said, hasBody: hasBody)
        // As decoded, and the status.
        for line in response.fields.lines {
            headOut += UInt64(line.nameRange.count + line.valueRange.count)
        }
        headOut += 3
        connection.schedule()
    }

    func put(_ bytes: Span<UInt8>) {
        putBytes += UInt64(bytes.count)
        session.put(bytes, on: stream)
        connection.schedule()
    }

    func finish(trailers: borrowing Fields) {
        session.finish(stream, trailers: trailers)
        connection.schedule()
    }

    var isFull: Bool { stream.waiting >= Self.mostOutput || connection.holdsTooMuch }

    /// What is complete leaves without the exchange: the connection sees to it that it does.
    func flushNow() throws(ExchangeFault) -> Bool {
        if isGone { throw .client(.gone) }
        return stream.waiting == 0 || stream.hasEndedOutput
    }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        let stream = stream
        var since = reactor.now
        while true {
            if isGone { throw .client(.gone) }
            if stream.waiting == 0 || stream.isClosed { return }
            stream.wantsRoom = true
            let point = writing ?? WaitPoint(reactor.timers)
            writing = point
            switch await point.wait(
                by: since + limits.bodyTimeout, in: scope,
                unless: {
                    stream.waiting == 0 || stream.isClosed
                })
            {
            case .ready: continue
            case .interrupted: throw .client(.gone)
            case .late:
                // Slow is not stuck.
                if stream.lastMoved > since {
                    since = stream.lastMoved
                    continue
                }
                connection.count(.timeoutsWrite)
                session.reset(stream, .cancel)
                connection.schedule()
                throw .client(.slow)
            }
        }
    }

    /// Only the stream ends: where the next request begins is never in doubt.
    func endAfterResponse() {}

    func becomeTunnel() { isTunnel = true }

    func finishTunnel() {
        session.finish(stream)
        connection.schedule()
    }

    func cut() {
        session.reset(stream, .internalError)
        connection.schedule()
    }

    var bytesIn: UInt64 { UInt64(stream.headBytes) + moved }
    var bytesOut: UInt64 { headOut + putBytes }
}
