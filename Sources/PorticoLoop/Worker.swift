package import PorticoBytes

/// One core's share of the house: a thread, a poller, its streams and the tasks that serve them.
///
/// The actor is the proof. Nothing here is `Sendable`, so the compiler lets only code that is
/// isolated to this worker touch it, and the executor runs such code on this worker's thread.
package actor Worker {
    let executor: LoopExecutor
    package let reactor: Reactor
    private var isStopped = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    package init(executor: LoopExecutor = LoopExecutor(), startingAt instant: Instant? = nil) {
        self.executor = executor
        reactor = Reactor(bell: executor.bell, now: instant ?? monotonicNow())
    }

    /// Runs the worker on the calling thread until it is stopped and its tasks have ended.
    package nonisolated func run() {
        executor.withThisThread {
            while true {
                let goesOn = assumeIsolated { $0.turn() }
                executor.runOnce()
                if !goesOn && executor.isIdle { return }
            }
        }
    }

    /// One turn: poll, wake the waiters of what happened, start what was asked for.
    private func turn() -> Bool {
        reactor.endTurn()
        if reactor.poll(mayBlock: executor.isIdle) { executor.collect() }
        startTasks()
        return !(isStopped && reactor.running == 0 && !reactor.hasStarting)
    }

    func startTasks() {
        if reactor.hasStarting, reactor.worker == nil { reactor.worker = self }
        for body in reactor.takeStarting() {
            reactor.running += 1
            // Both are needed: the actor's isolation is the proof; the preference lets a resumed
            // task come straight back here instead of by way of the global pool.
            Task.immediate(executorPreference: executor) {
                await body()
                reactor.running -= 1
            }
        }
    }

    /// Runs `body` here, on this worker's thread.
    package func perform<R: Sendable>(_ body: @Sendable (Reactor) -> R) -> R { body(reactor) }

    /// Has `body` run here soon, from whatever thread; the order of calls is kept.
    package nonisolated func send(_ body: @escaping @Sendable (Reactor) -> Void) {
        Task(executorPreference: executor) { await self.perform(body) }
    }

    package func stop() { isStopped = true }
}
