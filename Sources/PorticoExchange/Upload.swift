internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop

/// The request's body on its way to an origin.
///
/// What was there with the head is moved at once; the rest is carried by a task of its own, so
/// that an origin may answer before it has read all. What has been sent is kept up to a bound,
/// so that an idempotent request can be sent again.
final class Upload: BodySink {
    /// Above this, a second try would cost more memory than it is worth.
    private static let mostKept = 64 << 10

    private let client: any BodySource
    private var origin: (any OriginPort)?
    /// What ends the carrying task, and where its end is waited for; nil while there is none.
    private var carrier: (scope: Scope, ended: WaitPoint)?
    private var kept = Buffer()
    private var keeps: Bool
    private var sourceIsFinished = false
    /// Whether nothing of the body was lost to a node that failed.
    private(set) var isReplayable = true
    /// All of the body has been given to the present origin.
    private(set) var isFinished = false
    /// What went wrong on the client's side of it.
    private(set) var fault: ExchangeFault?

    init(of client: any BodySource, keeping: Bool) {
        self.client = client
        keeps = keeping
    }

    /// Gives `origin` what has been kept of earlier tries and what has arrived.
    func begin(to origin: any OriginPort) throws(ExchangeFault) {
        self.origin = origin
        isFinished = false
        if !kept.isEmpty { origin.put(kept.bytes) }
        if sourceIsFinished { return finish(to: origin) }
        while !origin.isFull {
            switch try client.transfer(to: self) {
            case .moved: continue
            case .blocked: return
            case .finished: return finish(to: origin)
            }
        }
    }

    /// Carries the rest in a task of its own. `onFault` is called when it is the client that
    /// failed. An origin that stops reading is not reported: the answer that it may have sent
    /// before says more.
    func start(on reactor: Reactor, onFault: @escaping () -> Void) {
        guard let origin else { return }
        // Counts from here on: `stop` may be called before the task's first line.
        let scope = Scope()
        let ended = WaitPoint(reactor.timers)
        carrier = (scope, ended)
        reactor.start {
            await self.carry(to: origin, in: scope, onFault)
            self.carrier = nil
            ended.wake()
        }
    }

    private func carry(
        to origin: any OriginPort, in scope: Scope, _ onFault: () -> Void
    ) async {
        do throws(ExchangeFault) {
            try await carryOn(to: origin, in: scope)
        } catch {
            if case .client = error, !scope.isInterrupted {
                fault = error
                onFault()
            }
        }
    }

    private func carryOn(
        to origin: any OriginPort, in scope: Scope
    ) async throws(ExchangeFault) {
        // An interrupted scope ends a wait, but where nothing blocks nobody waits.
        var turns = Turns()
        while !scope.isInterrupted {
            if try !origin.flushNow() { try await origin.flush(in: scope) }
            if isFinished || scope.isInterrupted { return }
            switch try client.transfer(to: self) {
            case .moved: await turns.yieldNowAndThen()
            case .blocked: try await client.readable(in: scope)
            case .finished: finish(to: origin)
            }
        }
    }

    /// Ends the carrying task, wherever it waits, and returns when it has ended.
    func stop() async {
        guard let (scope, ended) = carrier else { return }
        scope.interrupt()
        while carrier != nil { _ = await ended.wait(by: .distantFuture) { carrier == nil } }
    }

    private func finish(to origin: any OriginPort) {
        sourceIsFinished = true
        isFinished = true
        origin.finish(trailers: client.trailers)
    }

    // MARK: - BodySink: what the client's side moves goes to the origin, and is kept

    func put(_ bytes: Span<UInt8>) {
        if keeps && kept.count + bytes.count <= Self.mostKept {
            kept.append(bytes)
        } else {
            keeps = false
            isReplayable = false
            kept.removeAll()
        }
        origin?.put(bytes)
    }

    func finish(trailers: borrowing Fields) {}

    var isFull: Bool { origin?.isFull ?? false }

    func flushNow() throws(ExchangeFault) -> Bool { try origin?.flushNow() ?? true }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        try await origin?.flush(in: scope)
    }
}
