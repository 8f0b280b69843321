internal import PorticoBytes
internal import Synchronization

/// The body of a stored response, from its first byte on: one writer appends, any number of
/// readers on any worker follow at their own speed.
///
///     growing ─────→ complete          kept: readers may begin at any time
///        │  └──────→ failed            readers hear of it once they have read what there is
///        ↓
///     passing ─────→ passed | failed   too large, or no memory: only those who read already go
///                                      on, and what all of them have read is given up
///
/// Bytes are published by one atomic length; a reader takes the lock once per chunk.
package final class GrowingBody: Sendable {
    package enum Phase: UInt8, Sendable {
        case growing, complete, failed, passing, passed

        /// Whether a new reader finds all of it, now or later.
        package var isReusable: Bool { self == .growing || self == .complete }
        package var isOver: Bool { self == .complete || self == .failed || self == .passed }
    }

    struct State {
        /// In order, without gaps; the first begins at `start`.
        var chunks: [Piece] = []
        var start = 0
        /// Those who read while it grows, and where they are.
        var readers: [(id: UInt64, position: Int)] = []
        var waiters: [(id: UInt64, wake: @Sendable () -> Void)] = []
        var nextID: UInt64 = 1
        /// The writer waits for the slowest reader to come within this distance.
        var writer: (distance: Int, wake: @Sendable () -> Void)?
        /// The same in content codings, by a number of whoever made them: they live as long as
        /// what they were made from.
        var coded: [(coding: UInt8, body: GrowingBody)] = []
    }

    struct Piece {
        var chunk: BodyChunk
        var start: Int
    }

    private let state = Mutex(State())
    private let published = Atomic<Int>(0)
    private let rawPhase = Atomic<UInt8>(Phase.growing.rawValue)
    let pool: ChunkPool
    /// The bytes are on disk: nobody can read them here.
    private let isElsewhere: Bool
    /// The object, its state, and its array of chunks while there is only one.
    static let overhead = heapBytes(160) + heapBytes(ofArray: 16)

    init(pool: ChunkPool) {
        self.pool = pool
        isElsewhere = false
        pool.meter.charge(Self.overhead)
    }

    /// Stands for a body of so many bytes that is not in memory.
    init(pool: ChunkPool, elsewhere count: Int) {
        self.pool = pool
        isElsewhere = true
        pool.meter.charge(Self.overhead)
        published.store(count, ordering: .relaxed)
        rawPhase.store(Phase.complete.rawValue, ordering: .releasing)
    }

    deinit { pool.meter.refund(Self.overhead) }

    /// How many bytes can be read by now.
    package var length: Int { published.load(ordering: .acquiring) }

    package var phase: Phase {
        Phase(rawValue: rawPhase.load(ordering: .acquiring)) ?? .failed
    }

    /// A reader from `position` on; nil if those bytes are not kept any more.
    package func reader(from position: Int = 0) -> BodyReader? {
        if isElsewhere { return nil }
        var id: UInt64?
        if phase != .complete {
            let isThere = state.withLock { state in
                let phase = self.phase
                if phase == .complete { return true }
                guard position >= state.start, phase != .passing || !state.readers.isEmpty else {
                    return false
                }
                state.readers.append((state.nextID, position))
                id = state.nextID
                state.nextID += 1
                return true
            }
            if !isThere { return nil }
        }
        return BodyReader(self, at: position, id: id)
    }

    /// Whether anybody reads it while it grows.
    package var hasReaders: Bool { state.withLock { !$0.readers.isEmpty } }

    /// One who reads while it grows.
    package struct Laggard: Equatable, Sendable {
        package let id: UInt64
        let position: Int
        /// Nobody else reads.
        package let isAlone: Bool
    }

    /// The one who has read least.
    package var slowestReader: Laggard? {
        state.withLock { state in
            state.readers.min { $0.position < $1.position }.map {
                Laggard(id: $0.id, position: $0.position, isAlone: state.readers.count == 1)
            }
        }
    }

    /// Does not wait for a reader any more: once he asks for what is given up by then, his body
    /// has failed.
    package func leaveBehind(_ id: UInt64) { leave(id: id) }

    /// Bytes so far, those of its codings among them.
    var allBytes: Int {
        state.withLock { state in length + state.coded.reduce(0) { $0 + $1.body.length } }
    }

    // MARK: - In content codings

    /// The same bytes coded, if somebody has made them or is about to.
    package func coded(as coding: UInt8) -> GrowingBody? {
        state.withLock { $0.coded.first { $0.coding == coding }?.body }
    }

    /// Keeps `body`, which is this one coded, for the next who asks; false: another one is there.
    package func keep(_ body: GrowingBody, as coding: UInt8) -> Bool {
        state.withLock { state in
            if state.coded.contains(where: { $0.coding == coding }) { return false }
            state.coded.append((coding, body))
            return true
        }
    }

    package func dropCoded(_ coding: UInt8) {
        let dropped = state.withLock { state in
            state.coded.firstIndex { $0.coding == coding }.map { state.coded.remove(at: $0) }
        }
        _ = consume dropped
    }

    // MARK: - For the reader

    func piece(at position: Int, for id: UInt64?) -> Piece? {
        var given: [Piece] = []
        var writer: (@Sendable () -> Void)?
        let piece = state.withLock { state -> Piece? in
            if let id, let index = state.readers.firstIndex(where: { $0.id == id }) {
                state.readers[index].position = position
                (given, writer) = giveUp(&state)
            }
            // The last one that begins at or before the position.
            var low = 0
            var high = state.chunks.count
            while low < high {
                let middle = (low + high) / 2
                if state.chunks[middle].start <= position {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            guard low > 0 else { return nil }
            let piece = state.chunks[low - 1]
            return position < piece.start + piece.chunk.capacity ? piece : nil
        }
        _ = consume given
        writer?()
        return piece
    }

    func wait(id: UInt64, beyond position: Int, _ wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            // The writer publishes before it takes the lock to wake: who does not see the news
            // here is seen by the writer.
            if published.load(ordering: .acquiring) > position || phase.isOver { return false }
            state.waiters.removeAll { $0.id == id }
            state.waiters.append((id, wake))
            return true
        }
    }

    func stopWaiting(id: UInt64) { state.withLock { $0.waiters.removeAll { $0.id == id } } }

    func leave(id: UInt64) {
        let (given, writer) = state.withLock { state in
            state.readers.removeAll { $0.id == id }
            state.waiters.removeAll { $0.id == id }
            return giveUp(&state)
        }
        _ = consume given
        writer?()
    }

    /// While passing: what every reader has read; and the writer, if there is room for more.
    private func giveUp(_ state: inout State) -> (given: [Piece], writer: (@Sendable () -> Void)?) {
        let phase = self.phase
        guard phase == .passing || phase == .passed else { return ([], nil) }
        let length = published.load(ordering: .relaxed)
        let slowest = state.readers.reduce(length) { min($0, $1.position) }
        var given: [Piece] = []
        while let first = state.chunks.first, first.start + first.chunk.capacity <= slowest {
            given.append(state.chunks.removeFirst())
            state.start = first.start + first.chunk.capacity
        }
        if let writer = state.writer, length - slowest <= writer.distance {
            state.writer = nil
            return (given, writer.wake)
        }
        return (given, nil)
    }

    // MARK: - For the writer

    func add(_ chunk: BodyChunk, at start: Int) {
        state.withLock { $0.chunks.append(Piece(chunk: chunk, start: start)) }
    }

    func replaceLast(by chunk: BodyChunk) {
        let old = state.withLock { state in
            let old = state.chunks.removeLast()
            state.chunks.append(Piece(chunk: chunk, start: old.start))
            return old
        }
        _ = consume old
    }

    func publish(_ length: Int) {
        published.store(length, ordering: .releasing)
        wakeReaders()
    }

    func move(to phase: Phase) {
        let (given, writer) = state.withLock { state in
            rawPhase.store(phase.rawValue, ordering: .releasing)
            return giveUp(&state)
        }
        _ = consume given
        writer?()
        wakeReaders()
    }

    func distanceOfSlowest() -> Int {
        state.withLock { state in
            let length = published.load(ordering: .relaxed)
            return length - state.readers.reduce(length) { min($0, $1.position) }
        }
    }

    func waitForRoom(_ distance: Int, _ wake: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            let length = published.load(ordering: .relaxed)
            let slowest = state.readers.reduce(length) { min($0, $1.position) }
            if length - slowest <= distance || phase != .passing { return false }
            state.writer = (distance, wake)
            return true
        }
    }

    private func wakeReaders() {
        let waiters = state.withLock { state in
            let waiters = state.waiters
            if !waiters.isEmpty { state.waiters.removeAll(keepingCapacity: true) }
            return waiters
        }
        for waiter in waiters { waiter.wake() }
    }
}

/// What came of one attempt to read.
package enum BodyProgress: Equatable, Sendable {
    /// So many bytes were taken, and more may be there.
    case moved(Int)
    /// All there is has been read, and more is to come: `whenMore` says when.
    case caughtUp
    case finished
    /// The origin broke off, or what was to be read is not kept any more.
    case failed
}

/// One reader of a body, where it stands.
package struct BodyReader: ~Copyable {
    package let body: GrowingBody
    package private(set) var position: Int
    private var piece: GrowingBody.Piece?
    /// Known to the body, since it was still growing.
    private let id: UInt64?

    init(_ body: GrowingBody, at position: Int, id: UInt64?) {
        self.body = body
        self.position = position
        self.id = id
    }

    deinit { if let id { body.leave(id: id) } }

    /// Lends the bytes that come next, at most `limit` and never across a chunk's end; `take`
    /// answers how many it took.
    package mutating func read(
        upTo limit: Int = .max, _ take: (Span<UInt8>) -> Int
    ) -> BodyProgress {
        // The phase first: what is published before the end is seen with it.
        let phase = body.phase
        let length = body.length
        if position >= length {
            switch phase {
            case .complete, .passed: return .finished
            case .failed: return .failed
            case .growing, .passing:
                // So that nothing is kept for a reader who has read it.
                if phase == .passing { piece = body.piece(at: position, for: id) }
                return .caughtUp
            }
        }
        if piece.map({ position >= $0.start + $0.chunk.capacity }) ?? true {
            piece = body.piece(at: position, for: id)
        }
        guard let piece else { return .failed }
        let start = position - piece.start
        let end = min(length - piece.start, piece.chunk.capacity, start + min(limit, 1 << 40))
        let taken = piece.chunk.withBytes(start..<end, take)
        precondition(taken >= 0 && taken <= end - start)
        position += taken
        return .moved(taken)
    }

    /// Where the bytes that come next stand in a file, to be sent from there, at most `limit`; then
    /// `advance`. Of a body that is complete, and so gives nothing up, chunks that stand one behind
    /// the other are one range. Nil: fewer than `least` are there by now, or they are in no file.
    package mutating func nextInFile(
        atLeast least: Int, upTo limit: Int
    ) -> (any StoredFile, Range<Int>)? {
        let length = body.length
        guard length - position >= least, limit >= least else { return nil }
        if piece.map({ position >= $0.start + $0.chunk.capacity }) ?? true {
            piece = body.piece(at: position, for: id)
        }
        guard let piece else { return nil }
        let start = position - piece.start
        let end = min(length - piece.start, piece.chunk.capacity, start + min(limit, 1 << 40))
        guard end - start >= least, case (let file, var range)? = piece.chunk.place(of: start..<end)
        else {
            return nil
        }
        let most = min(limit, Self.mostSent)
        while body.phase == .complete, range.count < most,
            let next = body.piece(at: position + range.count, for: nil),
            next.start == position + range.count
        {
            let count = min(length - next.start, next.chunk.capacity, most - range.count)
            guard count > 0, let (_, following) = next.chunk.place(of: 0..<count),
                following.lowerBound == range.upperBound
            else { break }
            range = range.lowerBound..<following.upperBound
        }
        return (file, range)
    }

    /// In one call of the kernel's: others wait for their turn.
    private static let mostSent = 1 << 20

    /// So many bytes of those were sent.
    package mutating func advance(by count: Int) { position += count }

    /// Has `wake` called once, from whatever thread, when there is more to read or the end has
    /// come. False: there is already, and `wake` will not be called.
    package func whenMore(_ wake: @escaping @Sendable () -> Void) -> Bool {
        guard let id else { return false }
        return body.wait(id: id, beyond: position, wake)
    }

    /// `wake` will not be called any more, unless it is being called now.
    package func stopWaiting() { if let id { body.stopWaiting(id: id) } }
}
