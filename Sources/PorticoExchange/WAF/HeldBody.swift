internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop

/// A body whose beginning is held back until somebody has looked at it; then it is what it was:
/// first what was held, then the rest from where it comes.
final class HeldBody: BodySource, BodySink {
    private static let mostAtOnce = 64 << 10

    private let source: any BodySource
    private var held = Buffer()
    private var isComplete = false

    init(of source: any BodySource) { self.source = source }

    /// Waits for the body, piece by piece, until `look` has seen enough or the end has come.
    func hold(in scope: Scope?, _ look: (Span<UInt8>) -> Bool) async throws(ExchangeFault) {
        var turns = Turns()
        while true {
            let before = held.count
            switch try source.transfer(to: self) {
            case .moved:
                if !look(held.bytes.extracting(before...)) { return }
                await turns.yieldNowAndThen()
            case .blocked:
                try await source.readable(in: scope)
            case .finished:
                isComplete = true
                return
            }
        }
    }

    // MARK: - BodySource: as if nothing had been held

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        if !held.isEmpty {
            let count = min(held.count, Self.mostAtOnce)
            sink.put(held.bytes.extracting(..<count))
            held.consume(count)
            return .moved
        }
        return isComplete ? .finished : try source.transfer(to: sink)
    }

    func readable(in scope: Scope?) async throws(ExchangeFault) {
        if held.isEmpty, !isComplete { try await source.readable(in: scope) }
    }

    var trailers: Fields { source.trailers }

    // MARK: - BodySink: what the source moves while it is held

    func put(_ bytes: Span<UInt8>) { held.append(bytes) }
    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { false }
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
}
