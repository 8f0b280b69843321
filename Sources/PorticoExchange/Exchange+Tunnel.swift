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
            await tunnel.pump(from: self.client, to: origin) { origin.finishTunnel() }
        }
        await tunnel.pump(from: origin, to: client) { client.finishTunnel() }
        await tunnel.bothEnded()
        origin.abandon()
        if let fault = tunnel.fault { throw fault }
    }
}

/// What the two directions of a tunnel share.
private final class Tunnel {
    private let reactor: Reactor
    private let scope = Scope()
    private let ended: WaitPoint
    private var lastMoved: Instant
    private var open = 2
    private(set) var fault: ExchangeFault?

    init(_ reactor: Reactor) {
        self.reactor = reactor
        ended = WaitPoint(reactor.timers)
        lastMoved = reactor.now
    }

    func pump(
        from source: any BodySource, to sink: any BodySink, finish: () -> Void
    ) async {
        do throws(ExchangeFault) {
            try await move(from: source, to: sink)
            finish()
        } catch {
            if fault == nil { fault = error }
            scope.interrupt()
        }
        open -= 1
        ended.wake()
    }

    func bothEnded() async {
        while open > 0 { _ = await ended.wait(by: .distantFuture) { open == 0 } }
    }

    private func move(
        from source: any BodySource, to sink: any BodySink
    ) async throws(ExchangeFault) {
        while true {
            switch try source.transfer(to: sink) {
            case .moved:
                lastMoved = reactor.now
                if sink.isFull { try await sink.flush(in: scope) }
            case .blocked:
                try await sink.flush(in: scope)
                try await wait(for: source)
            case .finished:
                return try await sink.flush(in: scope)
            }
        }
    }

    /// A direction that is quiet is not idle while the other one moves.
    private func wait(for source: any BodySource) async throws(ExchangeFault) {
        let before = lastMoved
        do throws(ExchangeFault) {
            try await source.readable(in: scope)
        } catch {
            switch error {
            case .client(.slow), .origin(.stalled):
                if lastMoved == before { throw error }
            default: throw error
            }
        }
    }
}
