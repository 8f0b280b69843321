internal import PorticoBytes
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop

/// Codes what passes through on its way to a client.
final class EncodingSink: BodySink {
    private let sink: any BodySink
    private var coder: Coder
    /// Whether the origin lets its client wait on purpose: then nothing is kept back.
    private let flushes: Bool
    private var isDirty = false

    /// - Parameter length: of the plain body, if that is known.
    init?(to sink: any BodySink, as coding: ContentCoding, length: Int?) {
        guard
            let coder = Coder(
                encoding: coding, level: Compression.level(of: coding, isKept: false),
                size: length)
        else { return nil }
        self.sink = sink
        self.coder = coder
        flushes = length == nil
    }

    private func code(_ step: Coder.Step, _ bytes: Span<UInt8>) {
        // Encoding fails only where memory ends; what is missing then is seen as a cut stream.
        try? coder.run(step, bytes) { piece throws(Coder.Fault) in sink.put(piece) }
    }

    func put(_ bytes: Span<UInt8>) {
        code(.go, bytes)
        isDirty = true
    }

    func finish(trailers: borrowing Fields) {
        code(.finish, [UInt8]().span)
        sink.finish(trailers: trailers)
    }

    var isFull: Bool { sink.isFull }

    /// Asked for where the source has nothing more for now.
    private func flushCoder() {
        if flushes, isDirty { code(.flush, [UInt8]().span) }
        isDirty = false
    }

    func flushNow() throws(ExchangeFault) -> Bool { try sink.flushNow() }

    func flush(in scope: Scope?) async throws(ExchangeFault) {
        flushCoder()
        try await sink.flush(in: scope)
    }
}
