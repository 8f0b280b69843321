import Testing

@testable import PorticoTelemetry

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test func `classes follow one another without a gap`() {
        var lower = 0
        for index in 0..<LatencyHistogram.classes {
            let upper = LatencyHistogram.upperBound(ofClass: index)
            #expect(upper > lower)
            #expect(LatencyHistogram.classIndex(of: lower + 1) == index)
            #expect(LatencyHistogram.classIndex(of: upper) == index)
            if lower >= 32 { #expect(Double(upper - lower) / Double(lower) <= 0.0625) }
            lower = upper
        }
        #expect(lower == 1 << 31)
    }

    @Test(arguments: [Int.min, -1, 0, 1])
    func `what takes no time counts as a microsecond`(_ duration: Int) {
        #expect(LatencyHistogram.classIndex(of: duration) == 0)
    }

    @Test(arguments: [1 << 31, (1 << 31) + 1, Int.max])
    func `what takes too long counts as of the last class`(_ duration: Int) {
        #expect(LatencyHistogram.classIndex(of: duration) == LatencyHistogram.classes - 1)
    }

    @Test func `quantiles are at most a sixteenth too long`() throws {
        var random = SystemRandomNumberGenerator()
        let workers = [LatencyHistogram(), LatencyHistogram(), LatencyHistogram()]
        var durations: [Int] = []
        for _ in 0..<20_000 {
            // Spread evenly over the orders of magnitude.
            let power = Int.random(in: 0...24, using: &random)
            let duration = Int.random(in: 1...(2 << power), using: &random)
            durations.append(duration)
            workers.randomElement(using: &random)?.record(microseconds: duration)
        }
        durations.sort()
        var totals = LatencyTotals()
        for worker in workers { totals.add(worker) }
        #expect(totals.count == durations.count)
        #expect(totals.sumMicroseconds == durations.reduce(0, +))
        for share in [0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
            let rank = max(1, Int((share * 20_000).rounded(.up)))
            let exact = durations[rank - 1]
            let estimate = try #require(totals.quantile(share))
            #expect(estimate >= exact)
            #expect(Double(estimate) <= Double(exact) * 1.0625 + 1)
        }
        for power in 0...26 {
            #expect(totals.count(upTo: 1 << power) == durations.count { $0 <= 1 << power })
        }
    }

    @Test func `nothing recorded has no quantile`() {
        #expect(LatencyTotals().quantile(0.5) == nil)
    }
}
