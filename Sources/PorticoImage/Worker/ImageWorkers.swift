internal import PorticoBytes
package import PorticoLoop
package import Synchronization

/// The worker processes, as the thread that owns them sees them.
///
/// One task for each process: it starts it, gives it a job, waits for the answer, and starts
/// another one when the process has died or had to be killed. All processes of the daemon stand
/// in one pool, on the control thread: whichever loop a request is on, it finds any idle process;
/// queue and memory have one account; to start a process holds up nobody's requests; and the
/// processes end with the thread that started them, which lives as long as the daemon.
package final class ImageWorkers {
    /// Jobs that may wait; the contract's §7.
    private static let queueLength = 64
    /// After which a process is replaced: whatever leaks in a codec, leaks within bounds.
    private static let mostJobs = 1000
    private static let restartPause = Duration.milliseconds(200)

    private let reactor: Reactor
    private let counters: ImageCounters
    private let launch: (Reactor) throws(IOFault) -> (ChildProcess, Stream)
    private var queue: ImageQueue<ImageErrand>
    /// Where idle tasks wait.
    private var idle: [WaitPoint] = []

    /// `workers`: 0 is one for each CPU. `memory`: for all buffers together.
    package init(
        on reactor: Reactor, workers: Int, memory: Int, counters: ImageCounters
    ) {
        self.reactor = reactor
        self.counters = counters
        let count = workers == 0 ? Process.cpus : workers
        queue = ImageQueue(workers: count, memory: memory, capacity: Self.queueLength)
        let most = queue.most
        launch = { reactor throws(IOFault) in
            var connection: Stream?
            let process = try ChildProcess(
                confined: ["image-worker", "\(most)"], on: reactor, connection: &connection)
            guard let connection else { throw .interrupted }
            return (process, connection)
        }
        for _ in 0..<count { reactor.start { await self.tend() } }
    }

    package func submit(_ job: ImageErrand) {
        guard queue.offer(job) else {
            counters.refused.add(1, ordering: .relaxed)
            return job.finish(.failed(.overLimit))
        }
        wakeOne()
    }

    private func wakeOne() { idle.popLast()?.ring() }

    // MARK: - One process

    private func tend() async {
        var running: Running?
        while true {
            guard let entry = queue.next() else {
                let point = WaitPoint(reactor.timers)
                idle.append(point)
                _ = await point.wait(by: .distantFuture)
                continue
            }
            let job = entry.job
            // Whoever wanted it has his answer, or gets it now.
            guard job.begin(at: reactor.now) else {
                queue.finished(entry)
                job.finish(.failed(.overLimit))
                continue
            }
            if running == nil { running = await start(by: job.deadline) }
            guard let process = running else {
                queue.finished(entry)
                job.finish(.failed(.overLimit))
                continue
            }
            counters.running.add(1, ordering: .relaxed)
            let outcome = await process.transform(job, allowance: entry.allowance)
            counters.running.subtract(1, ordering: .relaxed)
            if !process.isAlive || process.jobs >= Self.mostJobs {
                if !process.isAlive { counters.lost.add(1, ordering: .relaxed) }
                await process.end()
                running = nil
            }
            if process.isAlive, case .failed(.overLimit) = outcome {
                if queue.retry(entry) { continue }
            } else {
                queue.finished(entry)
            }
            job.finish(outcome)
            // The memory that it had may be what another one waits for.
            if queue.count > 0 { wakeOne() }
        }
    }

    private func start(by deadline: Instant) async -> Running? {
        while true {
            do throws(IOFault) {
                let (process, stream) = try launch(reactor)
                counters.started.add(1, ordering: .relaxed)
                return Running(process, stream, on: reactor)
            } catch {
                counters.unstarted.add(1, ordering: .relaxed)
                if reactor.now + Self.restartPause >= deadline { return nil }
                let point = WaitPoint(reactor.timers)
                _ = await point.wait(by: reactor.now + Self.restartPause)
            }
        }
    }
}

/// One process that runs.
private final class Running {
    private let process: ChildProcess
    private let stream: Stream
    private let reactor: Reactor
    private(set) var isAlive = true
    private(set) var jobs = 0

    init(_ process: ChildProcess, _ stream: Stream, on reactor: Reactor) {
        self.process = process
        self.stream = stream
        self.reactor = reactor
    }

    /// Afterwards the process may be dead: at the deadline it is killed, whatever it does.
    func transform(_ job: ImageErrand, allowance: Int) async -> ImageErrand.Outcome {
        jobs += 1
        var limits = job.limits
        limits.memoryBytes = min(limits.memoryBytes, allowance)
        let message = JobMessage(
            job.request, limits, sourceBytes: job.sourceBytes, coding: job.coding,
            overlayBytes: job.overlay?.bytes ?? 0)
        do throws(IOFault) {
            let result = try MemoryFile(named: "portico-result")
            let overlay = job.overlay.map { [$0.file] } ?? []
            try stream.sendNow(message.bytes.span, with: [job.source, result] + overlay)
            var buffer = Buffer()
            while true {
                if let count = try stream.readNow(into: &buffer, upTo: ReplyMessage.most) {
                    // The end: it has died.
                    if count == 0 { break }
                    return try outcome(of: buffer.bytes.array, result)
                }
                try await stream.readable(by: job.deadline)
            }
        } catch {}
        kill()
        return .failed(.overLimit)
    }

    private func outcome(
        of bytes: [UInt8], _ result: MemoryFile
    ) throws(IOFault) -> ImageErrand.Outcome {
        switch ReplyMessage(bytes)?.outcome {
        case .failed(let failure)?: return .failed(failure)
        case .made(let report, let count)?:
            try result.seal()
            guard result.count == count else { throw .interrupted }
            return .made(report, result, bytes: count)
        case nil: throw .interrupted
        }
    }

    private func kill() {
        isAlive = false
        process.kill()
    }

    /// Waits for its end; a killed process takes a moment to go.
    func end() async {
        process.kill()
        stream.close()
        let point = WaitPoint(reactor.timers)
        while process.look() == nil {
            _ = await point.wait(by: reactor.now + .milliseconds(5))
        }
    }
}

/// The door to the processes for requests on other threads.
package struct ImageWorkersDoor: ImageTransformer {
    private let control: Worker
    private let find: @Sendable (Reactor) -> ImageWorkers?
    private let sources: ImageSourceRoom

    /// `find` answers them on the control thread. `memory`: as for the processes; the sources of
    /// all jobs that wait or run together may hold as much.
    package init(
        _ control: Worker, memory: Int, _ find: @escaping @Sendable (Reactor) -> ImageWorkers?
    ) {
        self.control = control
        self.find = find
        sources = ImageSourceRoom(memory)
    }

    package func reserve(_ bytes: Int) -> ImageReservation? { sources.reserve(bytes) }

    package func submit(_ job: ImageErrand) {
        let find = find
        control.send { reactor in
            guard let workers = find(reactor) else { return job.finish(.failed(.overLimit)) }
            workers.submit(job)
        }
    }
}

/// What the metrics page says of the processes.
package final class ImageCounters: Sendable {
    package let started = Atomic<Int>(0)
    /// Died, or killed at a deadline.
    package let lost = Atomic<Int>(0)
    /// Could not be started.
    package let unstarted = Atomic<Int>(0)
    /// Jobs that found the queue full.
    package let refused = Atomic<Int>(0)
    /// Jobs in the hands of a process.
    package let running = Atomic<Int>(0)

    package init() {}
}
