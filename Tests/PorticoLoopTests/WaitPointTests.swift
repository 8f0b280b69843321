import PorticoBytes
import PorticoLoop
import Testing

final class Origin {
    let answered: WaitPoint
    var lines: [String] = []
    init(_ timers: Timers) { answered = WaitPoint(timers) }
}

/// The code under test: it knows neither actors nor tests.
func fetch(from origin: Origin, _ timers: Timers, _ scope: Scope) async {
    origin.lines.append("asked")
    switch await origin.answered.wait(by: timers.now + .seconds(5), in: scope) {
    case .ready: origin.lines.append("200")
    case .late: origin.lines.append("504")
    case .interrupted: origin.lines.append("client gone")
    }
}

/// One rehearsed fetch, just begun.
func begin(on worker: isolated Worker) -> (origin: Origin, scope: Scope) {
    let timers = worker.reactor.timers
    let origin = Origin(timers)
    let scope = Scope()
    worker.reactor.start { await fetch(from: origin, timers, scope) }
    worker.settle()
    return (origin, scope)
}

@Suite("Waiting")
struct WaitPointTests {
    @Test func `an answer ends the wait, and its deadline is forgotten`() {
        Worker.rehearse { worker in
            let (origin, _) = begin(on: worker)
            worker.advance(by: .seconds(4))
            #expect(origin.lines == ["asked"])
            origin.answered.ring()
            worker.advance(by: .seconds(60))
            #expect(origin.lines == ["asked", "200"])
        }
    }

    @Test func `at its deadline, not before, the waiter hears that it is late`() {
        Worker.rehearse { worker in
            let (origin, _) = begin(on: worker)
            worker.advance(by: .milliseconds(4999))
            #expect(origin.lines == ["asked"])
            worker.advance(by: .milliseconds(1))
            #expect(origin.lines == ["asked", "504"])
        }
    }

    @Test func `a client that leaves interrupts the wait for the origin`() {
        Worker.rehearse { worker in
            let (origin, scope) = begin(on: worker)
            scope.interrupt()
            worker.settle()
            #expect(origin.lines == ["asked", "client gone"])
        }
    }

    @Test func `what was interrupted before it waited does not wait`() {
        Worker.rehearse { worker in
            let timers = worker.reactor.timers
            let origin = Origin(timers)
            let scope = Scope()
            scope.interrupt()
            worker.reactor.start { await fetch(from: origin, timers, scope) }
            worker.settle()
            #expect(origin.lines == ["asked", "client gone"])
        }
    }

    @Test func `two tasks share one object of the worker`() {
        Worker.rehearse { worker in
            let origin = Origin(worker.reactor.timers)
            worker.reactor.start {
                _ = await origin.answered.wait(by: .distantFuture)
                origin.lines.append("read")
            }
            worker.reactor.start {
                origin.lines.append("written")
                origin.answered.ring()
            }
            worker.settle()
            #expect(origin.lines == ["written", "read"])
        }
    }

    @Test func `a sleeper is woken once, by the event or by its deadline`() {
        final class Idle: Sleeper {
            var wakes: [Wake] = []
            func woke(_ wake: Wake) { wakes.append(wake) }
        }
        Worker.rehearse { worker in
            let timers = worker.reactor.timers
            let (first, second) = (Idle(), Idle())
            let (point, other) = (WaitPoint(timers), WaitPoint(timers))
            point.sleep(first, until: timers.now + .seconds(60))
            other.sleep(second, until: timers.now + .seconds(60))
            point.wake()
            worker.advance(by: .seconds(61))
            #expect(first.wakes == [.ready])
            #expect(second.wakes == [.late])
        }
    }
}

@Suite("Timers")
struct TimersTests {
    @Test func `everything comes up once, in order, at its last deadline`() {
        let timers = Timers()
        var seen: [Int] = []
        var random = SystemRandomNumberGenerator()
        var due: [Int: Instant] = [:]
        var alarms: [Alarm] = []
        for number in 0..<500 {
            let alarm = Alarm { seen.append(number) }
            alarms.append(alarm)
            for _ in 0..<3 {
                let at = Instant(nanoseconds: .random(in: 1...1000, using: &random))
                due[number] = at
                timers.set(alarm, at: at)
            }
        }
        for number in stride(from: 0, to: 500, by: 7) {
            timers.remove(alarms[number])
            due[number] = nil
        }
        for nanoseconds in UInt64(1)...1000 {
            let before = seen.count
            timers.advance(to: Instant(nanoseconds: nanoseconds))
            for number in seen[before...] { #expect(due[number]?.nanoseconds == nanoseconds) }
        }
        #expect(Set(seen) == Set(due.keys))
        #expect(seen.count == due.count)
        #expect(timers.count == 0)
    }

    @Test func `a deadline that moves on touches the heap once`() {
        let timers = Timers()
        var rings = 0
        let alarm = Alarm { rings += 1 }
        for second in 1...100 { timers.set(alarm, at: Instant(nanoseconds: 0) + .seconds(second)) }
        #expect(timers.count == 1)
        timers.advance(to: Instant(nanoseconds: 0) + .seconds(99))
        #expect(rings == 0)
        timers.advance(to: Instant(nanoseconds: 0) + .seconds(100))
        #expect(rings == 1)
        #expect(timers.next == .distantFuture)
    }
}
