internal import Synchronization

/// How long things took, in 448 classes of at most 6.25 % width, from 1 µs to 36 minutes.
///
/// Written by one worker, read by anybody, as `WorkerCounters`. A class reaches from above its
/// lower bound up to and including its upper one, as Prometheus's `le` does:
///
///     1 2 … 16 | 17 18 … 32 | 34 36 … 64 | 68 72 … 128 | … each octave in 16 classes
package final class LatencyHistogram: Sendable {
    static let classes = 448

    private let counts: InlineArray<448, Atomic<Int>>
    private let sum = Atomic(0)

    package init() { counts = InlineArray { _ in Atomic(0) } }

    /// Only on the worker that owns the histogram. Zero and less counts as 1 µs, what is longer
    /// than the last class as of that class.
    package func record(microseconds: Int) {
        // One writer: no locked addition needed.
        let index = Self.classIndex(of: microseconds)
        counts[index].store(counts[index].load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        sum.store(
            sum.load(ordering: .relaxed) &+ max(microseconds, 0), ordering: .relaxed)
    }

    fileprivate func count(at index: Int) -> Int { counts[index].load(ordering: .relaxed) }
    fileprivate var sumMicroseconds: Int { sum.load(ordering: .relaxed) }

    /// The first 32 values have a class each; from there on, the five leading bits say which.
    static func classIndex(of microseconds: Int) -> Int {
        // One less, so that bounds that are powers of two belong to the class below.
        let value = UInt(max(microseconds, 1) - 1)
        if value < 16 { return Int(value) }
        let shift = 59 - value.leadingZeroBitCount
        return min(shift * 16 + Int(value >> UInt(shift)), classes - 1)
    }

    /// The longest duration that counts in this class.
    static func upperBound(ofClass index: Int) -> Int {
        if index < 32 { return index + 1 }
        let shift = index / 16 - 1
        return (index % 16 + 17) << shift
    }
}

/// Latencies summed over workers.
package struct LatencyTotals: Sendable {
    private var counts = [Int](repeating: 0, count: LatencyHistogram.classes)
    package private(set) var sumMicroseconds = 0
    /// How many were recorded.
    package private(set) var count = 0

    package init() {}

    package mutating func add(_ histogram: LatencyHistogram) {
        for index in counts.indices {
            let more = histogram.count(at: index)
            counts[index] &+= more
            count &+= more
        }
        sumMicroseconds &+= histogram.sumMicroseconds
    }

    /// What has been recorded since `earlier`, which the same histograms gave.
    package func since(_ earlier: LatencyTotals) -> LatencyTotals {
        var rest = self
        for index in counts.indices { rest.counts[index] &-= earlier.counts[index] }
        rest.count &-= earlier.count
        rest.sumMicroseconds &-= earlier.sumMicroseconds
        return rest
    }

    /// How many took at most so long; exact where `microseconds` is a class's upper bound, which
    /// each power of two is, else up to the class below.
    package func count(upTo microseconds: Int) -> Int {
        var sum = 0
        for index in counts.indices
        where LatencyHistogram.upperBound(ofClass: index) <= microseconds {
            sum += counts[index]
        }
        return sum
    }

    /// The duration that this share of all did not exceed, in microseconds, at most 6.25 % too
    /// long; nil if nothing was recorded.
    package func quantile(_ share: Double) -> Int? {
        if count == 0 { return nil }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var sum = 0
        for index in counts.indices {
            sum += counts[index]
            if sum >= rank { return LatencyHistogram.upperBound(ofClass: index) }
        }
        return LatencyHistogram.upperBound(ofClass: counts.count - 1)
    }
}
