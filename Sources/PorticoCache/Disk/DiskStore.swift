internal import PorticoBytes
internal import Synchronization

/// Objects on disk: segments that are filled one after the other, and an index in memory.
///
///     segment-00000007   head | record | record | … | free
///     segment-00000008   head | record | …
///     journal            head | purge | purge | …
///
/// Records are only ever appended; the oldest segment is given up to make room, and what was asked
/// for since it was written moves on to the newest. Nothing is trusted that does not match its
/// checksum, so the process may be killed at any moment. Whoever asks gets an object or nothing;
/// whoever writes hears why it could not be.
///
/// Lookups take the lock of one index shard, then one over the table of segments, each for a few
/// dozen instructions, and read from the page cache. Appending blocks on the disk and holds the
/// writer's lock: it belongs on one thread of its own.
package final class DiskStore: Sendable {
    /// How long a failing disk is left alone.
    package static let patience = Duration.seconds(10)

    package let geometry: DiskGeometry
    package let journal: PurgeJournal
    let storage: any SegmentStorage
    let report: @Sendable (DiskEvent) -> Void
    let secret: UInt64
    let index = DiskIndex()
    let ledger = ByteLedger()
    let tally = Tally()
    let segments = Mutex<[UInt32: Segment]>([:])
    let fences = Mutex(Fences())
    let writer: Mutex<Writer>
    /// Segments that have not been scanned; the newest last.
    let unscanned: Mutex<[UInt32]>
    let isLoading = Atomic(true)
    let isGivenAway = Atomic(false)

    /// Opens what the storage holds: replays the journal and scans the newest segment, so that
    /// writing goes on where it ended. The others are scanned by `loadNext()`.
    package init(
        in storage: any SegmentStorage, geometry: DiskGeometry,
        report: @escaping @Sendable (DiskEvent) -> Void, replay: (JournalRecord) -> Void
    ) throws(DiskFault) {
        self.storage = storage
        self.geometry = geometry
        self.report = report
        journal = try PurgeJournal(
            in: storage, limit: geometry.journalBytes, report: report, replay: replay)
        secret = journal.secret
        var found: [Segment] = []
        for name in try storage.names() {
            guard let id = Segment.id(of: name) else { continue }
            if let segment = try Self.open(storage, id, secret, ledger) {
                found.append(segment)
            } else {
                try storage.remove(name)
            }
        }
        found.sort { $0.id < $1.id }
        // The bound may have been lowered since.
        while let oldest = found.first, ledger.held > geometry.segmentsBudget {
            try storage.remove(oldest.name)
            oldest.markRemoved()
            found.removeFirst()
        }
        writer = Mutex(Writer(nextID: (found.last?.id ?? 0) + 1))
        unscanned = Mutex(found.map(\.id))
        for segment in found { register(segment, fence: 0) }
        guard let newest = found.last, let end = loadNewest() else { return }
        writer.withLock { writer in
            writer.segment = newest
            writer.position = end
        }
    }

    private static func open(
        _ storage: any SegmentStorage, _ id: UInt32, _ secret: UInt64, _ ledger: ByteLedger
    ) throws(DiskFault) -> Segment? {
        let file = try storage.open(Segment.name(id))
        guard file.size <= DiskGeometry.largestSegment,
            let head = try? file.readAll(Segment.headBytes, at: 0),
            Segment.isHead(head.span, id: id, secret: secret)
        else { return nil }
        return Segment(id: id, file: file, byteCount: file.size, ledger: ledger)
    }

    func register(_ segment: Segment, fence: UInt64) {
        segments.withLock { $0[segment.id] = segment }
        fences.withLock { $0.lowest[segment.id] = fence }
    }

    // MARK: - Asking the index

    package func digest(_ key: Span<UInt8>) -> DiskKey {
        DiskKey(
            high: Checksum.of(key, seed: secret),
            low: Checksum.of(key, seed: ~secret &* 0x9E37_79B1))
    }

    /// What tells variants of one key apart in the index.
    package func variant(_ variantKey: Span<UInt8>) -> UInt32 {
        UInt32(truncatingIfNeeded: Checksum.of(variantKey, seed: secret))
    }

    /// The newest record of a key, whichever variant it is: its head tells what it varies by.
    package func newest(of key: DiskKey) -> DiskLocation? { index.newest(of: key) }

    package func find(_ key: DiskKey, variant: UInt32) -> DiskLocation? {
        index.find(key, variant: variant)
    }

    /// The newest first.
    package func variants(of key: DiskKey) -> [DiskLocation] { index.variants(of: key) }

    /// Forgets a record without writing: for objects that were purged or are of no use. One that
    /// must not come back after a restart either is buried (`bury`).
    package func forget(_ key: DiskKey, _ location: DiskLocation) { index.remove(key, location) }

    /// Notes that an object is wanted, such as when memory evicts one that had hits: it moves on
    /// when its segment is given up.
    package func touch(_ key: DiskKey, _ location: DiskLocation) {
        index.mark(key, location, .hot)
    }

    // MARK: - Purges

    /// Returns when the purges are on the device, or can do without; blocks. Commits that meet
    /// share one sync. False: a restart might undo them.
    package func commit(through ticket: PurgeJournal.Ticket) -> Bool {
        for attempt in 0..<2 {
            do throws(DiskFault) {
                try journal.commit(through: ticket, forgettingTo: forgetOldPurges)
                return true
            } catch {
                // A purge is worth more than the oldest objects.
                guard attempt == 0, error == .full, giveUpOldest() else { break }
            }
        }
        if isGivenAway.load(ordering: .acquiring) { return false }
        // What cannot be written down must not be needed.
        return (try? journal.renounce()) != nil
    }

    /// Up to which sequence purges concern nothing on disk. From here on, nothing older is taken.
    package func forgetOldPurges() -> UInt64 {
        fences.withLock { fences in
            let lowest = fences.lowest.values.min() ?? 0
            // A segment that has just been begun, and no other: nothing is known.
            if lowest != .max { fences.forgotten = max(fences.forgotten, lowest) }
            return fences.forgotten
        }
    }

    // MARK: - Giving away

    /// Brings to the device what has been written and lets another process have the folder. From
    /// here on nothing is written, and objects that somebody holds can still be read. Blocks; on
    /// the writer's thread, so that nobody is in the middle of a record.
    package func giveAway() {
        writer.withLock { writer in
            isGivenAway.store(true, ordering: .releasing)
            try? writer.segment?.file.synchronise()
            writer.segment = nil
        }
        unscanned.withLock { $0 = [] }
        journal.giveAway()
        storage.release()
    }

    // MARK: - Figures

    /// Whether writing is left alone for a while.
    package var isFailing: Bool { tally.isFailing.load(ordering: .relaxed) }

    /// Memory that the index takes.
    package var indexBytes: Int { index.byteCount }

    package var figures: DiskFigures {
        DiskFigures(
            objects: index.count, indexBytes: index.byteCount,
            diskBytes: ledger.held + journal.byteCount,
            segments: segments.withLock { $0.count },
            written: tally.written.load(ordering: .relaxed),
            writtenBytes: tally.writtenBytes.load(ordering: .relaxed),
            moved: tally.moved.load(ordering: .relaxed),
            reclaimed: tally.reclaimed.load(ordering: .relaxed),
            refused: tally.refused.load(ordering: .relaxed),
            damaged: tally.damaged.load(ordering: .relaxed),
            faults: tally.faults.load(ordering: .relaxed),
            isFailing: tally.isFailing.load(ordering: .relaxed),
            isLoading: isLoading.load(ordering: .relaxed),
            unscanned: unscanned.withLock { $0.count }, syncs: journal.syncCount,
            journalBytes: journal.byteCount, budget: geometry.diskBytes)
    }

    final class Tally: Sendable {
        let written = Atomic(0)
        let writtenBytes = Atomic(0)
        let moved = Atomic(0)
        let reclaimed = Atomic(0)
        let refused = Atomic(0)
        let damaged = Atomic(0)
        let faults = Atomic(0)
        let isFailing = Atomic(false)
    }

    /// Which purges the journal must still know.
    struct Fences {
        /// The lowest fill sequence in each segment; 0 until it has been scanned.
        var lowest: [UInt32: UInt64] = [:]
        /// Purges up to this sequence may be gone from the journal.
        var forgotten: UInt64 = 0
    }
}

/// For the metrics page. Counts since the process started.
package struct DiskFigures: Equatable, Sendable {
    package let objects: Int
    package let indexBytes: Int
    /// On disk, reclaimed segments that are still being read included.
    package let diskBytes: Int
    package let segments: Int
    package let written: Int
    package let writtenBytes: Int
    package let moved: Int
    package let reclaimed: Int
    package let refused: Int
    /// Records that were not what was written, found while loading or reading.
    package let damaged: Int
    package let faults: Int
    package let isFailing: Bool
    package let isLoading: Bool
    /// Segments that the index does not know yet.
    package let unscanned: Int
    /// How often the journal waited for the device.
    package let syncs: Int
    package let journalBytes: Int
    /// The bound of `diskBytes`.
    package let budget: Int
}
