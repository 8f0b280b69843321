package import PorticoBytes
package import PorticoTelemetry

/// The workers' end of a firewall's audit log.
///
/// A record is handed over at once, not with others at a turn's end: so records stand in the
/// order in which requests were answered, whichever worker did it.
package final class AuditLog: Sendable {
    private let queue: LogQueue
    private let ring: @Sendable () -> Void

    /// `ring` wakes the thread that writes.
    package init(into queue: LogQueue, ring: @escaping @Sendable () -> Void) {
        self.queue = queue
        self.ring = ring
    }

    /// Leaves the buffer empty. When the writing thread is too far behind, the record is dropped
    /// and counted.
    package func append(_ record: inout Buffer, _ counters: WorkerCounters) {
        switch queue.offer(&record) {
        case .nothing, .takenBehind: break
        case .takenFirst: ring()
        case .dropped(let count): counters.add(count, to: .wafRecordsDropped)
        }
    }
}
