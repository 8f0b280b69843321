internal import CPorticoLinux
package import PorticoBytes

/// The worker's state: poller, timers, sources by descriptor, tasks that wait to be started.
package final class Reactor {
    package let timers: Timers
    /// Storage for buffers that come and go with their bytes.
    package let shelf = BlockShelf()
    /// For what many gather in one turn, to be written at once: 64 KiB and what the last piece of
    /// them may have too much.
    package let wideShelf = BlockShelf(blockSize: 96 << 10, most: 8)
    private var poller: Poller
    private var sources: [Source?] = []
    private var generation: UInt64 = 0
    private var starting: [() async -> Void] = []
    private var atTurnsEnd: [() -> Void] = []
    private var settling: [any Settler] = []
    private let bell: Int32
    /// How many tasks of this worker have not ended.
    package internal(set) var running = 0
    package private(set) var turns = 0
    /// Whose reactor this is; known before its first task runs.
    /// Not weak: that would make each retain of the worker a slow one.
    unowned var worker: Worker?
    /// Wait points that other threads may ring.
    private var bells: [UInt64: WaitPoint] = [:]
    private var lastBell: UInt64 = 0
    /// What lives on this worker for as long as it runs.
    package var resident: AnyObject?
    /// The wall clock in Unix microseconds, read once a turn.
    package private(set) var wallTime: Int64 = 0

    init(bell: Int32, now: Instant) {
        self.bell = bell
        timers = Timers(now: now)
        poller = Poller()
        poller.addReadable(bell, tag: UInt64(UInt32(bitPattern: bell)))
    }

    package var now: Instant { timers.now }

    /// Starts a task on this worker. The body may capture what belongs to the worker.
    package func start(_ body: @escaping () async -> Void) { starting.append(body) }

    /// Calls `body` at the end of each turn from now on.
    package func atEachTurnsEnd(_ body: @escaping () -> Void) { atTurnsEnd.append(body) }

    /// Has `one` settle at the end of this turn. Once, however often it is asked for before that is
    /// the caller's to see to.
    package func settleAtTurnsEnd(_ one: any Settler) { settling.append(one) }

    /// Calls `body` after `delay`, and again after each duration that it returns.
    package func every(_ delay: Duration, _ body: @escaping () -> Duration?) {
        var alarm: Alarm?
        let made = Alarm { [self] in
            if let next = body() {
                if let alarm { timers.set(alarm, at: now + next) }
            } else {
                alarm = nil
            }
        }
        alarm = made
        timers.set(made, at: now + delay)
    }

    /// The mailbox's door to `point`: what rings it from whatever thread, until `dismiss`.
    package func waker(for point: WaitPoint) -> Waker {
        guard let worker else { preconditionFailure("wakers are made by tasks of a worker") }
        lastBell += 1
        bells[lastBell] = point
        return Waker(worker: worker, id: lastBell)
    }

    /// What the waker still sends finds nobody.
    package func dismiss(_ waker: Waker) { bells[waker.id] = nil }

    func ring(_ id: UInt64) { bells[id]?.ring() }

    func takeStarting() -> [() async -> Void] {
        if starting.isEmpty { return [] }
        let bodies = starting
        starting.removeAll()
        return bodies
    }

    var hasStarting: Bool { !starting.isEmpty }

    func endTurn() {
        turns &+= 1
        if !settling.isEmpty {
            var due: [any Settler] = []
            swap(&due, &settling)
            for one in due { one.settle() }
            due.removeAll(keepingCapacity: true)
            if settling.isEmpty { swap(&due, &settling) }
        }
        for body in atTurnsEnd { body() }
    }

    // MARK: - Sources

    func watchStream(_ source: Source) {
        poller.addStream(source.descriptor, tag: enter(source))
    }

    func watchReadable(_ source: Source) {
        poller.addReadable(source.descriptor, tag: enter(source))
    }

    /// Stops watching a descriptor that stays open.
    func pause(_ source: Source) {
        poller.remove(source.descriptor)
        sources[Int(source.descriptor)] = nil
    }

    /// The descriptor is about to be closed, which takes it out of the poller.
    func forget(_ source: Source) { sources[Int(source.descriptor)] = nil }

    private func enter(_ source: Source) -> UInt64 {
        let index = Int(source.descriptor)
        while sources.count <= index { sources.append(nil) }
        generation &+= 1
        source.tag = generation << 32 | UInt64(UInt32(source.descriptor))
        sources[index] = source
        return source.tag
    }

    // MARK: - One poll

    /// Waits for events (not at all if there is other work) and tells their sources. Returns
    /// whether the bell rang.
    func poll(mayBlock: Bool) -> Bool {
        let count = poller.wait(timeout: mayBlock && starting.isEmpty ? patience : 0)
        wallTime = px_wall_us()
        timers.advance(to: monotonicNow())
        var rang = false
        for index in 0..<count {
            let event = poller[index]
            let descriptor = Int(event.tag & 0xFFFF_FFFF)
            if descriptor == Int(bell) {
                rang = true
            } else if let source = sources[descriptor], source.tag == event.tag {
                source.happened(event.readiness)
            }
        }
        return rang
    }

    /// Milliseconds until the first timer, rounded up; -1 without one.
    private var patience: Int32 {
        let next = timers.next
        if next == .distantFuture { return -1 }
        let rest = next.nanoseconds &- min(timers.now.nanoseconds, next.nanoseconds)
        return Int32(min(60_000, (rest + 999_999) / 1_000_000))
    }
}

/// What gathers work during a turn, to do it once at its end.
package protocol Settler: AnyObject {
    func settle()
}

package func monotonicNow() -> Instant { Instant(nanoseconds: px_monotonic_ns()) }

/// The wall clock in Unix microseconds.
package func wallNow() -> Int64 { px_wall_us() }
