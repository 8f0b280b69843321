import PorticoBytes
import PorticoLimits
import PorticoLoop
import PorticoSettings
import Synchronization

/// What a rate limit costs a request, beside what anybody would write first: a dictionary of token
/// buckets behind one lock. `swift run -c release PorticoBench rates`.
struct RateBench {
    private let clock = ContinuousClock()
    private let rounds = 4_000_000

    private struct Address: Hashable {
        var high: UInt64, low: UInt64
    }

    private struct Bucket {
        var tokens: UInt64, filled: UInt64
    }

    func run() {
        for keys in [1, 10_000, 1_000_000] {
            print("\(keys) addresses:")
            ours(keys)
            reference(keys)
        }
        contended()
    }

    /// Places that follow each other like those of a crowd, and not like those of an array.
    private func low(_ round: Int, of keys: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: round) &* 0x9E37_79B9_7F4A_7C15 % UInt64(keys)
    }

    private func ours(_ keys: Int) {
        let before = resident()
        let table = RateTable(seed: (1, 2))
        let cadence = Cadence(Rate(100, per: .seconds(1)), burst: 200)
        // So short a time that no debt is over when all addresses have come.
        for key in 0..<keys {
            _ = table.charge(
                table.hash(0, UInt64(key)), cadence, at: Instant(nanoseconds: 1_000_000_000))
        }
        let taken = resident() - before
        var passed = 0
        time("  hash, lock and judgement") {
            for round in 0..<rounds {
                let key = table.hash(0, low(round, of: keys))
                let now = Instant(nanoseconds: 1_000_000_000 + UInt64(round) * 1000)
                if table.charge(key, cadence, at: now) == .passes { passed &+= 1 }
            }
        }
        let report = table.report(at: Instant(nanoseconds: 1_000_000_001))
        print("    \(passed) passed; table \(report.bytes >> 10) KiB, resident \(taken >> 10) KiB,")
        print("    \(report.keys) keys held, \(report.displaced) displaced")
    }

    private func reference(_ keys: Int) {
        let before = resident()
        let buckets = Mutex<[Address: Bucket]>([:])
        func take(_ key: UInt64, at now: UInt64) -> Bool {
            buckets.withLock { buckets in
                let full = Bucket(tokens: 2_000_000_000, filled: now)
                return Self.take(&buckets[Address(high: 0, low: key), default: full], at: now)
            }
        }
        for key in 0..<keys { _ = take(UInt64(key), at: 1_000_000_000) }
        let taken = resident() - before
        var passed = 0
        time("  a dictionary behind one lock") {
            for round in 0..<rounds {
                let now = 1_000_000_000 + UInt64(round) * 1000
                if take(low(round, of: keys), at: now) { passed &+= 1 }
            }
        }
        print("    \(passed) passed; resident \(taken >> 10) KiB")
    }

    private static func take(_ bucket: inout Bucket, at now: UInt64) -> Bool {
        bucket.tokens = min(2_000_000_000, bucket.tokens + (now - bucket.filled))
        bucket.filled = now
        if bucket.tokens < 10_000_000 { return false }
        bucket.tokens -= 10_000_000
        return true
    }

    /// Two threads, one address: the worst that a lock can meet.
    private func contended() {
        let table = RateTable(seed: (1, 2))
        let cadence = Cadence(Rate(100, per: .seconds(1)), burst: 200)
        let key = table.hash(0, 1)
        let rounds = rounds
        time("two threads at one address", 2 * rounds) {
            let ended = Semaphore()
            for _ in 0..<2 {
                startThread {
                    for round in 0..<rounds {
                        _ = table.charge(
                            key, cadence, at: Instant(nanoseconds: UInt64(round) * 1000))
                    }
                    ended.signal()
                }
            }
            for _ in 0..<2 { ended.wait() }
        }
    }

    private func time(_ name: String, _ count: Int? = nil, _ body: () -> Void) {
        let taken = clock.measure(body)
        let tenths = taken.nanoseconds * 10 / UInt64(count ?? rounds)
        print("\(name): \(tenths / 10).\(tenths % 10) ns")
    }
}
