internal import PorticoBytes

/// The one writer of a growing body. Dropped before `finish`, the body has failed.
///
/// A body of known length gets chunks of the right size from the start; one of unknown length
/// begins small, doubles, and has its last chunk cut to size at the end.
package struct BodyWriter: ~Copyable {
    package let body: GrowingBody
    private let store: MemoryStore
    private let expected: Int?
    private var last: BodyChunk?
    /// Where the last chunk begins, and how much of it is filled.
    private var lastStart = 0
    private var filled = 0
    private var isPassing = false

    private static let firstCapacity = 4096

    init(_ store: MemoryStore, expecting expected: Int?) {
        self.store = store
        self.expected = expected
        body = GrowingBody(pool: store.pool)
    }

    deinit { if !body.phase.isOver { body.move(to: .failed) } }

    package var count: Int { lastStart + filled }

    /// Whether what is appended is kept for those who come later.
    package var isKept: Bool { !isPassing }

    /// Appends for all readers. False from the moment on when the body is not kept any more: it
    /// is too large, or no memory can be freed for it. Then the writer minds `room`.
    package mutating func append(_ bytes: Span<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let capacity = last?.capacity ?? 0
            if filled == capacity {
                addChunk(atLeast: rest.count)
                continue
            }
            let count = min(rest.count, capacity - filled)
            last?.write(rest.extracting(..<count), at: filled)
            filled += count
            rest = rest.extracting(count...)
        }
        if !bytes.isEmpty { body.publish(count) }
        if !isPassing && count > store.limits.maxObject { pass() }
        return !isPassing
    }

    /// The body is complete.
    package consuming func finish() {
        trim()
        body.move(to: isPassing ? .passed : .complete)
    }

    /// It is not to be kept: those who read already may go on.
    package mutating func pass() {
        if isPassing { return }
        isPassing = true
        body.move(to: .passing)
    }

    /// How far the slowest reader is behind, in bytes; what lies between is in memory.
    package var backlog: Int { body.distanceOfSlowest() }

    /// Has `wake` called once when the backlog is at most `distance`. False: it is already, or
    /// the body is kept and nobody needs to wait.
    package func whenBacklogFalls(
        to distance: Int, _ wake: @escaping @Sendable () -> Void
    ) -> Bool {
        body.waitForRoom(distance, wake)
    }

    private mutating func addChunk(atLeast count: Int) {
        lastStart += filled
        filled = 0
        let wanted: Int
        if let expected, lastStart < expected {
            wanted = expected - lastStart
        } else {
            // Doubling: at most half of it is wasted while it grows.
            wanted = max(min(count, ChunkPool.largest), lastStart, Self.firstCapacity)
        }
        let capacity = ChunkPool.capacity(for: wanted)
        if !isPassing, !store.makeRoom(for: ChunkPool.cost(of: capacity) + BodyChunk.overhead) {
            pass()
        }
        let chunk = BodyChunk(capacity: capacity, from: store.pool)
        body.add(chunk, at: lastStart)
        last = chunk
    }

    /// Replaces the last chunk by one of the right size if more than an eighth of it is empty;
    /// readers who hold the old one go on in it.
    private mutating func trim() {
        guard let old = last, !isPassing else { return }
        let capacity = ChunkPool.capacity(for: filled)
        guard filled > 0,
            ChunkPool.cost(of: capacity) < ChunkPool.cost(of: old.capacity) * 7 / 8
        else { return }
        let chunk = BodyChunk(capacity: capacity, from: store.pool)
        old.withBytes(0..<filled) { chunk.write($0, at: 0) }
        body.replaceLast(by: chunk)
    }
}
