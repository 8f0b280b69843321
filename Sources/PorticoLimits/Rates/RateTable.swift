package import PorticoBytes
internal import Synchronization

/// What the keys of one limit have used, over all workers.
///
/// 32 shards, each a lock held for a few dozen instructions. A key's requests are all judged under
/// the same lock, so the count is exact however many workers serve it; what is not exact is the
/// time, since each worker reads the clock once in a turn of its loop. At most 16 MiB: a million
/// keys of 16 bytes. It begins with 64 KiB, and grows with the keys in use at once.
package final class RateTable: Sendable {
    /// Keys that are held at most.
    package static let mostKeys = 1 << 20

    /// Maps what requests are counted by to 64 bits that nobody outside can compute.
    package let hash: KeyedHash
    private let shards: InlineArray<32, Mutex<RateShard>>

    /// The seed must be random and never leave the process. `mostKeys`: a power of two, 512 and
    /// more.
    package init(seed: (UInt64, UInt64), mostKeys: Int = RateTable.mostKeys) {
        hash = KeyedHash(seed: seed)
        let most = mostKeys / 32
        shards = InlineArray { _ in Mutex(RateShard(slots: min(128, most), most: most)) }
    }

    /// Judges a request and charges it, unless it is refused.
    package func charge(_ key: UInt64, _ cadence: Cadence, at now: Instant) -> Cadence.Outcome {
        shards[Self.shard(key)].withLock { $0.charge(key, cadence, at: now.nanoseconds) }
    }

    /// Takes a charge back, because the request was refused elsewhere.
    package func refund(_ key: UInt64, _ cadence: Cadence, at now: Instant) {
        shards[Self.shard(key)].withLock { $0.refund(key, cadence, at: now.nanoseconds) }
    }

    /// What a request would get, without charging it.
    package func look(_ key: UInt64, _ cadence: Cadence, at now: Instant) -> Cadence.Outcome {
        var arrival = shards[Self.shard(key)].withLock { $0.arrival(of: key) }
        return cadence.judge(&arrival, at: now.nanoseconds)
    }

    // MARK: - For metrics

    package struct Report: Equatable, Sendable {
        /// Keys that have used some of their burst.
        package var keys = 0
        package var bytes = 0
        /// Keys forgotten before their time, for want of room.
        package var displaced = 0
    }

    package func report(at now: Instant) -> Report {
        var report = Report()
        for index in shards.indices {
            shards[index].withLock { shard in
                report.keys += shard.count(at: now.nanoseconds)
                report.bytes += shard.capacity * RateShard.slotBytes
                report.displaced += shard.displaced
            }
        }
        return report
    }

    /// The top bits; the shard uses the low ones.
    private static func shard(_ key: UInt64) -> Int { Int(truncatingIfNeeded: key &>> 59) }
}
