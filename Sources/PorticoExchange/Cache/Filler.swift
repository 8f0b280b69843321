internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins

/// Carries a body from its origin into the cache, whoever reads it meanwhile and whoever leaves.
///
/// It keeps the request's place at the node until the body has ended, and records how it ended.
final class Filler: BodySink {
    /// A body that is not kept stays this close to its one reader.
    private static let mostBacklog = 256 << 10
    /// With several, so much lies between the fastest and the slowest of them.
    private static let mostSharedBacklog = 4 << 20
    /// Who takes nothing for so long, and has others wait, is left behind.
    private static let patience = Duration.seconds(10)
    /// After so many moves without a wait others have their turn.
    private static let mostMoves = 32

    private let origin: any OriginPort
    private let response: StoredResponse
    private let cache: ResponseCache
    private var write: PendingWrite?
    private var spill: Spill?
    private var writer: BodyWriter?
    private var claim: Claim?
    private let node: Node
    private let reactor: Reactor

    init(
        from origin: any OriginPort, _ claim: consuming Claim, to writer: consuming BodyWriter,
        of response: StoredResponse, in cache: ResponseCache,
        write: PendingWrite? = nil, spill: Spill? = nil, on reactor: Reactor
    ) {
        self.origin = origin
        node = claim.node
        self.claim = consume claim
        self.writer = consume writer
        self.response = response
        self.cache = cache
        self.write = write
        self.spill = spill
        self.reactor = reactor
    }

    private var isKept: Bool { writer?.isKept ?? false }

    /// Fills with what is there; a task of its own carries the rest.
    func start() {
        if moveNow() { return }
        reactor.start { await self.fill() }
    }

    /// Whether the end has come.
    private func moveNow() -> Bool {
        for _ in 0..<Self.mostMoves {
            do throws(ExchangeFault) {
                switch try origin.transfer(to: self) {
                case .moved: if !isKept { return false }
                case .blocked: return false
                case .finished:
                    finish()
                    return true
                }
            } catch {
                fail(error)
                return true
            }
        }
        return false
    }

    private func fill() async {
        let point = WaitPoint(reactor.timers)
        while !moveNow() {
            if !isKept {
                // Nobody would get it.
                let isWanted = spill?.isWorking ?? false
                if !isWanted, !response.body.hasReaders { return fail(.client(.gone)) }
                await waitForReaders(at: point)
                await waitForDisk(at: point)
            }
            do throws(ExchangeFault) {
                switch try origin.transfer(to: self) {
                case .moved: _ = await point.wait(by: reactor.now)
                case .blocked: try await origin.readable(in: nil)
                case .finished: return finish()
                }
            } catch {
                return fail(error)
            }
        }
    }

    private func waitForReaders(at point: WaitPoint) async {
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        var laggard = response.body.slowestReader
        var since = reactor.now
        while let slowest = response.body.slowestReader,
            writer?.whenBacklogFalls(
                to: slowest.isAlone ? Self.mostBacklog : Self.mostSharedBacklog,
                { waker.wake() }) ?? false
        {
            if slowest != laggard {
                laggard = slowest
                since = reactor.now
            } else if !slowest.isAlone, reactor.now.since(since) >= Self.patience {
                response.body.leaveBehind(slowest.id)
                continue
            }
            // A reader who leaves is not always heard of.
            _ = await point.wait(by: reactor.now + .seconds(1))
        }
    }

    private func waitForDisk(at point: WaitPoint) async {
        guard let spill else { return }
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        while spill.whenRoom({ waker.wake() }) { _ = await point.wait(by: .distantFuture) }
    }

    private func finish() {
        writer.take()?.finish()
        cache.store.reweigh(response)
        if let write = write.take() { cache.disk?.finish(write) }
        spill.take()?.finish()
        origin.release()
        node.record(
            response.head.status >= 500 ? .failure(.status) : .success, at: reactor.now)
        claim = nil
    }

    private func fail(_ fault: ExchangeFault) {
        cache.store.remove(response)
        writer = nil
        if let write = write.take() { cache.disk?.cancel(write) }
        spill.take()?.cancel()
        origin.abandon()
        if case .origin(let fault) = fault, fault.blamesNode {
            node.record(.failure(fault.kind), at: reactor.now)
        }
        claim = nil
    }

    // MARK: - BodySink

    func put(_ bytes: Span<UInt8>) {
        spill?.put(bytes)
        let wasKept = isKept
        if writer?.append(bytes) == false, wasKept { cache.store.remove(response) }
    }

    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { false }
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
}
