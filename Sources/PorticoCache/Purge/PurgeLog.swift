internal import Synchronization

/// One purge as it can be asked about (`GET /v1/purges/{id}`).
package struct PurgeRecord: Sendable {
    package let receipt: PurgeReceipt
    package let targets: [PurgeTarget]
    package let depth: PurgeDepth
    /// The site's name; empty for all.
    package let site: String
    /// The name of the token, or how else the purge was allowed.
    package let caller: String
    /// Wall clock, milliseconds since 1970.
    package let at: Int64
    package let duration: Duration

    package init(
        receipt: PurgeReceipt, targets: [PurgeTarget], depth: PurgeDepth, site: String,
        caller: String, at: Int64, duration: Duration
    ) {
        self.receipt = receipt
        self.targets = targets
        self.depth = depth
        self.site = site
        self.caller = caller
        self.at = at
        self.duration = duration
    }
}

/// The most recent purges, oldest forgotten first.
package final class PurgeLog: Sendable {
    private struct Ring {
        var records: [PurgeRecord] = []
        var next = 0
    }

    private let capacity: Int
    private let ring = Mutex(Ring())

    init(capacity: Int = 1024) { self.capacity = capacity }

    package func append(_ record: PurgeRecord) {
        ring.withLock { ring in
            if ring.records.count < capacity {
                ring.records.append(record)
            } else {
                ring.records[ring.next] = record
                ring.next = (ring.next + 1) % capacity
            }
        }
    }

    package func record(id: String) -> PurgeRecord? {
        ring.withLock { $0.records.first { $0.receipt.id == id } }
    }

    /// Newest first.
    package func recent(_ limit: Int) -> [PurgeRecord] {
        let ring = ring.withLock { $0 }
        let ordered = ring.records[ring.next...] + ring.records[..<ring.next]
        return Array(ordered.suffix(limit).reversed())
    }
}
