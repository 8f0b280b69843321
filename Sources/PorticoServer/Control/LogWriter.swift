internal import PorticoBytes
internal import PorticoExchange
internal import PorticoLoop
internal import PorticoTelemetry
internal import Synchronization

/// Writes the access log, or a firewall's, on a thread of its own, so that a full disk or a slow reader of a pipe
/// never stops a worker: what finds no room in the queue is dropped and counted.
final class LogWriter: Sendable {
    private struct State: ~Copyable {
        var destination = LogSettings.Destination.off
        var mustReopen = false
        var isStopping = false
    }

    private let name: String
    private let queue = LogQueue()
    private let bell = Semaphore()
    private let finished = Semaphore()
    private let state = Mutex(State())
    /// Called on the writing thread with what went wrong.
    private let onFault: @Sendable (String) -> Void

    /// `name`: what faults call it.
    init(_ name: String = "access log", onFault: @escaping @Sendable (String) -> Void) {
        self.name = name
        self.onFault = onFault
    }

    func start() { startThread { self.run() } }

    /// The end that a worker writes to; nil if requests are not logged.
    func accessLog(for settings: LogSettings, counters: WorkerCounters) -> AccessLog? {
        if settings.access == .off { return nil }
        return AccessLog(
            into: queue, format: settings.format == .json ? .json : .combined,
            redaction: Redaction(settings.redact), counters: counters
        ) { [bell] in bell.signal() }
    }

    /// The end that workers write records of the WAF to.
    func auditLog() -> AuditLog { AuditLog(into: queue) { [bell] in bell.signal() } }

    /// Goes on writing elsewhere, or to the file of that name anew (USR1, HUP).
    func open(_ destination: LogSettings.Destination) {
        state.withLock { state in
            state.destination = destination
            state.mustReopen = true
        }
        bell.signal()
    }

    /// Writes what is queued and ends the thread; waits for at most a second.
    func stop() {
        state.withLock { $0.isStopping = true }
        bell.signal()
        _ = finished.wait(atMost: .seconds(1))
    }

    private func run() {
        var file: AppendFile? = nil
        var batch: [UInt8] = []
        var isFailing = false
        while true {
            bell.wait()
            var isStopping = follow(&file)
            while queue.take(into: &batch) {
                // Looked at for each batch: a busy log may never be empty, and lines that were
                // logged after a rotation belong into the new file.
                isStopping = follow(&file)
                do throws(IOFault) {
                    try file?.write(batch.span)
                    isFailing = false
                } catch {
                    // Once, until it works again: a full disk is not to be filled with complaints.
                    if !isFailing { onFault("\(name): \(error.sentence)") }
                    isFailing = true
                }
            }
            if isStopping { return finished.signal() }
        }
    }

    /// Opens what is to be written to from now on; whether this is the end.
    private func follow(_ file: inout AppendFile?) -> Bool {
        let (wanted, isStopping) = state.withLock { state in
            defer { state.mustReopen = false }
            return (state.mustReopen ? state.destination : nil, state.isStopping)
        }
        if let wanted { file = opened(wanted) }
        return isStopping
    }

    private func opened(_ destination: LogSettings.Destination) -> AppendFile? {
        switch destination {
        case .off: return nil
        case .stdout: return .standardOutput()
        case .stderr: return .standardError()
        case .file(let path):
            do throws(IOFault) {
                return try AppendFile(path: path)
            } catch {
                onFault("\(name) \(path): \(error.sentence)")
                return nil
            }
        }
    }
}
