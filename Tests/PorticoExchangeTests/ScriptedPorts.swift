import PorticoBytes
import PorticoCache
import PorticoHTTP
import PorticoLoop
import PorticoOrigins

@testable import PorticoExchange

/// What a script lets arrive.
enum Piece {
    case bytes(String)
    /// Bytes that are no text.
    case raw([UInt8])
    /// So many bytes.
    case block(Int)
    case end
    case fault(ExchangeFault)
    /// Only from origins: a head, and how long its body is.
    case head(String, BodyLength)
}

extension Piece {
    static let ok = Piece.head("200\nContent-Length: 2", .known(2))
}

/// What arrives at a port, and where its reader waits.
final class Arrivals {
    private var pieces: [Piece]
    private let point: WaitPoint

    init(_ pieces: [Piece], on reactor: Reactor) {
        self.pieces = pieces
        point = WaitPoint(reactor.timers)
    }

    var isEmpty: Bool { pieces.isEmpty }

    func add(_ more: [Piece]) {
        pieces += more
        point.wake()
    }

    func next() -> Piece? { pieces.isEmpty ? nil : pieces.removeFirst() }

    func wait(by deadline: Instant, in scope: Scope?) async -> Wake {
        await point.wait(by: deadline, in: scope) { !pieces.isEmpty }
    }

    /// Moves one piece of a body.
    func move(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        switch next() {
        case nil: return .blocked
        case .bytes(let text):
            sink.put(Array(text.utf8).span)
            return .moved
        case .raw(let bytes):
            sink.put(bytes.span)
            return .moved
        case .block(let count):
            sink.put([UInt8](repeating: 0x78, count: count).span)
            return .moved
        case .end: return .finished
        case .fault(let fault): throw fault
        case .head: throw .origin(.malformed)
        }
    }
}

/// Where a port's output goes: to a peer that takes all at once, or nothing for a while.
final class Outlet {
    private(set) var taken: [UInt8] = []
    private var waiting: [UInt8] = []
    private let point: WaitPoint
    var isStuck = false
    var fault: ExchangeFault?

    init(on reactor: Reactor) { point = WaitPoint(reactor.timers) }

    var isFull: Bool { waiting.count >= 64 << 10 }
    var waitingCount: Int { waiting.count }

    func put(_ bytes: Span<UInt8>) { waiting += bytes.array }

    /// Whether all could be written without waiting.
    func flushNow() -> Bool {
        if isStuck && !waiting.isEmpty { return false }
        taken += waiting
        waiting = []
        return true
    }

    func unblock() {
        isStuck = false
        point.wake()
    }

    /// Why not all could be written; nil: it was.
    func flush(by deadline: Instant, in scope: Scope?) async -> Wake? {
        while isStuck && !waiting.isEmpty {
            let wake = await point.wait(by: deadline, in: scope) { !isStuck }
            if wake != .ready { return wake }
        }
        taken += waiting
        waiting = []
        return nil
    }
}

/// A client that does what its test says.
final class ScriptedClient: ClientPort {
    let facts: ClientFacts
    let bodyLength: BodyLength
    let scope = Scope()
    let arrivals: Arrivals
    let outlet: Outlet
    private let reactor: Reactor
    /// Interim and final statuses, "end", "cut", "tunnel", "finished tunnel", "over".
    var events: [String] = []
    private(set) var fields: [String] = []
    private(set) var headLength: BodyLength?
    private(set) var endsAfterResponse = false
    private(set) var trailers = Fields()
    private(set) var isBodyFinished = false
    var coversHost = true

    init(on reactor: Reactor, facts: ClientFacts, length: BodyLength, body: [Piece]) {
        self.reactor = reactor
        self.facts = facts
        bodyLength = length
        arrivals = Arrivals(body, on: reactor)
        outlet = Outlet(on: reactor)
    }

    var body: String { String(decoding: outlet.taken, as: UTF8.self) }
    var bodyBytes: [UInt8] { outlet.taken }
    var bytesIn: UInt64 { 100 }
    var bytesOut: UInt64 { UInt64(outlet.taken.count) }

    func values(_ name: String) -> [String] {
        fields.filter { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
            .map { String($0.dropFirst(name.utf8.count + 2)) }
    }

    /// The connection breaks.
    func hangUp() {
        arrivals.add([.fault(.client(.gone))])
        scope.interrupt()
    }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        let result = try arrivals.move(to: sink)
        if result == .finished { isBodyFinished = true }
        return result
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        switch await arrivals.wait(by: reactor.now + .seconds(30), in: scope) {
        case .ready: return
        case .late: throw .client(.slow)
        case .interrupted: throw .client(.gone)
        }
    }

    func put(_ bytes: Span<UInt8>) { outlet.put(bytes) }

    /// As a plain connection does: not all at once.
    var takesFiles = false
    private(set) var filed = 0

    func put(_ file: any StoredFile, _ range: Range<Int>) throws(ExchangeFault) -> Int {
        let count = min(range.count, 100_000)
        var bytes = [UInt8](repeating: 0, count: count)
        let read = try? file.read(into: &bytes, 0..<count, at: range.lowerBound)
        guard read == count else { throw .client(.gone) }
        outlet.put(bytes.span)
        filed += count
        return count
    }

    func finish(trailers: borrowing Fields) { events.append("end") }
    var isFull: Bool { outlet.isFull }

    func flushNow() throws(ExchangeFault) -> Bool {
        if let fault = outlet.fault { throw fault }
        return outlet.flushNow()
    }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        if let fault = outlet.fault { throw fault }
        switch await outlet.flush(by: reactor.now + .seconds(30), in: scope) {
        case nil: return
        case .late: throw .client(.slow)
        default: throw .client(.gone)
        }
    }

    func covers(host: Span<UInt8>) -> Bool { coversHost }

    func sendInterim(_ head: borrowing ResponseHead) async throws(ExchangeFault) {
        events.append("\(head.status)")
        try await flush(in: nil)
    }

    func begin(_ head: borrowing ResponseHead, length: BodyLength, answering method: Method) {
        events.append("\(head.status)")
        fields = head.fields.text
        headLength = length
    }

    func endAfterResponse() { endsAfterResponse = true }
    func becomeTunnel() { events.append("tunnel") }
    func finishTunnel() { events.append("finished tunnel") }
    func cut() { events.append("cut") }
}

/// A node's end of one connection. Whatever is asked of it after its end is noted as a violation.
final class ScriptedOrigin: OriginPort {
    let arrivals: Arrivals
    let outlet: Outlet
    private let reactor: Reactor
    /// "began", "finished", "tunnel", "finished tunnel", "released", "abandoned".
    private(set) var events: [String] = []
    private(set) var violations: [String] = []
    private(set) var requestLine = ""
    /// Path and query as they are written.
    private(set) var asked = ""
    private(set) var fields: [String] = []
    private(set) var length: BodyLength?
    var isReused = false
    private(set) var hasHeard = false
    let trailers = Fields()
    private var isOver = false
    private var isTunnel = false
    private var headDeadline: Instant?

    init(on reactor: Reactor, _ pieces: [Piece]) {
        self.reactor = reactor
        arrivals = Arrivals(pieces, on: reactor)
        outlet = Outlet(on: reactor)
    }

    var body: String { String(decoding: outlet.taken, as: UTF8.self) }
    private(set) var hasSent = false

    private func use(_ what: String) { if isOver { violations.append(what) } }

    func begin(_ head: borrowing RequestHead, length: BodyLength) {
        use("begin")
        requestLine = "\(head[head.methodRange].text) \(head[head.targetRange].text)"
        asked = head[head.pathAndQuery].text
        fields = head.fields.text
        self.length = length
        events.append("began")
    }

    func put(_ bytes: Span<UInt8>) {
        use("put")
        outlet.put(bytes)
    }

    func finish(trailers: borrowing Fields) {
        use("finish")
        events.append("finished")
    }

    var isFull: Bool { outlet.isFull }

    func flushNow() throws(ExchangeFault) -> Bool {
        use("flush")
        if let fault = outlet.fault { throw fault }
        hasSent = true
        return outlet.flushNow()
    }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        use("flush")
        if let fault = outlet.fault { throw fault }
        hasSent = true
        switch await outlet.flush(by: reactor.now + .seconds(15), in: scope) {
        case nil: return
        case .late: throw .origin(.stalled)
        default: throw .client(.gone)
        }
    }

    func takeHead(
        into head: inout ResponseHead, answering method: Method
    ) throws(ExchangeFault) -> BodyLength? {
        use("takeHead")
        switch arrivals.next() {
        case .head(let text, let length):
            hasHeard = true
            headDeadline = nil
            head = makeResponse(text)
            return length
        case .fault(let fault): throw fault
        case .bytes, .raw, .block, .end: throw .origin(.malformed)
        case nil: return nil
        }
    }

    func headReadable(in scope: Scope) async throws(ExchangeFault) {
        use("headReadable")
        let deadline = headDeadline ?? reactor.now + .seconds(15)
        headDeadline = deadline
        switch await arrivals.wait(by: deadline, in: scope) {
        case .ready: return
        case .late: throw .origin(.noAnswer)
        case .interrupted: throw .client(.gone)
        }
    }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        use("transfer")
        return try arrivals.move(to: sink)
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        use("readable")
        let patience = Duration.seconds(isTunnel ? 60 : 15)
        switch await arrivals.wait(by: reactor.now + patience, in: scope) {
        case .ready: return
        case .late: throw .origin(.stalled)
        case .interrupted: throw .client(.gone)
        }
    }

    func becomeTunnel() {
        isTunnel = true
        events.append("tunnel")
    }

    func finishTunnel() {
        use("finishTunnel")
        events.append("finished tunnel")
    }

    func release() {
        use("release")
        isOver = true
        events.append("released")
    }

    func abandon() {
        use("abandon")
        isOver = true
        events.append("abandoned")
    }
}

/// Connections to nodes, each made as the script of its node says.
final class ScriptedDialer: OriginDialer {
    enum Dial {
        case new(ScriptedOrigin)
        case fault(OriginFault)
    }

    private var dials: [String: [Dial]] = [:]
    private var kept: [String: [ScriptedOrigin]] = [:]
    /// The nodes asked for, "a" or "a kept".
    private(set) var log: [String] = []

    /// The next connection to each node in turn: any node gets the first that is left for it.
    func dial(_ node: String, _ dial: Dial) { dials[node, default: []].append(dial) }

    func keep(_ node: String, _ origin: ScriptedOrigin) {
        origin.isReused = true
        kept[node, default: []].append(origin)
    }

    func takeKept(to node: Node) -> (any OriginPort)? {
        guard let origin = kept[node.host]?.popLast() else { return nil }
        log.append("\(node.host) kept")
        return origin
    }

    func connect(
        to node: Node, of pool: Pool, in scope: Scope
    ) async throws(ExchangeFault) -> any OriginPort {
        log.append(node.host)
        guard dials[node.host]?.isEmpty == false, let dial = dials[node.host]?.removeFirst() else {
            throw .origin(.unresolved)
        }
        switch dial {
        case .new(let origin): return origin
        case .fault(let fault): throw .origin(fault)
        }
    }
}
