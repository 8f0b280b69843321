import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Keep-alive ledger")
struct KeepAliveLedgerTests {
    private let a = NodeIdentity(number: 1)
    private let b = NodeIdentity(number: 2)

    @Test func `the latest connection is taken first`() {
        var ledger = KeepAliveLedger<String>()
        for name in ["one", "two", "three"] {
            _ = ledger.put(name, to: a, until: second(60), bound: 4)
        }
        #expect(ledger.take(b, at: second(0)) == nil)
        #expect(ledger.take(a, at: second(0)) == "three")
        _ = ledger.put("four", to: a, until: second(60), bound: 4)
        #expect(ledger.take(a, at: second(0)) == "four")
        #expect(ledger.take(a, at: second(0)) == "two")
        #expect(ledger.take(a, at: second(0)) == "one")
        #expect(ledger.take(a, at: second(0)) == nil)
        #expect(ledger.count == 0)
    }

    @Test func `the oldest makes room`() {
        var ledger = KeepAliveLedger<Int>()
        #expect(ledger.put(1, to: a, until: second(60), bound: 2).displaced == nil)
        #expect(ledger.put(2, to: a, until: second(60), bound: 2).displaced == nil)
        #expect(ledger.put(3, to: a, until: second(60), bound: 2).displaced == 1)
        #expect(ledger.idle(to: a) == 2)
        #expect(ledger.count == 2)
        let none = ledger.put(4, to: b, until: second(60), bound: 0)
        #expect(none.ticket == nil)
        #expect(none.displaced == 4)
    }

    @Test func `one that its node has closed is taken out of the middle`() throws {
        var ledger = KeepAliveLedger<Int>()
        var tickets: [KeepAliveTicket] = []
        for number in 1...3 {
            tickets.append(
                try #require(ledger.put(number, to: a, until: second(60), bound: 4).ticket))
        }
        #expect(ledger.remove(tickets[1]) == 2)
        #expect(ledger.remove(tickets[1]) == nil)
        #expect(ledger.take(a, at: second(0)) == 3)
        #expect(ledger.remove(tickets[2]) == nil)
        #expect(ledger.count == 1)
    }

    @Test func `what has been idle too long is not taken`() {
        var ledger = KeepAliveLedger<Int>()
        _ = ledger.put(1, to: a, until: second(10), bound: 4)
        _ = ledger.put(2, to: a, until: second(20), bound: 4)
        _ = ledger.put(3, to: b, until: second(15), bound: 4)
        #expect(ledger.nextDeadline == second(10))
        #expect(ledger.takeExpired(at: second(9)) == [])
        #expect(ledger.takeExpired(at: second(15)).sorted() == [1, 3])
        #expect(ledger.take(a, at: second(20)) == nil)
        #expect(ledger.takeExpired(at: second(20)) == [2])
        #expect(ledger.nextDeadline == nil)
        #expect(ledger.count == 0)
    }

    @Test func `a node is drained whole, and so is what a reload left out`() {
        var ledger = KeepAliveLedger<Int>()
        for number in 1...3 { _ = ledger.put(number, to: a, until: second(60), bound: 4) }
        _ = ledger.put(4, to: b, until: second(60), bound: 4)
        #expect(ledger.drain(allBut: [a, b]) == [])
        #expect(ledger.drain(allBut: [a]) == [4])
        #expect(ledger.drain(a) == [1, 2, 3])
        #expect(ledger.drain(a) == [])
        #expect(ledger.count == 0)
    }
}
