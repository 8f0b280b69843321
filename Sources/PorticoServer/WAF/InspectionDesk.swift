internal import PorticoExchange
internal import PorticoLoop
internal import PorticoTelemetry
internal import Synchronization

/// What the firewalls of one process share, over all reloads: threads for large bodies and for the
/// compiling of rules, and the files that records are written to.
final class InspectionDesk: Sendable {
    private struct State: ~Copyable {
        /// By the file's path; empty: standard error.
        var writers: [String: LogWriter] = [:]
        var isOpen = false
    }

    /// As many threads as processors: more would only make each body's turn longer.
    let pool = BlockingPool(threads: max(1, Process.cpus), capacity: 256)
    private let state = Mutex(State())
    private let onFault: @Sendable (String) -> Void

    init(onFault: @escaping @Sendable (String) -> Void) { self.onFault = onFault }

    /// Two firewalls with one file share it.
    func log(at path: String) -> AuditLog {
        state.withLock { state in
            if let writer = state.writers[path] { return writer.auditLog() }
            let writer = LogWriter("WAF log", onFault: onFault)
            writer.open(path.isEmpty ? .stderr : .file(path))
            if state.isOpen { writer.start() }
            state.writers[path] = writer
            return writer.auditLog()
        }
    }

    /// Opens the files; until then what is recorded waits.
    func open() {
        state.withLock { state in
            if state.isOpen { return }
            state.isOpen = true
            for writer in state.writers.values { writer.start() }
        }
    }

    /// Goes on writing to files of these names anew (USR1).
    func reopen() {
        state.withLock { state in
            for (path, writer) in state.writers {
                writer.open(path.isEmpty ? .stderr : .file(path))
            }
        }
    }

    /// Writes what is queued.
    func stop() {
        let writers = state.withLock { $0.isOpen ? Array($0.writers.values) : [] }
        for writer in writers { writer.stop() }
    }
}
