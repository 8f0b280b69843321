internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP1
internal import PorticoLoop
internal import PorticoOrigins

/// HTTP/1.1 with an origin node: one connection, one request at a time.
final class HTTP1Origin: OriginPort, Sleeper {
    /// The bounds of a conversation with an origin, from its pool's settings.
    struct Bounds: Sendable {
        var heads = HeadLimits(bytes: 384 << 10, lines: 1024, targetBytes: 0)
        var firstByte = Duration.seconds(15)
        var betweenBytes = Duration.seconds(15)
        /// Without a byte in either direction, a tunnel ends after this.
        var idle = Duration.seconds(60)
    }

    private enum Progress {
        case idle, head, body, finished, broken
    }

    private static let mostOutput = 64 << 10
    /// Less room than this is not worth a read.
    private static let leastRead = 4 << 10
    /// Read at once where a body has shown that it is long.
    private static let longRead = 64 << 10

    let node: Node
    let transport: Transport
    private let bounds: Bounds
    private let onRelease: (HTTP1Origin, Bool) -> Void
    private let onIdleEnd: (HTTP1Origin) -> Void
    /// Under which it stands among the kept connections.
    var ticket: KeepAliveTicket?
    private let reactor: Reactor

    private var input = Buffer()
    private var output = Buffer()
    private var reader: ResponseReader
    private var body: BodyReader
    private var progress = Progress.idle
    /// By when the head that is waited for must have come.
    private var headDeadline: Instant?
    /// Body bytes of the present response so far.
    private var moved = 0
    private var isChunkedRequest = false
    private var requestIsFinished = true
    private var keepsAlive = false
    private var isTunnel = false
    private var isOver = false

    private(set) var isReused = false
    private(set) var hasSent = false
    private(set) var hasHeard = false

    /// `onRelease` takes the connection back: true if it can serve another request. `onIdleEnd`
    /// hears when a kept one has ended, or said something unasked.
    init(
        to node: Node, over transport: Transport, bounds: Bounds,
        onRelease: @escaping (HTTP1Origin, Bool) -> Void,
        onIdleEnd: @escaping (HTTP1Origin) -> Void
    ) {
        self.node = node
        self.transport = transport
        self.bounds = bounds
        self.onRelease = onRelease
        self.onIdleEnd = onIdleEnd
        reactor = transport.stream.reactor
        reader = ResponseReader(limits: bounds.heads)
        body = BodyReader(.none, limit: 0, trailerLimits: bounds.heads)
    }

    /// Kept without a request: only watched for its end.
    func sleep() { transport.sleep(self, until: .distantFuture) }

    func woke(_ wake: Wake) { onIdleEnd(self) }

    /// Begins with another request what served one before.
    func reuse() {
        transport.stopSleeping()
        isReused = true
        isOver = false
        hasSent = false
        hasHeard = false
        progress = .idle
        reader.reset()
        headDeadline = nil
    }

    // MARK: - The request

    func begin(_ head: borrowing RequestHead, length: BodyLength) {
        reactor.shelf.supply(&output)
        HeadWriter.writeRequestLine(head, into: &output)
        HeadWriter.writeFields(head.fields, into: &output)
        isChunkedRequest = false
        requestIsFinished = length == .none
        switch length {
        case .none: break
        case .known(let count):
            output.append("Content-Length: ")
            output.append(decimal: count)
            output.append("\r\n")
        case .unknown:
            isChunkedRequest = true
            output.append("Transfer-Encoding: chunked\r\n")
        }
        output.append("\r\n")
        progress = .head
    }

    func put(_ bytes: Span<UInt8>) {
        if bytes.isEmpty { return }
        if isChunkedRequest {
            ChunkWriter.begin(bytes.count, into: &output)
            output.append(bytes)
            ChunkWriter.end(into: &output)
        } else {
            output.append(bytes)
        }
    }

    func finish(trailers: borrowing Fields) {
        requestIsFinished = true
        if isChunkedRequest { ChunkWriter.finish(trailers: trailers, into: &output) }
    }

    var isFull: Bool { output.count >= Self.mostOutput }

    func flushNow() throws(ExchangeFault) -> Bool {
        do throws(TransportFault) {
            let before = output.count
            defer { if output.count < before { hasSent = true } }
            let done = try transport.writeNow(&output)
            if done { reactor.shelf.reclaim(&output) }
            return done
        } catch {
            throw fault(of: error, silence: .stalled)
        }
    }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        do throws(TransportFault) {
            let before = output.count
            defer { if output.count < before { hasSent = true } }
            while try !transport.writeNow(&output) {
                hasSent = true
                try await transport.writable(
                    by: reactor.now + (isTunnel ? bounds.idle : bounds.betweenBytes), in: scope)
            }
            reactor.shelf.reclaim(&output)
        } catch {
            throw fault(of: error, silence: .stalled)
        }
    }

    // MARK: - The response

    func takeHead(
        into head: inout ResponseHead, answering method: Method
    ) throws(ExchangeFault) -> BodyLength? {
        while true {
            if !input.isEmpty {
                do throws(ResponseFault) {
                    if case .head(let consumed) = try reader.read(input.bytes, into: &head) {
                        input.consume(consumed)
                        reader.reset()
                        headDeadline = nil
                        return try accept(head, answering: method)
                    }
                } catch {
                    progress = .broken
                    throw .origin(.malformed)
                }
            }
            do throws(TransportFault) {
                reactor.shelf.supply(&input)
                input.reserve(Self.leastRead)
                guard let count = try transport.readNow(into: &input, upTo: input.room) else {
                    if input.isEmpty { reactor.shelf.reclaim(&input) }
                    return nil
                }
                if count == 0 { throw .cut }
                hasHeard = true
            } catch {
                throw fault(of: error, silence: .noAnswer)
            }
        }
    }

    func headReadable(in scope: Scope) async throws(ExchangeFault) {
        let deadline = headDeadline ?? reactor.now + bounds.firstByte
        headDeadline = deadline
        // Not `transport.readable`: see `HTTP1Client.serve`.
        switch await transport.stream.reading.wait(
            by: deadline, in: scope, unless: { !transport.stream.isQuiet })
        {
        case .ready: return
        case .late: throw fault(of: .io(.late), silence: .noAnswer)
        case .interrupted: throw fault(of: .io(.interrupted), silence: .noAnswer)
        }
    }

    private func accept(
        _ head: borrowing ResponseHead, answering method: Method
    ) throws(ResponseFault) -> BodyLength {
        if head.isInterim { return .none }
        let framing = try head.bodyFraming(to: method)
        body.restart(framing, limit: .max)
        moved = 0
        progress = .body
        keepsAlive = head.keepsAlive && !head.hasForbiddenBody
        switch framing {
        case .none: return .none
        case .length(let count): return .known(count)
        case .chunked: return .unknown
        case .untilClose:
            keepsAlive = false
            return .unknown
        }
    }

    var trailers: Fields { body.trailers }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        while true {
            do throws(BodyFault) {
                switch try body.read(input.bytes) {
                case .data(let range, let consumed):
                    input.withBytes(in: range) { sink.put($0) }
                    moved += range.count
                    input.consume(consumed)
                    return .moved
                case .end(let consumed):
                    input.consume(consumed)
                    progress = .finished
                    return .finished
                case .needsMore(let consumed):
                    input.consume(consumed)
                }
            } catch {
                progress = .broken
                throw .origin(.truncated)
            }
            do throws(TransportFault) {
                reactor.shelf.supply(&input)
                input.reserve(moved > Self.longRead ? Self.longRead : Self.leastRead)
                guard let count = try transport.readNow(into: &input, upTo: input.room) else {
                    return .blocked
                }
                if count == 0 { try endOfInput() }
            } catch {
                throw fault(of: error, silence: .stalled)
            }
        }
    }

    /// The node has finished: the end of a body that lasts until then, a cut in any other.
    private func endOfInput() throws(TransportFault) {
        do throws(BodyFault) { try body.endOfInput() } catch { throw .cut }
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        do throws(TransportFault) {
            try await transport.readable(
                by: reactor.now + (isTunnel ? bounds.idle : bounds.betweenBytes), in: scope)
        } catch {
            throw fault(of: error, silence: .stalled)
        }
    }

    func becomeTunnel() {
        isTunnel = true
        keepsAlive = false
        isChunkedRequest = false
        body.restart(.untilClose, limit: .max)
    }

    func finishTunnel() { transport.finishWriting() }

    // MARK: - The end

    func release() {
        if isOver { return }
        isOver = true
        let isClean =
            progress == .finished && keepsAlive && requestIsFinished && input.isEmpty
            && output.isEmpty && transport.isQuiet
        if isClean {
            reactor.shelf.reclaim(&input)
            reactor.shelf.reclaim(&output)
        }
        onRelease(self, isClean)
    }

    func abandon() {
        if isOver { return }
        isOver = true
        onRelease(self, false)
    }

    /// What a broken or silent connection means depends on what has been heard of the answer.
    private func fault(of fault: TransportFault, silence: OriginFault) -> ExchangeFault {
        switch fault {
        case .io(.late): .origin(silence)
        case .io(.interrupted): .client(.gone)
        case .io(.system), .tls, .cut: .origin(hasHeard ? .truncated : .closedBeforeAnswer)
        }
    }
}
