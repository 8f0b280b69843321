package import Synchronization

/// What a worker counts. Its index is its place in `WorkerCounters`; `MetricsPage` says under
/// which name it is published.
@usableFromInline package enum Count: Int, CaseIterable, Sendable {
    case connectionsAccepted
    /// A level, as are the other counts whose names end in Open, Idle or InFlight.
    case connectionsOpen
    case connectionsIdle
    case connectionsRefusedByTotal
    case connectionsRefusedByAddress
    /// EMFILE, ENFILE.
    case acceptFaultsDescriptors
    case acceptFaultsOther

    case tlsHandshakesFull
    case tlsHandshakesResumed
    case tlsHandshakesFailed

    case requests1xx
    case requests2xx
    case requests3xx
    case requests4xx
    case requests5xx
    /// The client left before an answer began.
    case requestsUnanswered
    case requestsHTTP10
    case requestsHTTP11
    case requestsHTTP2
    case requestsInFlight

    case requestFaults400
    case requestFaults408
    case requestFaults413
    case requestFaults414
    case requestFaults421
    case requestFaults431
    case requestFaults501
    case requestFaults505

    case cacheHits
    case cacheMisses
    case cacheStale
    case cacheRevalidated
    case cacheJoined
    case cachePasses
    case cacheRefreshes

    case clientBytesIn
    case clientBytesOut
    case originBytesIn
    case originBytesOut

    case originConnectionsOpened
    case originConnectionsReused
    case originConnectionsOpen
    case retries
    case originFaultsConnect
    case originFaultsConnectTimeout
    case originFaultsTLS
    case originFaultsFirstByteTimeout
    case originFaultsBetweenBytesTimeout
    case originFaultsReset
    case originFaultsMalformed
    case originFaultsNoNode

    case timeoutsHandshake
    case timeoutsHeader
    case timeoutsBody
    case timeoutsIdle
    case timeoutsWrite

    case wafPassed
    case wafDetected
    case wafBlocked
    /// Bodies that found no room to be inspected.
    case wafPoolRefusals
    case imagesDelivered
    /// Transformations whose result was stored.
    case imagesMade
    /// Originals that were sent in place of a picture.
    case imagesPassed
    case imageFailuresRequest
    case imageFailuresSource
    case imageFailuresLimit

    case accessRecordsDropped
    case wafRecordsDropped
    case poolRejections
    case loopTurns

    /// The count of a final answer with this status.
    @inlinable package static func requests(status: Int) -> Count {
        switch status / 100 {
        case 1: .requests1xx
        case 2: .requests2xx
        case 3: .requests3xx
        case 4: .requests4xx
        default: .requests5xx
        }
    }

    /// The count of requests that were refused for their form; what has no row of its own counts
    /// as malformed.
    package static func requestFaults(status: Int) -> Count {
        switch status {
        case 408: .requestFaults408
        case 413: .requestFaults413
        case 414: .requestFaults414
        case 421: .requestFaults421
        case 431: .requestFaults431
        case 501: .requestFaults501
        case 505: .requestFaults505
        default: .requestFaults400
        }
    }
}

extension AccessRecord.CacheOutcome {
    /// nil where no cache was asked.
    package var count: Count? {
        switch self {
        case .none: nil
        case .hit: .cacheHits
        case .miss: .cacheMisses
        case .stale: .cacheStale
        case .revalidated: .cacheRevalidated
        case .joined: .cacheJoined
        case .pass: .cachePasses
        case .refresh: .cacheRefreshes
        }
    }
}

extension AccessRecord.WAFOutcome {
    /// nil where no rules were asked.
    package var count: Count? {
        switch self {
        case .none: nil
        case .pass: .wafPassed
        case .detected: .wafDetected
        case .blocked: .wafBlocked
        }
    }
}

/// The counts and latencies of one worker: written by that worker alone, read by anybody.
///
/// With a single writer an addition need not be one atomic step: load, add and store are three
/// plain instructions on x86 and ARM, where a locked addition costs 4.5 ns. Relaxed order is
/// enough, since no reader concludes from one count to another; a page that is read while the
/// worker counts may see one request in a sum and not yet in the other.
package final class WorkerCounters: Sendable {
    // More than there are counts: the rest keeps the last ones away from the cache line of
    // whatever another worker allocates behind this object.
    @usableFromInline package static let capacity = 128
    @usableFromInline let cells: InlineArray<128, Atomic<Int>>

    package let requestDuration = LatencyHistogram()
    /// From the request's last byte to the first of the origin's answer.
    package let originFirstByte = LatencyHistogram()
    /// What the WAF's rules took of a request, all phases together.
    package let inspection = LatencyHistogram()

    package init() { cells = InlineArray { _ in Atomic(0) } }

    /// Only on the worker that owns these counters. Levels go down by a negative amount.
    @inlinable package func add(_ amount: Int, to count: Count) {
        let sum = cells[count.rawValue].load(ordering: .relaxed) &+ amount
        cells[count.rawValue].store(sum, ordering: .relaxed)
    }

    /// Only on the worker that owns these counters.
    @inlinable package func increment(_ count: Count) { add(1, to: count) }

    package func value(of count: Count) -> Int {
        cells[count.rawValue].load(ordering: .relaxed)
    }
}

/// The sums over workers at about one moment.
package struct CounterTotals: Sendable {
    private var counts = [Int](repeating: 0, count: Count.allCases.count)
    package private(set) var requestDuration = LatencyTotals()
    package private(set) var originFirstByte = LatencyTotals()
    package private(set) var inspection = LatencyTotals()

    package init() {}

    package mutating func add(_ worker: WorkerCounters) {
        for count in Count.allCases { counts[count.rawValue] &+= worker.value(of: count) }
        requestDuration.add(worker.requestDuration)
        originFirstByte.add(worker.originFirstByte)
        inspection.add(worker.inspection)
    }

    package subscript(count: Count) -> Int { counts[count.rawValue] }
}
