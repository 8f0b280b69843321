import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Retry budget")
struct RetryBudgetTests {
    private func admitted(_ budget: inout RetryBudget, of count: Int, at now: Instant) -> Int {
        (0..<count).count { _ in budget.admitRetry(at: now) }
    }

    private func serve(_ count: Int, _ budget: inout RetryBudget, at now: Instant) {
        for _ in 0..<count {
            budget.requestBegan(at: now)
            budget.requestEnded()
        }
    }

    @Test func `ten retries are in reserve and one comes back each second`() {
        var budget = RetryBudget(at: second(0))
        #expect(admitted(&budget, of: 20, at: second(0)) == 10)
        #expect(admitted(&budget, of: 20, at: second(0.9)) == 0)
        #expect(admitted(&budget, of: 20, at: second(1)) == 1)
        #expect(admitted(&budget, of: 20, at: second(4.5)) == 3)
        #expect(admitted(&budget, of: 20, at: second(5)) == 1)
        #expect(admitted(&budget, of: 20, at: second(1000)) == 10)
    }

    @Test func `requests bring a fifth of a retry each`() {
        var budget = RetryBudget(at: second(0))
        _ = admitted(&budget, of: 10, at: second(0))
        serve(25, &budget, at: second(0))
        #expect(admitted(&budget, of: 20, at: second(0)) == 5)
    }

    @Test func `a thousand requests do not fill it beyond its bound`() {
        var budget = RetryBudget(at: second(0))
        serve(1000, &budget, at: second(0))
        #expect(admitted(&budget, of: 100, at: second(0)) == 10)
    }

    @Test func `when a node dies all that was under way may be tried twice more`() {
        var budget = RetryBudget(at: second(0))
        // 64 clients, each with a few requests before the node dies.
        for _ in 0..<64 { budget.requestBegan(at: second(0)) }
        for _ in 0..<600 {
            budget.requestEnded()
            budget.requestBegan(at: second(1))
        }
        #expect(admitted(&budget, of: 1000, at: second(1)) == 128)
    }

    @Test func `sixteen clients of a young worker are covered`() {
        var budget = RetryBudget(at: second(0))
        for _ in 0..<16 { budget.requestBegan(at: second(0)) }
        for _ in 0..<20 {
            budget.requestEnded()
            budget.requestBegan(at: second(0.01))
        }
        #expect(admitted(&budget, of: 16, at: second(0.01)) == 16)
    }

    @Test func `an outage is not multiplied`() {
        var budget = RetryBudget(at: second(0))
        for _ in 0..<16 { budget.requestBegan(at: second(0)) }
        var (requests, retries) = (0, 0)
        // Twenty seconds in which each of 1000 requests a second fails and wants two retries.
        for millisecond in 0..<20_000 {
            let now = second(Double(millisecond) / 1000)
            budget.requestEnded()
            budget.requestBegan(at: now)
            requests += 1
            retries += admitted(&budget, of: 2, at: now)
        }
        #expect(retries <= requests / 5 + 32 + 20)
        #expect(retries >= requests / 5)
    }

    @Test func `what a crowd left behind expires with it`() {
        var budget = RetryBudget(at: second(0))
        for _ in 0..<100 { budget.requestBegan(at: second(0)) }
        for _ in 0..<2000 {
            budget.requestEnded()
            budget.requestBegan(at: second(0))
        }
        for _ in 0..<100 { budget.requestEnded() }
        #expect(budget.tokens == 200)
        // Held through the period after it, and no longer.
        serve(1, &budget, at: second(11))
        #expect(budget.tokens == 200)
        serve(1, &budget, at: second(22))
        #expect(admitted(&budget, of: 300, at: second(22)) == 10)
    }
}
