import PorticoBytes
import Synchronization
import Testing

@testable import PorticoCache

@Suite("Flights")
struct FlightTableTests {
    let table = FlightTable()
    let hash = KeyHash(low: 1, high: 2)
    let now = Instant(nanoseconds: 1_000_000_000)

    func permit(_ boarding: consuming Boarding) -> FlightPermit? {
        if case .lead(let permit) = boarding { return permit }
        return nil
    }

    func ticket(_ boarding: consuming Boarding) -> FlightTicket? {
        if case .wait(let ticket) = boarding { return ticket }
        return nil
    }

    func name(_ outcome: consuming FlightOutcome?) -> String {
        switch consume outcome {
        case .none: "nothing"
        case .some(.stored(let response)): response.name
        case .some(.fetchYourself): "fetch"
        case .some(.lead): "lead"
        }
    }

    @Test func `the first leads, the others get what it stored`() {
        let shelf = Shelf()
        let rings = Rings()
        let leader = permit(table.join(hash, at: now) {})!
        let first = ticket(table.join(hash, at: now) { rings.ring() })!
        let second = ticket(table.join(hash, at: now) { rings.ring() })!
        let waiting = leader.waiting
        #expect(waiting == 2)
        #expect(name(first.takeOutcome()) == "nothing")
        leader.fulfil(with: shelf.make("page"))
        #expect(rings.count == 2)
        #expect(name(first.takeOutcome()) == "page")
        #expect(name(first.takeOutcome()) == "nothing")
        #expect(name(second.takeOutcome()) == "page")
        #expect(table.count == 0)
    }

    @Test func `a leader that is dropped hands over to the first who still waits`() {
        let leader = permit(table.join(hash, at: now) {})
        let gone = ticket(table.join(hash, at: now) {})
        let rings = Rings()
        let next = ticket(table.join(hash, at: now) { rings.ring() })!
        let last = ticket(table.join(hash, at: now) { rings.ring() })!
        _ = consume gone
        _ = consume leader
        #expect(rings.count == 1)
        if case .lead(let permit)? = next.takeOutcome() {
            let waiting = permit.waiting
            #expect(waiting == 1)
            permit.dissolve()
        } else {
            Issue.record("nobody leads")
        }
        #expect(name(last.takeOutcome()) == "fetch")
        #expect(table.count == 0)
    }

    @Test func `leadership that was offered and not taken goes on`() {
        let leader = permit(table.join(hash, at: now) {})
        let deaf = ticket(table.join(hash, at: now) {})
        let next = ticket(table.join(hash, at: now) {})!
        _ = consume leader
        #expect(name(next.takeOutcome()) == "nothing")
        _ = consume deaf
        #expect(name(next.takeOutcome()) == "lead")
        #expect(table.count == 0)
    }

    @Test func `nobody waits for what was not to be shared, until the mark is over`() {
        let end = now + .seconds(2)
        permit(table.join(hash, at: now) {})!
            .dissolve(marking: bytes("cookie"), 7, until: end, at: now)
        func boards(_ variant: UInt64, _ instant: Instant) -> String {
            let boarding = table.join(
                hash, at: instant, variant: { $0 == bytes("cookie") ? variant : 0 }, wake: {})
            switch consume boarding {
            case .lead: return "lead"
            case .wait: return "wait"
            case .fetchYourself: return "fetch"
            }
        }
        #expect(boards(7, now) == "fetch")
        #expect(boards(8, now) == "lead")
        #expect(boards(7, end) == "lead")
    }

    @Test func `a refresh leads only where nobody does`() {
        let refresh = table.lead(hash)!
        if table.lead(hash) != nil { Issue.record("two lead") }
        if table.lead(KeyHash(low: 1, high: 3)) == nil { Issue.record("another key is free") }
        refresh.dissolve()
        if table.lead(hash) == nil { Issue.record("the flight is over") }
    }

    /// Who leads stores, drops or dissolves at random, who waits may leave: nobody hangs, and
    /// there is one leader at a time.
    @Test func `many threads ask for few keys`() async {
        let table = FlightTable()
        let shelf = Shelf()
        let response = shelf.make("page")
        let leaders = (0..<3).map { _ in Leaders() }
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<6 {
                group.addTask {
                    var dice = Dice(state: UInt64(worker))
                    for _ in 0..<1500 {
                        let index = Int.random(in: 0..<3, using: &dice)
                        let hash = KeyHash(low: 0, high: UInt64(index))
                        let fate = Int.random(in: 0..<4, using: &dice)
                        let rings = Rings()
                        let now = Instant(nanoseconds: 0)
                        switch table.join(hash, at: now, wake: { rings.ring() }) {
                        case .lead(let permit):
                            await lead(permit, fate, leaders[index])
                        case .wait(let ticket):
                            if fate == 3 { continue }
                            while rings.count == 0 { await Task.yield() }
                            switch ticket.takeOutcome() {
                            case .some(.lead(let permit)):
                                await lead(permit, fate, leaders[index])
                            case .some: break
                            case .none: Issue.record("rung for nothing")
                            }
                        case .fetchYourself: Issue.record("marked by nobody")
                        }
                    }
                }
            }
        }
        #expect(table.count == 0)

        func lead(_ permit: consuming FlightPermit, _ fate: Int, _ leaders: Leaders) async {
            #expect(leaders.count.add(1, ordering: .sequentiallyConsistent).newValue == 1)
            await Task.yield()
            leaders.count.subtract(1, ordering: .sequentiallyConsistent)
            switch fate {
            case 0: permit.dissolve()
            case 1: _ = consume permit
            default: permit.fulfil(with: response)
            }
        }
    }
}

private final class Leaders: Sendable {
    let count = Atomic<Int>(0)
}
