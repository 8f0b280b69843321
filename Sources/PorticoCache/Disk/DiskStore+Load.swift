internal import Synchronization

/// The index comes back from the segments, the newest first: so what is found later is older, and
/// never replaces what is known.
extension DiskStore {
    /// Scans one more segment; false when there is none left. For a thread that may block, while
    /// the store is in use.
    package func loadNext() -> Bool {
        guard let id = unscanned.withLock({ $0.popLast() }) else {
            if isLoading.exchange(false, ordering: .relaxed) {
                index.dropTombstones()
                report(
                    .loaded(
                        objects: index.count, skipped: tally.damaged.load(ordering: .relaxed)))
            }
            return false
        }
        _ = scan(id)
        return true
    }

    /// The newest segment's end, where writing may go on; nil if that is not certain.
    func loadNewest() -> Int? {
        guard let id = unscanned.withLock({ $0.popLast() }) else { return nil }
        return scan(id)
    }

    private func scan(_ id: UInt32) -> Int? {
        // Reclaimed before it was its turn.
        guard let segment = segments.withLock({ $0[id] }) else { return nil }
        var scan = SegmentScan(segment, secret: secret)
        var lowest = UInt64.max
        var end: Int?
        do throws(DiskFault) {
            while let (offset, head) = try scan.next() {
                let location = DiskLocation(
                    segment: id, variant: head.variant, offset: offset, byteCount: head.byteCount,
                    bodyOffset: head.bodyOffset)
                index.insertLoaded(
                    head.key, location, isTombstone: head.kind == .tombstone)
                // Also of those that a newer record hides: that one may be damaged one day, and
                // then the purges between the two must still be known.
                lowest = min(lowest, head.fillSequence)
            }
            end = scan.end
        } catch {
            tally.faults.add(1, ordering: .relaxed)
        }
        tally.damaged.add(scan.skipped, ordering: .relaxed)
        // Reclaimed meanwhile: what was just taken in points nowhere.
        if segments.withLock({ $0[id] }) == nil {
            for (key, location) in index.sweep(segment: id) { index.remove(key, location) }
        } else if end != nil {
            fences.withLock { $0.lowest[id] = lowest }
        }
        return end
    }
}
