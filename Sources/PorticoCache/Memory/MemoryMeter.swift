internal import Synchronization

/// How much memory the cache holds, of what it may hold.
///
/// Counted is what lives, not what the table lists: an evicted body that a slow client still
/// reads counts until it has read it.
package final class MemoryMeter: Sendable {
    package let budget: Int
    private let used = Atomic<Int>(0)

    package init(budget: Int) { self.budget = budget }

    package var bytes: Int { used.load(ordering: .relaxed) }

    func charge(_ bytes: Int) { used.add(bytes, ordering: .relaxed) }

    func refund(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}

/// What glibc's malloc takes for a block: eight bytes before it, in steps of 16, at least 32.
func heapBytes(_ count: Int) -> Int { max(32, (count + 8 + 15) & ~15) }

/// An array's storage: 32 bytes before the first element; an empty one has none.
func heapBytes(ofArray count: Int) -> Int { count == 0 ? 0 : heapBytes(count + 32) }
