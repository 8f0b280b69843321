import PorticoLimits
import Testing

@Suite("Concurrency gate")
struct ConcurrencyGateTests {
    @Test func `as many as the limit get in`() {
        let gate = ConcurrencyGate()
        let entered = [2, 2, 2].map { gate.enter(limit: $0) }
        #expect(entered == [true, true, false])
        let inside = gate.count
        #expect(inside == 2)
        gate.leave()
        let again = [2, 0].map { gate.enter(limit: $0) }
        #expect(again == [true, false])
    }
}
