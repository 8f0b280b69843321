import PorticoBytes
import PorticoSettings
import Testing

@testable import PorticoLimits

/// A bucket of tokens as everybody would write it, for one key.
private struct Bucket {
    var tokens: UInt64
    var filled: UInt64

    /// Tokens in nanoseconds of the rate.
    mutating func take(_ price: UInt64, capacity: UInt64, at now: UInt64) -> Bool {
        tokens = min(capacity, tokens + (now - filled))
        filled = now
        if tokens < price { return false }
        tokens -= price
        return true
    }
}

@Suite("Rate tables")
struct RateTableTests {
    private let second: UInt64 = 1_000_000_000

    @Test(arguments: 0..<8)
    func `random requests get what a token bucket for each key would give them`(_ run: UInt64) {
        var random = SystemRandomNumberGenerator()
        let rate = Rate(Int.random(in: 1...50, using: &random), per: .seconds(1))
        let burst = Int.random(in: 1...20, using: &random)
        let cadence = Cadence(rate, burst: burst)
        // Room for all keys in whatever set they fall.
        let table = RateTable(seed: (run, random.next()), mostKeys: 1 << 16)
        var model: [UInt64: Bucket] = [:]
        var now = second
        for _ in 0..<5000 {
            now += UInt64.random(in: 0...(4 * cadence.interval / 40), using: &random)
            let name = UInt64.random(in: 0..<40, using: &random)
            let key = table.hash(0, name)
            let full = Bucket(tokens: cadence.burst, filled: now)
            let isGiven = model[name, default: full]
                .take(cadence.interval, capacity: cadence.burst, at: now)
            let instant = Instant(nanoseconds: now)
            let looked = table.look(key, cadence, at: instant)
            let outcome = table.charge(key, cadence, at: instant)
            #expect((outcome == .passes) == isGiven)
            #expect(looked == outcome)
            if outcome == .passes, Int.random(in: 0..<10, using: &random) == 0 {
                table.refund(key, cadence, at: instant)
                model[name]?.tokens += cadence.interval
            }
        }
    }

    @Test func `several workers let exactly the burst through`() async {
        let table = RateTable(seed: (1, 2))
        let cadence = Cadence(Rate(1, per: .seconds(3600)), burst: 1000)
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let now = Instant(nanoseconds: 1_000_000_000)
                    return (0..<1000).count { _ in table.charge(7, cadence, at: now) == .passes }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 1000)
    }

    @Test func `a table is as large as the keys in use, and never larger than its bound`() {
        let table = RateTable(seed: (3, 4), mostKeys: 1 << 14)
        let cadence = Cadence(Rate(1, per: .seconds(1)), burst: 5)
        #expect(table.report(at: Instant(nanoseconds: 0)).bytes == 32 * 128 * 16)
        // One after the other: each is over before the next.
        for name in 0..<100_000 as Range<UInt64> {
            _ = table.charge(
                table.hash(0, name), cadence, at: Instant(nanoseconds: (name + 1) * 2 * second))
        }
        #expect(table.report(at: Instant(nanoseconds: 0)).bytes == 32 * 128 * 16)
        // All at once.
        let now = Instant(nanoseconds: 1_000_000 * second)
        for name in 0..<100_000 as Range<UInt64> {
            #expect(table.charge(table.hash(1, name), cadence, at: now) == .passes)
        }
        let report = table.report(at: now)
        #expect(report.bytes == 16 << 14)
        #expect(report.keys <= 1 << 14 && report.keys > 1 << 13)
        #expect(report.displaced > 80_000)
    }

    @Test func `growing forgets nobody`() {
        let table = RateTable(seed: (5, 6))
        let cadence = Cadence(Rate(1, per: .seconds(1)), burst: 2)
        let now = Instant(nanoseconds: second)
        for _ in 0..<2 {
            for name in 0..<50_000 as Range<UInt64> {
                #expect(table.charge(table.hash(0, name), cadence, at: now) == .passes)
            }
        }
        for name in 0..<50_000 as Range<UInt64> {
            #expect(table.charge(table.hash(0, name), cadence, at: now) == .refused(second))
        }
        #expect(
            table.report(at: now)
                == RateTable.Report(
                    keys: 50_000, bytes: table.report(at: now).bytes, displaced: 0))
    }

    @Test func `a million addresses refuse no ordinary client and free no refused one`() {
        let table = RateTable(seed: (0xC0FFEE, 0xDECAF))
        let cadence = Cadence(Rate(10, per: .seconds(1)), burst: 20)
        let refused = (0..<50 as Range<UInt64>).map { table.hash(1, $0) }
        let ordinary = (0..<50 as Range<UInt64>).map { table.hash(2, $0) }
        let start = 10 * second
        for key in refused {
            for _ in 0..<20 {
                #expect(
                    table.charge(key, cadence, at: Instant(nanoseconds: start)) == .passes)
            }
        }
        // Within the time that one request takes to be earned back: all stand in the table at once.
        var passed = 0
        for name in 0..<1_000_000 as Range<UInt64> {
            let now = Instant(nanoseconds: start + name * 99)
            if table.charge(table.hash(3, name), cadence, at: now) == .passes { passed += 1 }
            if name % 200_000 == 0 {
                for key in ordinary {
                    #expect(table.charge(key, cadence, at: now) == .passes)
                }
                for key in refused {
                    #expect(table.charge(key, cadence, at: now) != .passes)
                }
            }
        }
        // The attacker's own requests were each within the limit.
        #expect(passed == 1_000_000)
        let end = Instant(nanoseconds: start + second / 10 - 1)
        let report = table.report(at: end)
        #expect(report.displaced > 10_000 && report.bytes == 16 << 20)
        for key in refused { #expect(table.look(key, cadence, at: end) == .refused(1)) }
    }

    @Test func `whom a full set displaces begins anew, and nobody is refused for another`() {
        // One set in each of the shards' smallest size would do; here there are two.
        let table = RateTable(seed: (7, 8), mostKeys: 512)
        let cadence = Cadence(Rate(1, per: .seconds(60)), burst: 4)
        let now = Instant(nanoseconds: second)
        var passes: [UInt64: Int] = [:]
        for round in 0..<8 {
            for name in 0..<2000 as Range<UInt64> {
                let outcome = table.charge(table.hash(0, name), cadence, at: now)
                if outcome == .passes { passes[name, default: 0] += 1 }
                if round == 0 { #expect(outcome == .passes) }
            }
        }
        // Far too small a table lets more pass; it never refuses what a large one would not.
        #expect(passes.values.allSatisfy { $0 >= 4 })
    }
}
