internal import CPorticoCoding
internal import PorticoBytes
package import PorticoHTTP

/// A stream being encoded or decoded: bytes in, bytes out, a piece at a time.
///
/// It holds what its library needs (an encoder some hundred KiB) until it goes.
@safe package struct Coder: ~Copyable {
    package enum Step: Sendable {
        /// Takes what there is; output may be kept back.
        case go
        /// Whoever decodes what has been put out so far gets all that was put in.
        case flush
        /// Nothing more comes.
        case finish
    }

    package enum Fault: Error, Equatable, Sendable {
        /// What was to be decoded is no such stream, or is cut.
        case malformed
        /// It would become larger than allowed.
        case tooLarge
    }

    private let handle: OpaquePointer
    private let decodes: Bool
    private var hasBegun = false

    /// How much memory the other side needs at most, as a power of two: Brotli's and zstd's
    /// windows reach far beyond what text of a page gains from.
    private static let window: Int32 = 18
    /// RFC 9659 §3: what a decoder of the web has to take.
    private static let largestWindow: Int32 = 23

    /// - Parameters:
    ///   - level: in the scale of the coding's own library.
    ///   - size: how many bytes will come, if that is known.
    /// Nil where memory is exhausted.
    package init?(encoding coding: ContentCoding, level: Int, size: Int?) {
        let made = unsafe portico_encoder_new(
            coding.raw, Int32(level), Self.window, UInt64(size ?? 0))
        guard let made = unsafe made else { return nil }
        unsafe handle = made
        decodes = false
    }

    package init?(decoding coding: ContentCoding) {
        guard let made = unsafe portico_decoder_new(coding.raw, Self.largestWindow) else {
            return nil
        }
        unsafe handle = made
        decodes = true
    }

    deinit { unsafe portico_coder_free(handle) }

    /// Codes all of `input` and gives the result to `put`, in pieces of at most `pieceSize`.
    ///
    /// - Throws: `malformed` from a decoder; at `finish`, also where the stream is cut.
    package mutating func run(
        _ step: Step, _ input: Span<UInt8>, put: (Span<UInt8>) throws(Fault) -> Void
    ) throws(Fault) {
        if input.count > 0 { hasBegun = true }
        var index = 0
        var output: InlineArray<4096, UInt8> = .init(repeating: 0)
        while true {
            var taken = 0
            var made = 0
            let rest = input.extracting(index...)
            var span = output.mutableSpan
            // SAFETY: both spans live through the call, which keeps neither.
            let progress = unsafe span.withUnsafeMutableBufferPointer { output in
                unsafe rest.withUnsafeBufferPointer { rest in
                    unsafe portico_coder_run(
                        handle, step.raw, rest.baseAddress, rest.count, &taken,
                        output.baseAddress!, output.count, &made)
                }
            }
            index += taken
            if made > 0 { try put(output.span.extracting(..<made)) }
            switch progress {
            case PORTICO_CODING_WANTS_ROOM: continue
            case PORTICO_CODING_WANTS_INPUT:
                if decodes, step == .finish, hasBegun { throw .malformed }
                return
            case PORTICO_CODING_ENDED: return
            default: throw .malformed
            }
        }
    }

    /// Codes a whole body.
    ///
    /// - Parameter limit: bytes of the result; a decoder's bomb ends here.
    package mutating func whole(
        _ input: Span<UInt8>, limit: Int = .max
    ) throws(Fault) -> [UInt8] {
        var result: [UInt8] = []
        try run(.finish, input) { piece throws(Fault) in
            if piece.count > limit - result.count { throw .tooLarge }
            // SAFETY: the array copies before the pointer ends.
            unsafe piece.withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
        }
        return result
    }
}

extension ContentCoding {
    fileprivate var raw: portico_coding {
        switch self {
        case .gzip: PORTICO_CODING_GZIP
        case .brotli: PORTICO_CODING_BROTLI
        case .zstd: PORTICO_CODING_ZSTD
        }
    }
}

extension Coder.Step {
    fileprivate var raw: portico_coding_step {
        switch self {
        case .go: PORTICO_CODING_GO
        case .flush: PORTICO_CODING_FLUSH
        case .finish: PORTICO_CODING_FINISH
        }
    }
}
