internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop

/// A body on disk, or a range of it, on its way to a client.
///
/// Its checksums have been compared already, all of them, before the head left. What is left is
/// to move it: from the file straight to a socket where the connection allows, else in pieces
/// that the pool reads. The worker itself only touches what the page cache has at hand.
final class DiskSource: BodySource {
    /// What is looked at, or brought to hand, at once.
    private static let window = 1 << 20
    /// Read, or handed to the socket, at once.
    private static let pieceBytes = 256 << 10
    private static let mostAtOnce = 64 << 10
    /// For a thread of the pool, when all are busy.
    private static let patience = Duration.milliseconds(20)
    private static let mostTries = 500

    private let object: DiskObject
    private let reactor: Reactor
    private let readers: BlockingPool
    private var position: Int
    private let end: Int
    /// Up to where the page cache has it.
    private var atHand: Int
    private var sendsFile = false
    private var piece: [UInt8] = []
    private var pieceStart = 0

    init(
        _ object: DiskObject, _ range: Range<Int64>?, on reactor: Reactor,
        _ readers: BlockingPool
    ) {
        self.object = object
        self.reactor = reactor
        self.readers = readers
        position = range.map { Int($0.lowerBound) } ?? 0
        end = min(range.map { Int($0.upperBound) } ?? object.bodyLength, object.bodyLength)
        atHand = position
    }

    func transfer(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        if position >= end { return .finished }
        if sink.takesFiles, object.descriptor != nil { return try send(to: sink) }
        let start = position - pieceStart
        guard start < piece.count else { return .blocked }
        let count = min(piece.count - start, Self.mostAtOnce)
        let piece = piece
        sink.put(piece.span.extracting(start..<start + count))
        position += count
        return .moved
    }

    private func send(to sink: any BodySink) throws(ExchangeFault) -> Transfer {
        sendsFile = true
        if position >= atHand {
            let next = min(end, position + Self.window)
            let start = object.fileOffset
            guard object.file.isAtHand(start + position..<start + next) else { return .blocked }
            atHand = next
        }
        let start = object.fileOffset
        let stop = min(atHand, position + Self.pieceBytes)
        position += try sink.put(object.file, start + position..<start + stop)
        return .moved
    }

    /// Has the next part read, into the page cache or into memory.
    func readable(in scope: Scope?) async throws(ExchangeFault) {
        let size = sendsFile ? Self.window : Self.pieceBytes
        let range = position..<min(end, position + size)
        let object = object
        for _ in 0..<Self.mostTries {
            if let bytes = await read(object, range) {
                guard let bytes else { throw .origin(.truncated) }
                if sendsFile {
                    atHand = range.upperBound
                } else {
                    piece = bytes
                    pieceStart = range.lowerBound
                }
                return
            }
            let point = WaitPoint(reactor.timers)
            if await point.wait(by: reactor.now + Self.patience, in: scope) == .interrupted {
                throw .client(.gone)
            }
        }
        throw .origin(.truncated)
    }

    /// Nil: no thread was free; nil within: the disk failed. Also where the file is sent afterwards:
    /// reading is what brings it to hand.
    private func read(_ object: DiskObject, _ range: Range<Int>) async -> [UInt8]?? {
        do throws(QueueFull) {
            return .some(try await readers.run(range) { object.read($0) })
        } catch {
            return .none
        }
    }

    var trailers: Fields { Fields() }
}
