package import PorticoBytes
internal import Synchronization

/// When the most recent soft purges were, by their numbers.
final class SoftTimes: Sendable {
    private static let capacity = 4096

    private struct Entry {
        let number: UInt64
        let at: Instant
    }

    /// In the order of the numbers; the older half goes when there are too many.
    private let entries = Mutex<[Entry]>([])

    func append(_ number: UInt64, at time: Instant) {
        entries.withLock { entries in
            // One purge may be several records of a journal.
            if let last = entries.last, last.number >= number { return }
            if entries.count >= Self.capacity { entries.removeFirst(Self.capacity / 2) }
            entries.append(Entry(number: number, at: time))
        }
    }

    /// When purge `number` was; for one that is forgotten, not before it was. Nil if it and all
    /// later ones are unknown.
    func time(of number: UInt64) -> Instant? {
        entries.withLock { entries in
            var low = 0
            var high = entries.count
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].number < number { low = middle + 1 } else { high = middle }
            }
            return low < entries.count ? entries[low].at : nil
        }
    }
}

extension PurgeLedger {
    /// From when on an object is stale whose verdict is `stale`: the oldest of the soft purges that
    /// it knows of, and from the first question on always the same.
    package func staleSince(_ stamp: borrowing PurgeStamp, at now: Instant) -> Instant {
        let known = stamp.staleFrom.load(ordering: .relaxed)
        if known != 0 { return Instant(nanoseconds: UInt64(known)) }
        let fence = stamp.fence
        var first = UInt64.max
        let floor = softFloorNumber
        if floor > fence { first = floor }
        for id in stamp.marks {
            let number = table.softNumber(of: id)
            if number > fence { first = min(first, number) }
        }
        let time = softTimes.time(of: first).map { min($0, now) } ?? now
        stamp.staleFrom.store(
            Int64(clamping: max(time.nanoseconds, 1)), ordering: .relaxed)
        return time
    }
}
