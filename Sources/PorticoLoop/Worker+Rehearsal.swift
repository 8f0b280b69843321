internal import PorticoBytes

extension Worker {
    /// Runs `body` on a worker that has no thread and no real time: the body turns it by hand.
    package static func rehearse<R: Sendable>(
        _ body: (isolated Worker) throws -> R
    ) rethrows -> R {
        let executor = LoopExecutor()
        let worker = Worker(executor: executor, startingAt: Instant(nanoseconds: 0))
        return try executor.withThisThread {
            let answer = try worker.assumeIsolated(body)
            worker.assumeIsolated { $0.settle() }
            precondition(worker.assumeIsolated { $0.reactor.running } == 0, "a task still waits")
            return answer
        }
    }

    /// Runs all that can run without time passing.
    package func settle() {
        repeat {
            startTasks()
            executor.runOnce()
        } while !executor.isIdle || reactor.hasStarting
    }

    package func advance(by duration: Duration) {
        reactor.timers.advance(to: reactor.timers.now + duration)
        settle()
    }
}
