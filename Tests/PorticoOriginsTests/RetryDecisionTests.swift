import PorticoBytes
import Testing

@testable import PorticoOrigins

@Suite("Retry decision")
struct RetryDecisionTests {
    typealias Row = (FailedAttempt, left: Int, then: RetryDecision)

    private static func attempt(
        _ kind: FailureKind, _ progress: FailedAttempt.Progress,
        _ connection: FailedAttempt.Connection = .new,
        _ method: FailedAttempt.Method = .idempotent, _ body: FailedAttempt.Body = .replayable
    ) -> FailedAttempt {
        FailedAttempt(kind, progress: progress, connection: connection, method: method, body: body)
    }

    static let rows: [Row] = [
        // Nothing was sent: safe for every method.
        (attempt(.connect, .nothingSent), 2, .otherNode),
        (attempt(.connect, .nothingSent, .new, .other), 2, .otherNode),
        (attempt(.connect, .nothingSent, .new, .other, .gone), 1, .otherNode),
        (attempt(.connect, .nothingSent), 0, .giveUp(.noAttemptsLeft)),
        // A kept connection that was closed meanwhile.
        (attempt(.reset, .sent, .kept), 0, .again),
        (attempt(.reset, .nothingSent, .kept, .other), 0, .again),
        (attempt(.reset, .sent, .kept, .other), 2, .giveUp(.notIdempotent)),
        (attempt(.reset, .sent, .kept, .idempotent, .gone), 2, .giveUp(.bodyGone)),
        (attempt(.reset, .answerBegan, .kept), 2, .otherNode),
        (attempt(.timeout, .sent, .kept), 2, .otherNode),
        (attempt(.timeout, .sent, .kept), 0, .giveUp(.noAttemptsLeft)),
        // A new one that broke.
        (attempt(.reset, .sent), 1, .otherNode),
        (attempt(.reset, .sent, .new, .other), 1, .giveUp(.notIdempotent)),
        (attempt(.timeout, .sent, .new, .idempotent, .gone), 1, .giveUp(.bodyGone)),
        (attempt(.malformed, .answerBegan), 1, .otherNode),
        (attempt(.malformed, .answerBegan, .new, .other), 1, .giveUp(.notIdempotent)),
        // There is an answer.
        (attempt(.reset, .answerPassedOn), 2, .giveUp(.answered)),
        (attempt(.status, .answerBegan), 2, .giveUp(.answered)),
    ]

    @Test(arguments: RetryDecisionTests.rows)
    func `each failure has its answer`(_ row: Row) {
        var budget = RetryBudget(at: second(0))
        #expect(row.0.decide(attemptsLeft: row.left, budget: &budget, at: second(0)) == row.then)
    }

    @Test func `only attempts that sent something take from the budget`() {
        var budget = RetryBudget(at: second(0))
        let decide = { (attempt: FailedAttempt) in
            attempt.decide(attemptsLeft: 2, budget: &budget, at: second(0))
        }
        for _ in 0..<10 {
            #expect(decide(Self.attempt(.reset, .sent)) == .otherNode)
        }
        #expect(decide(Self.attempt(.reset, .sent)) == .giveUp(.budgetSpent))
        #expect(decide(Self.attempt(.connect, .nothingSent)) == .otherNode)
        #expect(decide(Self.attempt(.reset, .sent, .kept)) == .again)
    }
}
