internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop

/// A stored body, or a range of it, on its way to a client. It may still grow.
final class StoredSource: BodySource {
    /// Nil once it has been let go.
    private var reader: BodyReader?
    private let body: GrowingBody
    /// What is still to be sent; nil: all there is.
    private var left: Int?
    private let reactor: Reactor
    private lazy var point = WaitPoint(reactor.timers)

    /// Nil if the bytes are not kept any more.
    init?(_ body: GrowingBody, _ range: Range<Int64>? = nil, on reactor: Reactor) {
        guard let reader = body.reader(from: range.map { Int($0.lowerBound) } ?? 0) else {
            return nil
        }
        self.reader = consume reader
        self.body = body
        self.reactor = reactor
        left = range.map { Int($0.upperBound - $0.lowerBound) }
    }

    /// How long the body is, if it has ended.
    var total: Int? { body.phase == .complete ? body.length : nil }

    /// As much as a sink buffers.
    private static let mostAtOnce = 64 << 10
    /// Below this, a copy is cheaper than to have the kernel find the pages.
    private static let leastSent = 16 << 10

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        if left == 0 { return .finished }
        if sink.takesFiles,
            let (file, range) = reader?.nextInFile(
                atLeast: Self.leastSent, upTo: left ?? .max)
        {
            let count = try sink.put(file, range)
            reader?.advance(by: count)
            if let rest = left { left = rest - count }
            return .moved
        }
        let progress = reader?.read(upTo: min(left ?? Self.mostAtOnce, Self.mostAtOnce)) { bytes in
            sink.put(bytes)
            return bytes.count
        }
        switch progress {
        case nil: throw .origin(.truncated)
        case .moved(let count):
            if let rest = left { left = rest - count }
            return .moved
        case .caughtUp: return .blocked
        case .finished where left == nil: return .finished
        case .finished, .failed: throw .origin(.truncated)
        }
    }

    /// The filler has the deadline: a body that stalls fails.
    func readable(in scope: Scope?) async throws(ExchangeFault) {
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        guard reader?.whenMore({ waker.wake() }) ?? false else { return }
        let wake = await point.wait(by: .distantFuture, in: scope)
        reader?.stopWaiting()
        if wake == .interrupted { throw .client(.gone) }
    }

    func letGo() { reader = nil }

    var trailers: Fields { Fields() }
}

/// Where nobody listens: what is left of an answer that has said enough.
final class Nowhere: BodySink {
    func put(_ bytes: Span<UInt8>) {}
    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { false }
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
}

/// Nobody: for what is fetched behind the clients' backs.
final class Nobody: ClientPort {
    let facts: ClientFacts
    let scope = Scope()

    init(as facts: ClientFacts) { self.facts = facts }

    var bodyLength: BodyLength { .none }
    var trailers: Fields { Fields() }
    var isFull: Bool { false }
    var bytesIn: UInt64 { 0 }
    var bytesOut: UInt64 { 0 }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer { .finished }
    func readable(in scope: Scope?) async throws(ExchangeFault) {}
    func put(_ bytes: Span<UInt8>) {}
    func finish(trailers: borrowing Fields) {}
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
    func covers(host: Span<UInt8>) -> Bool { true }
    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault) {}
    func begin(_ head: borrowing ResponseHead, length: BodyLength, answering method: Method) {}
    func endAfterResponse() {}
    func becomeTunnel() {}
    func finishTunnel() {}
    func cut() {}
}
