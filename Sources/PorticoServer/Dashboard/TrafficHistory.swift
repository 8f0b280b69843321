internal import PorticoBytes
internal import PorticoTelemetry

/// The last minutes, second by second: what a dashboard shows beyond sums since the start.
struct TrafficHistory {
    /// Sums since the start at one moment.
    struct Mark: Equatable {
        /// Of final answers, from 1xx to 5xx.
        var classes = [0, 0, 0, 0, 0]
        /// Answers from what was stored, and all for which the cache was asked.
        var hits = 0
        var asked = 0
        var bytesOut = 0

        var requests: Int { classes.reduce(0, +) }
    }

    /// Seconds that are remembered.
    static let span = 180
    /// Latencies weigh more, and are remembered every so many seconds.
    private static let step = 10
    private static let steps = 7

    private(set) var marks: [Mark] = []
    private var latencies: [LatencyTotals] = []
    private var ticks = 0

    /// Once a second.
    mutating func note(_ mark: Mark, _ latency: LatencyTotals) {
        marks.append(mark)
        if marks.count > Self.span + 1 { marks.removeFirst() }
        if ticks % Self.step == 0 {
            latencies.append(latency)
            if latencies.count > Self.steps { latencies.removeFirst() }
        }
        ticks += 1
    }

    /// Requests of each second, the oldest first.
    var requestsPerSecond: [Int] { zip(marks, marks.dropFirst()).map { $1.requests - $0.requests } }

    /// What the last `seconds` have added, or the time since the start where that is shorter; with
    /// how many seconds those are.
    func recent(_ seconds: Int) -> (added: Mark, seconds: Int) {
        guard let last = marks.last, marks.count > 1 else { return (Mark(), 1) }
        let count = min(seconds, marks.count - 1)
        let first = marks[marks.count - 1 - count]
        var added = last
        for index in added.classes.indices { added.classes[index] -= first.classes[index] }
        added.hits -= first.hits
        added.asked -= first.asked
        added.bytesOut -= first.bytesOut
        return (added, count)
    }

    /// Of about the last minute, given what the sums are now.
    func recent(_ latency: LatencyTotals) -> LatencyTotals {
        latencies.first.map(latency.since) ?? latency
    }
}

extension TrafficHistory.Mark {
    init(_ totals: CounterTotals) {
        classes = [.requests1xx, .requests2xx, .requests3xx, .requests4xx, .requests5xx].map {
            totals[$0]
        }
        hits = [Count.cacheHits, .cacheStale, .cacheRevalidated, .cacheJoined].reduce(0) {
            $0 + totals[$1]
        }
        asked = hits + totals[.cacheMisses]
        bytesOut = totals[.clientBytesOut]
    }
}
