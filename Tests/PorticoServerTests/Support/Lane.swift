import PorticoLoop
import Synchronization
import Testing

/// Tests that wait for processes and sockets do so on a few threads of their own, so that they
/// neither hold up the tests beside them nor start forty daemons at once.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(Lane.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: OwnThreads { OwnThreads() }
}

private final class Lane: TaskExecutor {
    static let shared = Lane(threads: 4)

    private let jobs = Mutex<[UnownedJob]>([])
    private let available = Semaphore()

    init(threads: Int) {
        for _ in 0..<threads { startThread { [self] in serve() } }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        available.signal()
    }

    private func serve() {
        let preference = unsafe asUnownedTaskExecutor()
        while true {
            available.wait()
            guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            unsafe job.runSynchronously(on: preference)
        }
    }
}

/// What kept a test from going on.
struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
