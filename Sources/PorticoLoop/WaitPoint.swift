public import PorticoBytes

/// A place where one task of a worker waits for one event: readiness, an answer, another task.
/// Or where an object sleeps that needs no task until something happens.
@usableFromInline package final class WaitPoint: Timed {
    // First, since there is room for it behind the superclass's properties: each idle connection
    // has one of these.
    private var isRung = false
    private let timers: Timers
    private var waiter: Waiter?
    private var sleeper: (any Sleeper)?

    package init(_ timers: Timers) { self.timers = timers }

    /// Waits until `ring`, until `isReady` holds, or until `deadline` has passed.
    ///
    /// A part of its caller: a frame, and the hops to the executor that every async function
    /// begins and goes on with, cost more than all that is done here.
    @inlinable @inline(__always) package func wait(
        by deadline: Instant, in scope: Scope? = nil, unless isReady: () -> Bool = { false }
    ) async -> Wake {
        if takeRing() { return .ready }
        let wake = unsafe await withUnsafeContinuation { continuation in
            // Looked at again, because looking and parking must be one synchronous step: a call
            // of an async function may suspend before its first line, and a ring be lost meanwhile.
            unsafe park(continuation, by: deadline, in: scope, isReady: isReady())
        }
        scope?.leave()
        return wake
    }

    @usableFromInline func takeRing() -> Bool {
        let wasRung = isRung
        isRung = false
        return wasRung
    }

    @unsafe @usableFromInline func park(
        _ continuation: UnsafeContinuation<Wake, Never>, by deadline: Instant, in scope: Scope?,
        isReady: Bool
    ) {
        let waiter = unsafe Waiter(continuation)
        if isRung || isReady {
            isRung = false
            return waiter.resume(.ready)
        }
        if let scope, scope.isInterrupted { return waiter.resume(.interrupted) }
        precondition(self.waiter == nil && sleeper == nil, "two at one wait point")
        self.waiter = consume waiter
        scope?.current = self
        timers.set(self, at: deadline)
    }

    /// Without a task: `sleeper` is woken once, by `ring`, `wake` or the deadline.
    package func sleep(_ sleeper: any Sleeper, until deadline: Instant) {
        precondition(waiter == nil && self.sleeper == nil, "two at one wait point")
        self.sleeper = sleeper
        timers.set(self, at: deadline)
    }

    /// Takes the sleeper away without waking it. The heap's entry, if any, finds nobody.
    package func dismissSleeper() { sleeper = nil }

    /// The event has happened; if nobody waits, the next wait ends at once.
    package func ring() {
        if !end(.ready) { isRung = true }
    }

    /// Wakes a waiter if there is one; for events whose state is kept elsewhere.
    package func wake() { end(.ready) }

    /// Nobody waits here any more; the heap forgets the point.
    package func retire() {
        precondition(waiter == nil, "a wait point was retired under a waiting task")
        sleeper = nil
        timers.remove(self)
    }

    @discardableResult
    fileprivate func end(_ wake: Wake) -> Bool {
        if let waiter = waiter.take() {
            waiter.resume(wake)
            return true
        }
        if let sleeper = sleeper.take() {
            sleeper.woke(wake)
            return true
        }
        return false
    }

    override func isDue() { end(.late) }
}

/// Waits at a `WaitPoint` without holding a task.
package protocol Sleeper: AnyObject {
    func woke(_ wake: Wake)
}

/// What one request may be interrupted by: its client leaving, the drain of the worker.
/// Interrupting is a plain call on the worker; no task is cancelled, no lock is taken.
@usableFromInline package final class Scope {
    package private(set) var isInterrupted = false
    fileprivate var current: WaitPoint?

    package init() {}

    @usableFromInline func leave() { current = nil }

    package func interrupt() {
        isInterrupted = true
        current?.end(.interrupted)
    }

    /// For the next request on the same connection.
    package func reset() {
        precondition(current == nil)
        isInterrupted = false
    }
}
