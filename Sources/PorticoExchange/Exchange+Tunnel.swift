internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop

extension Exchange {
    /// After a 101: bytes go both ways, each way for itself, until both have ended or neither
    /// has moved for the idle time (RFC 6455, RFC 9110 §7.8).
    func tunnel(with origin: any OriginPort) async throws(ExchangeFault) {
        withID { id in
            Forwarding.prepareResponse(
                &response, length: .none, answering: request.method, requestID: id,
                isUpgrade: true)
        }
        hasAnswered = true
        record.status = 101
        record.firstByte = worker.reactor.now
        client.begin(response, length: .none, answering: request.method)
        client.becomeTunnel()
        origin.becomeTunnel()
        client.endAfterResponse()

        let tunnel = Tunnel(worker.reactor)
        worker.reactor.start {
            await tunnel.pump(from: self.client, to: origin, in: tunnel.outward) {
                origin.finishTunnel()
            }
        }
        await tunnel.pump(from: origin, to: client, in: tunnel.inward) { client.finishTunnel() }
        await tunnel.bothEnded()
        origin.abandon()
        if let fault = tunnel.fault { throw fault }
    }
}

/// What the two directions of a tunnel share.
private final class Tunnel {
    private let reactor: Reactor
    /// One for each direction: a scope interrupts only one wait.
    let outward = Scope()
    let inward = Scope()
    private let ended: WaitPoint
    private var lastMoved: Instant
    private var open = 2
    private var isBroken = false
    /// Why it broke; nil if both directions ended, or neither moved for the idle time.
    private(set) var fault: ExchangeFault?

    init(_ reactor: Reactor) {
        self.reactor = reactor
        ended = WaitPoint(reactor.timers)
        lastMoved = reactor.now
    }

    func pump(
        from source: any BodySource, to sink: any BodySink, in scope: Scope, finish: () -> Void
    ) async {
        do throws(ExchangeFault) {
            if try await move(from: source, to: sink, in: scope) {
                finish()
            } else {
                end(because: nil)
            }
        } catch {
            end(because: error)
        }
        open -= 1
        ended.wake()
    }

    func bothEnded() async {
        while open > 0 { _ = await ended.wait(by: .distantFuture) { open == 0 } }
    }

    /// Ends both directions. The second to end does so only because the first one has.
    private func end(because fault: ExchangeFault?) {
        if isBroken { return }
        isBroken = true
        self.fault = fault
        outward.interrupt()
        inward.interrupt()
    }

    /// Returns true when the source has finished, false when the tunnel is idle.
    private func move(
        from source: any BodySource, to sink: any BodySink, in scope: Scope
    ) async throws(ExchangeFault) -> Bool {
        var turns = Turns()
        while true {
            switch try source.transfer(to: sink) {
            case .moved:
                lastMoved = reactor.now
                if sink.isFull { try await sink.flush(in: scope) }
                await turns.yieldNowAndThen()
            case .blocked:
                try await sink.flush(in: scope)
                if try await isIdle(waitingFor: source, in: scope) { return false }
            case .finished:
                try await sink.flush(in: scope)
                return true
            }
        }
    }

    /// A direction that is quiet is not idle while the other one moves.
    private func isIdle(
        waitingFor source: any BodySource, in scope: Scope
    ) async throws(ExchangeFault) -> Bool {
        let before = lastMoved
        do throws(ExchangeFault) {
            try await source.readable(in: scope)
            return false
        } catch {
            switch error {
            case .client(.slow), .origin(.stalled): return lastMoved == before
            default: throw error
            }
        }
    }
}
