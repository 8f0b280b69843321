package import PorticoBytes
package import PorticoCache
package import PorticoLoop
internal import Synchronization

/// The disk store as requests see it: what memory has let go of, and what outlives the process.
///
/// A look-up asks the index, in memory. Everything else waits for a device, so threads of a pool
/// do it: what a worker awaits (a read, a purge's journal) and what nobody awaits (a write).
///
///     fill complete ──→ write ──→ segment          a full queue: it is not written, and counted
///     look-up ──→ index ──→ read ──→ memory        small bodies
///                             └────→ DiskSource    large ones: from the file to the client
///
/// Without a folder that can be used it is closed, and the cache is what memory holds.
package final class DiskTier: Sendable {
    /// What the tier needs of the house around it.
    package struct Surroundings: Sendable {
        /// Opens the folder.
        package var folder: @Sendable () throws(DiskFault) -> any SegmentStorage
        package var report: @Sendable (DiskEvent) -> Void
        package var readers: BlockingPool
        package var writer: BlockingPool
        package var journal: BlockingPool
        /// Monotonic and wall clock, the latter in microseconds since 1970.
        package var clocks: @Sendable () -> (Instant, Int64) = { (monotonicNow(), wallNow()) }

        package init(
            folder: @escaping @Sendable () throws(DiskFault) -> any SegmentStorage,
            report: @escaping @Sendable (DiskEvent) -> Void,
            readers: BlockingPool = BlockingPool(threads: 4, capacity: 4096),
            writer: BlockingPool = BlockingPool(threads: 1, capacity: 4096),
            journal: BlockingPool = BlockingPool(threads: 1, capacity: 1 << 16)
        ) {
            self.folder = folder
            self.report = report
            self.readers = readers
            self.writer = writer
            self.journal = journal
        }
    }

    struct State {
        var surroundings: Surroundings?
        var store: DiskStore?
        var isFailing = false
        /// While another process has the folder: what to open it with again.
        var givenAway: Surroundings?
    }

    /// Bodies up to this are taken into memory when they are asked for; larger ones are as well
    /// served from the page cache.
    static let mostPromoted = 1 << 20

    package let geometry: DiskGeometry
    let ledger: PurgeLedger
    let memory: MemoryStore
    let tally = Tally()
    let state = Mutex(State())
    /// Bodies on their way to the disk, so that an invalidation finds them.
    let pending = Mutex<[KeyHash: [PendingWrite]]>([:])
    /// Bytes that wait to be written are in memory for that alone: no more than this.
    let mostQueued: Int

    init(_ geometry: DiskGeometry, over memory: MemoryStore) {
        self.geometry = geometry
        self.memory = memory
        ledger = memory.ledger
        mostQueued = min(max(memory.limits.memory / 4, 1 << 20), 256 << 20)
    }

    final class Tally: Sendable {
        let hits = Atomic(0)
        let promoted = Atomic(0)
        let dropped = Atomic(0)
        let unread = Atomic(0)
        let queuedBytes = Atomic(0)
    }

    var store: DiskStore? { state.withLock { $0.store } }
    var surroundings: Surroundings? { state.withLock { $0.surroundings } }

    // MARK: - Opening

    /// Replays the journal and finds the newest segment. Blocks; before the first request. Where
    /// that cannot be done the tier stays closed and `tend` tries again.
    package func open(in surroundings: Surroundings) {
        state.withLock { $0.surroundings = surroundings }
        open(.asItIs)
    }

    private enum Opening {
        case asItIs
        /// Purges of this process have not been written down: what the folder holds from before
        /// may not have heard of them.
        case anew
    }

    private func open(_ opening: Opening) {
        guard let surroundings else { return }
        do throws(DiskFault) {
            let folder = try surroundings.folder()
            if opening == .anew { try Self.empty(folder) }
            let store = try DiskStore(
                in: folder, geometry: geometry, report: surroundings.report,
                replay: { purge in remember(purge) })
            ledger.advance(past: store.journal.firstSequence)
            ledger.follow { [weak store] in store?.forgetOldPurges() ?? 0 }
            let wasFailing = state.withLock { state in
                state.store = store
                defer { state.isFailing = false }
                return state.isFailing
            }
            if wasFailing { surroundings.report(.recovered) }
        } catch {
            let isFirst = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isFirst { surroundings.report(.failing(error)) }
        }
    }

    private static func empty(_ folder: any SegmentStorage) throws(DiskFault) {
        // The journal first: without it the rest is void.
        let names = try folder.names()
        for name in names where name.hasPrefix("journal") { try folder.remove(name) }
        for name in names where name.hasPrefix("segment-") { try folder.remove(name) }
    }

    private func remember(_ purge: JournalRecord) {
        let (now, wall) = surroundings?.clocks() ?? (monotonicNow(), wallNow())
        let ago = max(wall.subtractingReportingOverflow(purge.at).partialValue, 0)
        // What was before the machine started cannot be said better than "then".
        let age = UInt64(clamping: ago).multipliedReportingOverflow(by: 1000)
        let isOlder = age.overflow || age.partialValue >= now.nanoseconds
        let at = isOlder ? 1 : now.nanoseconds - age.partialValue
        ledger.remember(
            purge, at: Instant(nanoseconds: at),
            where: PurgeMatcher.closure(for: purge.target))
    }

    /// Reads the segments that the index does not know yet. Blocks, for as long as that takes.
    package func load() {
        while store?.loadNext() ?? false {}
    }

    /// Now and then: opens what could not be opened, writes purges down that could not be
    /// written, and has memory make room for the index.
    package func tend() {
        guard let surroundings else { return }
        _ = surroundings.journal.offer { [self] in
            if let store {
                try? store.journal.retry()
                memory.setAside(store.indexBytes + ledger.historyBytes)
            } else {
                open(.anew)
                load()
            }
        }
    }

    // MARK: - Giving away

    /// Waits until what waits to be written has been. Blocks.
    package func flush() { if let surroundings { Self.passThrough(surroundings.writer) {} } }

    /// Lets another process have the folder: nothing is looked for or written there any more. What
    /// is being read from it still is. Blocks; while nobody purges.
    package func giveAway() {
        // Behind a look after the journal that may be under way.
        if let surroundings { Self.passThrough(surroundings.journal) {} }
        let (store, surroundings) = state.withLock { state in
            let parts = (state.store, state.surroundings)
            state.givenAway = state.surroundings
            state.store = nil
            state.surroundings = nil
            return parts
        }
        guard let store, let surroundings else { return }
        // Behind the writes that have been queued, and before those that will find it gone.
        Self.passThrough(surroundings.writer) { store.giveAway() }
    }

    /// Opens the folder again that nobody else has taken after all. Blocks.
    package func takeBack() {
        let surroundings = state.withLock { $0.givenAway.take() }
        guard let surroundings else { return }
        open(in: surroundings)
        load()
    }

    /// Has `work` done behind what is queued, and waits for it. Where the queue is full, for room
    /// too.
    private static func passThrough(
        _ pool: BlockingPool, _ work: @escaping @Sendable () -> Void
    ) {
        let done = Semaphore()
        let whole: @Sendable () -> Void = {
            work()
            done.signal()
        }
        while !pool.offer(whole) { _ = Semaphore().wait(atMost: .milliseconds(2)) }
        done.wait()
    }

    // MARK: - Purging

    /// Writes down a purge that is done in memory; see `ResponseCache.purge`.
    func keep(
        _ done: PurgeReceipt, _ target: PurgeTarget, of name: [UInt8], _ depth: PurgeDepth
    ) async -> PurgeReceipt {
        var receipt = done
        guard let surroundings else { return receipt }
        let records = target.records(
            of: name, depth, number: receipt.number, at: surroundings.clocks().1)
        let store = store
        // The first of several that meet writes for all: the others find theirs done.
        let ticket = store?.journal.submit(records)
        do throws(QueueFull) {
            receipt.isDurable = try await surroundings.journal.run(()) { _ in
                if let store, let ticket { return store.commit(through: ticket) }
                return Self.renounce(surroundings)
            }
        } catch {
            receipt.isDurable = false
        }
        return receipt
    }

    /// A folder that is not in use must not be believed by the next process either.
    private static func renounce(_ surroundings: Surroundings) -> Bool {
        do throws(DiskFault) {
            let folder = try surroundings.folder()
            for name in try folder.names() where name.hasPrefix("journal") {
                try folder.remove(name)
            }
            try folder.synchroniseNames()
            return true
        } catch {
            return false
        }
    }

    // MARK: - Figures

    package struct Figures: Sendable {
        /// Nil while it is closed.
        package let store: DiskFigures?
        /// Requests for which an object was found on disk.
        package let hits: Int
        /// Of those, how many were taken into memory.
        package let promoted: Int
        /// Objects that were not written because too many waited.
        package let dropped: Int
        /// Look-ups that found no thread to read for them.
        package let unread: Int
        package let queuedBytes: Int
        package let historyBytes: Int
    }

    package var figures: Figures {
        Figures(
            store: store?.figures, hits: tally.hits.load(ordering: .relaxed),
            promoted: tally.promoted.load(ordering: .relaxed),
            dropped: tally.dropped.load(ordering: .relaxed),
            unread: tally.unread.load(ordering: .relaxed),
            queuedBytes: tally.queuedBytes.load(ordering: .relaxed),
            historyBytes: ledger.historyBytes)
    }
}
