internal import CPorticoLinux
internal import Synchronization

/// Runs the jobs of one worker, one after another, on the thread that drains it.
///
/// A job enqueued by that thread goes into a plain array: no lock, no system call. A job from
/// any other thread goes through a locked array, and the first one of a burst rings the bell.
@safe package final class LoopExecutor: SerialExecutor, TaskExecutor {
    // SAFETY: `local` and `spare` are touched only where `isHere` holds, that is by one thread.
    nonisolated(unsafe) private var local: [UnownedJob] = []
    nonisolated(unsafe) private var spare: [UnownedJob] = []
    private let foreign = Mutex<[UnownedJob]>([])
    let bell: Int32 = px_bell()

    package init() {
        precondition(bell >= 0, "eventfd")
    }

    deinit { px_close(bell) }

    /// Makes the calling thread this executor's thread until `body` returns.
    package func withThisThread<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        let before = unsafe px_here()
        unsafe px_set_here(identity)
        defer { unsafe px_set_here(before) }
        return try body()
    }

    private var identity: UnsafeRawPointer {
        unsafe UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    private var isHere: Bool { unsafe px_here() == identity }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isHere {
            unsafe local.append(job)
            return
        }
        let isFirst = foreign.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        if isFirst { px_ring(bell) }
    }

    package func isIsolatingCurrentContext() -> Bool? { isHere }

    package func checkIsolated() { precondition(isHere, "not on this worker's thread") }

    /// The bell has rung: takes over what other threads have enqueued.
    func collect() {
        precondition(isHere)
        px_hush(bell)
        let jobs = foreign.withLock { jobs in
            let taken = jobs
            jobs.removeAll()
            return taken
        }
        unsafe local.append(contentsOf: jobs)
    }

    var isIdle: Bool { unsafe local.isEmpty }

    /// Runs what is enqueued now; jobs enqueued meanwhile wait for the next call.
    package func runOnce() {
        precondition(isHere)
        unsafe swap(&local, &spare)
        let me = unsafe asUnownedSerialExecutor()
        let preference = unsafe asUnownedTaskExecutor()
        var index = 0
        while unsafe index < spare.count {
            let job = unsafe spare[index]
            unsafe job.runSynchronously(isolatedTo: me, taskExecutor: preference)
            index += 1
        }
        unsafe spare.removeAll(keepingCapacity: true)
    }
}
