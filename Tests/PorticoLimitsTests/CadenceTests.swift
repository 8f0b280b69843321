import PorticoBytes
import PorticoSettings
import Testing

@testable import PorticoLimits

@Suite("Cadence (GCRA, ITU-T I.371 Annex A)")
struct CadenceTests {
    private let second: UInt64 = 1_000_000_000

    @Test func `a burst passes at once, and then as many as the rate earns back`() {
        let cadence = Cadence(Rate(10, per: .seconds(1)), burst: 3)
        var arrival: UInt64 = 0
        let start = 100 * second
        for _ in 0..<3 { #expect(cadence.judge(&arrival, at: start) == .passes) }
        #expect(cadence.judge(&arrival, at: start) == .refused(second / 10))
        #expect(cadence.judge(&arrival, at: start + second / 10 - 1) == .refused(1))
        #expect(cadence.judge(&arrival, at: start + second / 10) == .passes)
        #expect(cadence.judge(&arrival, at: start + second / 10) == .refused(second / 10))
        // All is earned back, and no more than the burst.
        for _ in 0..<3 { #expect(cadence.judge(&arrival, at: start + 60 * second) == .passes) }
        #expect(cadence.judge(&arrival, at: start + 60 * second) == .refused(second / 10))
    }

    @Test func `who goes on asking while refused is not refused for longer`() {
        let cadence = Cadence(Rate(1, per: .seconds(1)), burst: 1)
        var arrival: UInt64 = 0
        #expect(cadence.judge(&arrival, at: second) == .passes)
        for tenth in 1..<10 as Range<UInt64> {
            let now = second + tenth * second / 10
            #expect(cadence.judge(&arrival, at: now) == .refused(2 * second - now))
        }
        #expect(cadence.judge(&arrival, at: 2 * second) == .passes)
    }

    @Test func `the patient wait their turn, each behind the other, up to a bound`() {
        let cadence = Cadence(
            Rate(2, per: .seconds(1)), burst: 1, patience: .seconds(1))
        var arrival: UInt64 = 0
        #expect(cadence.judge(&arrival, at: second) == .passes)
        #expect(cadence.judge(&arrival, at: second) == .waits(second / 2))
        #expect(cadence.judge(&arrival, at: second) == .waits(second))
        #expect(cadence.judge(&arrival, at: second) == .refused(second / 2))
    }

    @Test func `a refund makes as if nothing had been`() {
        let cadence = Cadence(Rate(1, per: .seconds(1)), burst: 2)
        var arrival: UInt64 = 0
        _ = cadence.judge(&arrival, at: 5 * second)
        let before = arrival
        _ = cadence.judge(&arrival, at: 5 * second)
        cadence.refund(&arrival, at: 5 * second)
        #expect(arrival == before)
        cadence.refund(&arrival, at: 5 * second)
        cadence.refund(&arrival, at: 5 * second)
        #expect(arrival == 5 * second)
        #expect(cadence.remaining(arrival, at: 5 * second) == 2)
    }

    @Test func `a lowered burst does not punish for what a higher one allowed`() {
        let generous = Cadence(Rate(1, per: .seconds(1)), burst: 1000)
        var arrival: UInt64 = 0
        for _ in 0..<1000 { _ = generous.judge(&arrival, at: second) }
        let strict = Cadence(Rate(1, per: .seconds(1)), burst: 2)
        #expect(strict.judge(&arrival, at: second) == .refused(second))
        #expect(strict.remaining(arrival, at: second) == 0)
    }

    @Test(arguments: [
        (Rate(1_000_000_000, per: .seconds(86_400)), 1_000_000_000),
        (Rate(1, per: .seconds(86_400)), 1_000_000_000),
        (Rate(Int.max, per: .seconds(1)), Int.max), (Rate(1, per: .seconds(Int64.max)), Int.max),
        (Rate(0, per: .zero), 0),
    ])
    func `no settings overflow`(_ rate: Rate, _ burst: Int) {
        let cadence = Cadence(rate, burst: burst, patience: .seconds(5))
        for now in [0, 1, second, UInt64(Int64.max)] {
            var arrival: UInt64 = 0
            #expect(cadence.judge(&arrival, at: now) == .passes)
            _ = cadence.judge(&arrival, at: now)
            cadence.refund(&arrival, at: now)
            arrival = .max
            _ = cadence.judge(&arrival, at: now)
            cadence.refund(&arrival, at: now)
            _ = cadence.remaining(arrival, at: now)
        }
    }
}
