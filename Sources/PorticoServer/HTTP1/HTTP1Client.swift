internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP1
internal import PorticoLoop
internal import PorticoTelemetry

/// HTTP/1.1 with a client: reads heads and bodies, frames responses (RFC 9112).
///
/// It lives while its connection is busy. A connection that stays idle lets go of it, and of its
/// task, and keeps only the transport.
final class HTTP1Client: ClientPort {
    /// What the connection does when `serve` is done.
    enum Ending {
        /// No bytes have come for a while: wait for them without a task.
        case sleep
        case close
        /// Something may still be on its way from the client: read it before closing, so that
        /// it does not turn into a reset that takes the response with it (RFC 9112 §9.6).
        case linger
        case cut
    }

    /// How a response's body is told from what follows it.
    private enum Framing {
        case asIs
        case chunked
    }

    /// More than this in the output is written before more is put.
    private static let mostOutput = 64 << 10
    /// Less room than this is not worth a read.
    private static let leastRead = 4 << 10
    /// Read at once where a body has shown that it is long.
    private static let longRead = 64 << 10
    /// How long a task waits for the next request before its connection goes on without it: short,
    /// since a task and what it holds weigh ten times what the connection does.
    private static let patience = Duration.milliseconds(10)
    /// The same for a connection that came back within this time: it will again, and to start a
    /// task each time would cost more.
    private static let longPatience = Duration.milliseconds(50)

    private let connection: ClientConnection
    private let handler: any RequestHandler
    private let limits: LimitsSettings
    private let transport: Transport
    private let reactor: Reactor

    private var input = Buffer()
    private var output = Buffer()
    private var reader: RequestReader
    private(set) var head = RequestHead()
    /// The bytes of a head that was refused, as far as they came; empty where it could be read.
    private(set) var received: [UInt8] = []
    private var body: PorticoHTTP1.BodyReader
    private var framing = Framing.asIs
    /// Body bytes of the present request so far.
    private var moved = 0
    /// When the first part of a head had come, if the rest had to be waited for.
    private var headBegan: Instant?
    private var mustEnd = false
    private var isCut = false
    private var isTunnel = false
    /// A file's bytes found no room in the socket.
    private var waitsForRoom = false

    private let patience: Duration
    private let connectionFacts: ClientFacts
    private(set) var facts: ClientFacts
    private(set) var bodyLength = BodyLength.none
    let scope = Scope()
    private let idleScope = Scope()
    private(set) var bytesIn: UInt64 = 0
    private(set) var bytesOut: UInt64 = 0

    init(
        on connection: ClientConnection, limits: LimitsSettings, handler: any RequestHandler
    ) {
        self.connection = connection
        self.limits = limits
        self.handler = handler
        transport = connection.transport
        reactor = connection.transport.stream.reactor
        // Its deadline says when the request before ended.
        let isBack = connection.idleDeadline + Self.longPatience > reactor.now + limits.idleTimeout
        patience = isBack ? Self.longPatience : Self.patience
        connectionFacts = connection.facts()
        facts = connectionFacts
        var heads = limits.heads
        // Whether it may purge shows when its head is complete: behind a proxy, or with a token.
        if connection.mayPurge { heads.purgeBytes = LimitsSettings.purgeHeaderBytes }
        reader = RequestReader(limits: heads)
        body = BodyReader(.none, limit: 0, trailerLimits: limits.heads)
    }

    // MARK: - Requests, one after another

    func serve() async -> Ending {
        transport.stream.onHangUp = scope
        defer {
            transport.stream.onHangUp = nil
            if input.isEmpty { reactor.shelf.reclaim(&input) }
            if output.isEmpty { reactor.shelf.reclaim(&output) }
        }
        while true {
            beginHead()
            var arrival = headNow()
            while arrival == nil {
                if !output.isEmpty, await !flushAll() { return .cut }
                if let ending = endingBeforeWait() { return ending }
                // Not `transport.readable`: each async call in between costs as much as a system
                // call's entry, and this is where each request waits.
                let wake = await transport.stream.reading.wait(
                    by: headDeadline(), in: idleScope, unless: { !transport.stream.isQuiet })
                arrival = headArrival(after: wake) ?? headNow()
            }
            switch arrival {
            case nil: continue
            case .request: await handler.handle(head, from: self)
            case .refused(let status):
                await handler.refuse(
                    RefusedHead(status: status, head: head, received: received), from: self)
                received = []
            case .ending(let ending): return ending
            }
            if isCut { return .cut }
            // What is pipelined is answered before the answers are written together.
            if !output.isEmpty, mustEnd || input.isEmpty {
                guard await flushAll() else { return .cut }
            }
            if mustEnd { return body.isFinished && input.isEmpty ? .close : .linger }
            connection.idleDeadline = reactor.now + connection.idlePatience
        }
    }

    /// The server stops: a connection that waits for a request need not wait for its deadline.
    func drain() {
        mustEnd = true
        idleScope.interrupt()
    }

    private enum Arrival {
        case request
        /// Nil: to be closed without an answer.
        case refused(status: UInt16?)
        case ending(Ending)
    }

    private func beginHead() {
        reader.reset()
        head.reset()
        bytesIn = 0
        bytesOut = 0
        headBegan = nil
    }

    /// What has come, as far as it is there; nil: more has to come.
    private func headNow() -> Arrival? {
        while true {
            if !input.isEmpty {
                input.reserve(Self.leastRead)
                do throws(RequestFault) {
                    if case .head(let consumed) = try reader.read(input.bytes, into: &head) {
                        input.consume(consumed)
                        bytesIn = UInt64(consumed)
                        return try accept()
                    }
                } catch {
                    return refuse(unread: error.status, because: error)
                }
            }
            do throws(TransportFault) {
                reactor.shelf.supply(&input)
                if let count = try transport.readNow(into: &input, upTo: input.room) {
                    if count > 0 { continue }
                    return reader.hasBegun ? refuse(unread: 400) : .ending(.close)
                }
                return nil
            } catch {
                return .ending(.cut)
            }
        }
    }

    /// Before the wait for more of a head: whether there is anything to wait for.
    private func endingBeforeWait() -> Ending? {
        if mustEnd && !reader.hasBegun { return .close }
        if input.isEmpty { reactor.shelf.reclaim(&input) }
        return nil
    }

    private func headDeadline() -> Instant {
        if !reader.hasBegun { return min(reactor.now + patience, connection.idleDeadline) }
        let began = headBegan ?? reactor.now
        headBegan = began
        return began + limits.headerTimeout
    }

    /// What the end of a wait means by itself; nil: look again.
    private func headArrival(after wake: Wake) -> Arrival? {
        switch wake {
        case .ready: return nil
        case .late where reader.hasBegun:
            connection.count(.timeoutsHeader)
            return refuse(unread: 408)
        case .late:
            // Not `isQuiet`: a part of a TLS record must not keep a connection for ever.
            if !transport.wouldWait || !input.isEmpty { return nil }
            if reactor.now < connection.idleDeadline { return .ending(.sleep) }
            connection.count(.timeoutsIdle)
            return .ending(.close)
        case .interrupted: return reader.hasBegun ? refuse(unread: 408) : .ending(.close)
        }
    }

    /// Judges how the body is framed and who asks.
    private func accept() throws(RequestFault) -> Arrival {
        let head = head
        if connectionFacts.isTrustedProxy {
            facts = connection.facts(for: head, of: connectionFacts)
        }
        moved = 0
        let framing = try head.bodyFraming()
        switch framing {
        case .none, .untilClose: bodyLength = .none
        case .length(let count):
            bodyLength = .known(count)
            if count > UInt64(limits.bodyBytes) { return refuse(413) }
        case .chunked: bodyLength = .unknown
        }
        body.restart(framing, limit: UInt64(limits.bodyBytes))
        if !head.keepsAlive { mustEnd = true }
        return .request
    }

    /// Refuses a head that is not whole or not right, and keeps it as it came: rules may know
    /// what to think of it.
    private func refuse(unread status: UInt16, because fault: RequestFault? = nil) -> Arrival {
        // A head that was complete has been copied and consumed.
        let kept: [UInt8]
        if bytesIn > 0 {
            let fields = head.fields
            kept = fields[ByteRange(0, Int(bytesIn))].array
        } else {
            let range = ByteRange(0, min(input.count, limits.headerBytes))
            kept = input.withBytes(in: range) { $0.array }
        }
        received = kept
        head.reset()
        let arrival = refuse(status)
        // HTTP/0.9: who names no version knows of no status line either.
        let names = fault != .badVersion || Self.namesVersion(kept)
        return names ? arrival : .refused(status: nil)
    }

    /// Whether the first line has a third word, whatever that is.
    private static func namesVersion(_ head: [UInt8]) -> Bool {
        let isEnd = { (byte: UInt8) in byte == 0x0D || byte == 0x0A }
        let line = head.drop(while: isEnd).prefix { !isEnd($0) }
        return line.split(separator: 0x20, maxSplits: 3).count > 2
    }

    private func refuse(_ status: UInt16) -> Arrival {
        mustEnd = true
        bodyLength = .none
        body.restart(.untilClose, limit: 0)
        return .refused(status: status)
    }

    private func flushAll() async -> Bool {
        do throws(ExchangeFault) {
            try await flush(in: nil)
            return true
        } catch {
            return false
        }
    }

    // MARK: - The request's body

    var trailers: Fields { body.trailers }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        while true {
            switch try nextStep() {
            case .data(let range, let consumed):
                input.withBytes(in: range) { sink.put($0) }
                moved += range.count
                take(consumed)
                return .moved
            case .end(let consumed):
                take(consumed)
                return .finished
            case .needsMore(let consumed):
                take(consumed)
            }
            do throws(TransportFault) {
                reactor.shelf.supply(&input)
                input.reserve(moved > Self.longRead ? Self.longRead : Self.leastRead)
                guard let count = try transport.readNow(into: &input, upTo: input.room) else {
                    return .blocked
                }
                if count == 0 { try endOfInput() }
            } catch {
                throw .client(.gone)
            }
        }
    }

    private func nextStep() throws(ExchangeFault) -> PorticoHTTP1.BodyReader.Step {
        do throws(BodyFault) {
            return try input.withBytes { bytes throws(BodyFault) in try body.read(bytes) }
        } catch {
            throw .client(.malformed(status: error.status))
        }
    }

    private func take(_ count: Int) {
        input.consume(count)
        bytesIn += UInt64(count)
    }

    /// The client has finished: the end of a tunnel, a cut in any other body.
    private func endOfInput() throws(TransportFault) {
        do throws(BodyFault) { try body.endOfInput() } catch { throw .cut }
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        let patience = isTunnel ? limits.idleTimeout : limits.bodyTimeout
        do throws(TransportFault) {
            try await transport.readable(by: reactor.now + patience, in: scope)
        } catch {
            if error != .io(.late) { throw .client(.gone) }
            connection.count(.timeoutsBody)
            throw .client(.slow)
        }
    }

    // MARK: - The response

    func covers(host: Span<UInt8>) -> Bool { connection.covers(host: host) }

    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault) {
        HeadWriter.writeResponse(head, into: &output)
        try await flush(in: nil)
    }

    func begin(_ response: borrowing ResponseHead, length: BodyLength, answering method: Method) {
        reactor.shelf.supply(&output)
        let before = output.count
        if !body.isFinished { mustEnd = true }
        framing = .asIs
        if length == .unknown {
            if head.version == .http10 { mustEnd = true } else { framing = .chunked }
        }
        HeadWriter.writeStatus(
            response.status, reason: response.fields[response.reason], into: &output)
        HeadWriter.writeFields(response.fields, into: &output)
        if case .known(let count) = length, !response.fields.contains(.contentLength) {
            output.append("Content-Length: ")
            output.append(decimal: count)
            output.append("\r\n")
        }
        if framing == .chunked { output.append("Transfer-Encoding: chunked\r\n") }
        if response.status != 101 {
            if mustEnd || connection.isDraining {
                mustEnd = true
                output.append("Connection: close\r\n")
            } else if head.version == .http10 {
                output.append("Connection: keep-alive\r\n")
            }
        }
        output.append("\r\n")
        bytesOut += UInt64(output.count - before)
    }

    func put(_ bytes: Span<UInt8>) {
        if bytes.isEmpty { return }
        bytesOut += UInt64(bytes.count)
        if framing == .chunked {
            ChunkWriter.begin(bytes.count, into: &output)
            output.append(bytes)
            ChunkWriter.end(into: &output)
        } else {
            output.append(bytes)
        }
    }

    var takesFiles: Bool { framing == .asIs && !isTunnel && !transport.isTLS }

    func put(_ file: any StoredFile, _ range: Range<Int>) throws(ExchangeFault) -> Int {
        guard let file = (file as? SegmentFile)?.file else { throw .origin(.truncated) }
        do throws(TransportFault) {
            // The head goes first.
            var sent = 0
            if try transport.writeNow(beforeFile: &output) {
                sent = try transport.sendNow(from: file, range)
            }
            waitsForRoom = sent == 0
            bytesOut += UInt64(sent)
            return sent
        } catch {
            isCut = true
            throw .client(.gone)
        }
    }

    func finish(trailers: borrowing Fields) {
        if framing == .chunked { ChunkWriter.finish(trailers: trailers, into: &output) }
    }

    var isFull: Bool { output.count >= Self.mostOutput || waitsForRoom }

    func flushNow() throws(ExchangeFault) -> Bool {
        do throws(TransportFault) {
            let done = try transport.writeNow(&output)
            if done { reactor.shelf.reclaim(&output) }
            return done
        } catch {
            isCut = true
            throw .client(.gone)
        }
    }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        do throws(TransportFault) {
            while try !transport.writeNow(&output) || waitsForRoom {
                try await transport.writable(by: reactor.now + limits.bodyTimeout, in: scope)
                waitsForRoom = false
            }
            reactor.shelf.reclaim(&output)
        } catch {
            isCut = true
            if error != .io(.late) { throw .client(.gone) }
            connection.count(.timeoutsWrite)
            throw .client(.slow)
        }
    }

    func endAfterResponse() { mustEnd = true }

    func becomeTunnel() {
        isTunnel = true
        framing = .asIs
        body.restart(.untilClose, limit: .max)
    }

    func finishTunnel() { transport.finishWriting() }

    func cut() { isCut = true }
}

extension LimitsSettings {
    /// Of a head, and of the trailers that follow its body.
    fileprivate var heads: HeadLimits {
        HeadLimits(bytes: headerBytes, lines: headerCount, targetBytes: uriBytes)
    }
}

/// Answers the requests of a listener: the shop's, or the administrator's.
protocol RequestHandler: AnyObject {
    func handle(_ head: RequestHead, from client: any ClientPort) async

    /// A request cannot be taken as it stands; its connection, or its stream, ends with the answer.
    func refuse(_ refused: RefusedHead, from client: any ClientPort) async
}
