package import PorticoBytes
package import PorticoHTTP

/// Reads a message body of either role (RFC 9112 §6, §7.1).
///
/// Pure: it names stretches of the caller's input and keeps none of it, but for unfinished
/// trailers. The caller drops what was consumed and calls again with the rest until `.needsMore`,
/// which always consumes all, or `.end`, which leaves what belongs to the next message.
package struct BodyReader: Sendable {
    package enum Step: Equatable, Sendable {
        /// All input is consumed; more has to come.
        case needsMore(consumed: Int)
        /// Decoded bytes as a range of the input. `consumed` counts from the input's start and
        /// includes the range.
        case data(ByteRange, consumed: Int)
        case end(consumed: Int)
    }

    enum State: Equatable {
        case length(UInt64)
        case untilClose
        case chunk(ChunkLineReader)
        case chunkData(UInt64)
        case chunkEnd
        case chunkEndLineFeed
        /// Behind the last chunk's line.
        case trailerStart
        case trailerLineFeed
        case trailers
        case finished
    }

    private var state: State
    private var limit: UInt64
    private let trailerLimits: HeadLimits
    private var decoded: UInt64 = 0
    private var extensionBytes = 0
    /// The trailer section so far, and how far it has been read.
    private var section: [UInt8] = []
    private var lines = FieldSectionReader(from: 0)

    /// What a chunked body's trailer section said, without the fields that may not stand there;
    /// empty before the end.
    package private(set) var trailers = Fields()

    /// - Parameter limit: the most decoded bytes.
    package init(_ framing: BodyFraming, limit: UInt64, trailerLimits: HeadLimits) {
        self.limit = limit
        self.trailerLimits = trailerLimits
        state = Self.beginning(of: framing)
    }

    /// For the next body on the connection. Cheaper than a new reader, since a body without
    /// trailers leaves nothing to be freed.
    package mutating func restart(_ framing: BodyFraming, limit: UInt64) {
        state = Self.beginning(of: framing)
        self.limit = limit
        decoded = 0
        extensionBytes = 0
        if !section.isEmpty || !trailers.storage.isEmpty {
            section = []
            trailers = Fields()
        }
        lines = FieldSectionReader(from: 0)
    }

    private static func beginning(of framing: BodyFraming) -> State {
        switch framing {
        case .none: .finished
        case .length(let count): count == 0 ? .finished : .length(count)
        case .chunked: .chunk(ChunkLineReader())
        case .untilClose: .untilClose
        }
    }

    package var isFinished: Bool { state == .finished }

    /// How many bytes of a body of known length are still to come; nil for the other framings.
    package var remaining: UInt64? {
        switch state {
        case .length(let count): count
        case .finished: 0
        default: nil
        }
    }

    package mutating func read(_ input: Span<UInt8>) throws(BodyFault) -> Step {
        var index = 0
        while true {
            if state == .finished { return .end(consumed: index) }
            guard index < input.count else { return .needsMore(consumed: index) }
            switch state {
            case .length(let left):
                // Refused before its first byte, not after its last.
                guard left <= limit - decoded else { throw .tooLarge }
                let count = Int(clamping: min(left, UInt64(input.count - index)))
                state = left == UInt64(count) ? .finished : .length(left - UInt64(count))
                return data(from: index, count: count)

            case .untilClose:
                // What fits is handed out first: where the input was cut must not show.
                let room = limit - decoded
                guard room > 0 else { throw .tooLarge }
                return data(
                    from: index, count: Int(clamping: min(room, UInt64(input.count - index))))

            case .chunk(var line):
                let size = try line.read(input, &index, total: &extensionBytes)
                guard let size else {
                    state = .chunk(line)
                    continue
                }
                guard size <= limit - decoded else { throw .tooLarge }
                state = size == 0 ? .trailerStart : .chunkData(size)

            case .chunkData(let left):
                let count = Int(clamping: min(left, UInt64(input.count - index)))
                state = left == UInt64(count) ? .chunkEnd : .chunkData(left - UInt64(count))
                return data(from: index, count: count)

            case .chunkEnd:
                guard input[index] == 0x0D else {
                    throw input[index] == 0x0A ? .bareLineFeed : .missingChunkEnd
                }
                index += 1
                state = .chunkEndLineFeed

            case .chunkEndLineFeed:
                guard input[index] == 0x0A else { throw .bareCarriageReturn }
                index += 1
                state = .chunk(ChunkLineReader())

            case .trailerStart:
                // Nearly every body ends here, without trailers and so without a copy.
                if input[index] == 0x0D {
                    index += 1
                    state = .trailerLineFeed
                } else {
                    state = .trailers
                }

            case .trailerLineFeed:
                guard input[index] == 0x0A else { throw .bareCarriageReturn }
                index += 1
                state = .finished

            case .trailers:
                index += try readTrailers(input.extracting(index...))

            case .finished:
                return .end(consumed: index)
            }
        }
    }

    /// The peer closed. Fine only where that is the framing.
    package mutating func endOfInput() throws(BodyFault) {
        switch state {
        case .untilClose, .finished: state = .finished
        case .length, .chunk, .chunkData, .chunkEnd, .chunkEndLineFeed, .trailerStart,
            .trailerLineFeed, .trailers:
            throw .truncated
        }
    }

    /// The callers have held `count` against the limit.
    private mutating func data(from lower: Int, count: Int) -> Step {
        decoded += UInt64(count)
        return .data(ByteRange(lower, lower + count), consumed: lower + count)
    }

    /// Returns how many bytes belong to the trailer section.
    private mutating func readTrailers(_ input: Span<UInt8>) throws(BodyFault) -> Int {
        let held = section.count
        let taken = min(input.count, trailerLimits.bytes - held)
        // SAFETY: the array copies before the pointer ends.
        unsafe input.extracting(..<taken).withUnsafeBufferPointer {
            unsafe section.append(contentsOf: $0)
        }
        let whole = section
        let end: Int?
        do throws(FieldSectionFault) {
            end = try lines.read(whole.span, into: &trailers, limits: trailerLimits)
        } catch {
            throw BodyFault(error)
        }
        guard let end else { return taken }
        _ = trailers.adopt(whole.span.extracting(..<end))
        section = []
        // What Portico acts upon must come before the body (RFC 9110 §6.5.1): framing, routing,
        // credentials, conditions, cache control. Nothing looks at them again behind it.
        trailers.removeAll { line, name in
            line.name != .other || name.equalsFolded("www-authenticate")
        }
        state = .finished
        return end - held
    }
}
