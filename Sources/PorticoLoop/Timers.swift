package import PorticoBytes

/// Something with at most one entry in the heap of `Timers`.
///
/// Its deadline may move later without touching the heap: an entry that comes up too early is
/// put back at the new deadline. Keep-alive therefore costs two words and no work.
@usableFromInline package class Timed {
    fileprivate(set) final var deadline = Instant.distantFuture
    /// Where the heap holds it, -1 if nowhere.
    fileprivate final var slot: Int32 = -1

    package init() {}

    /// The deadline has passed.
    func isDue() {}
}

/// A binary heap of what is due when. It knows the time only from `advance`.
package final class Timers {
    package private(set) var now: Instant
    private var heap: [(at: Instant, entry: Timed)] = []

    package init(now: Instant = Instant(nanoseconds: 0)) { self.now = now }

    /// When the first entry comes up; `distantFuture` if there is none.
    package var next: Instant { heap.first?.at ?? .distantFuture }

    package var count: Int { heap.count }

    /// Sets when `entry` is due.
    package func set(_ entry: Timed, at deadline: Instant) {
        entry.deadline = deadline
        if entry.slot < 0 {
            if deadline == .distantFuture { return }
            heap.append((deadline, entry))
            rise(heap.count - 1)
        } else if deadline < heap[Int(entry.slot)].at {
            heap[Int(entry.slot)].at = deadline
            rise(Int(entry.slot))
        }
    }

    /// Takes `entry` out, so that the heap does not keep it alive until its deadline.
    package func remove(_ entry: Timed) {
        entry.deadline = .distantFuture
        if entry.slot >= 0 { takeOut(Int(entry.slot)) }
    }

    package func advance(to instant: Instant) {
        now = max(now, instant)
        while let first = heap.first, first.at <= now {
            takeOut(0)
            let entry = first.entry
            if entry.deadline <= now {
                entry.deadline = .distantFuture
                entry.isDue()
            } else {
                set(entry, at: entry.deadline)
            }
        }
    }

    private func takeOut(_ index: Int) {
        heap[index].entry.slot = -1
        let last = heap.removeLast()
        if index == heap.count { return }
        heap[index] = last
        last.entry.slot = Int32(index)
        sink(index)
        rise(index)
    }

    private func rise(_ start: Int) {
        var child = start
        let moving = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].at <= moving.at { break }
            heap[child] = heap[parent]
            heap[child].entry.slot = Int32(child)
            child = parent
        }
        heap[child] = moving
        moving.entry.slot = Int32(child)
    }

    private func sink(_ start: Int) {
        var parent = start
        let moving = heap[parent]
        while true {
            var least = 2 * parent + 1
            if least >= heap.count { break }
            if least + 1 < heap.count && heap[least + 1].at < heap[least].at { least += 1 }
            if moving.at <= heap[least].at { break }
            heap[parent] = heap[least]
            heap[parent].entry.slot = Int32(parent)
            parent = least
        }
        heap[parent] = moving
        moving.entry.slot = Int32(parent)
    }
}

/// Calls `body` once each time it is due; the body sets the next time itself if there is one.
package final class Alarm: Timed {
    private let body: () -> Void

    package init(_ body: @escaping () -> Void) { self.body = body }

    override func isDue() { body() }
}
