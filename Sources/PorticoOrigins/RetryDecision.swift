package import PorticoBytes

/// What to do about an attempt that has failed.
package enum RetryDecision: Equatable, Sendable {
    /// Once more on a new connection, to any node, also the same. A kept connection was closed by
    /// the node as our request set out (RFC 9112 §9.3.1): no fault of the node, so it is not
    /// recorded, and no attempt is used up. It cannot repeat, since the new one is not kept.
    case again
    /// Another node, with one attempt fewer left.
    case otherNode
    case giveUp(Reason)

    package enum Reason: Equatable, Sendable {
        /// The client has bytes of the answer, or the answer is whole: a 5xx is an answer.
        case answered
        /// The node may have acted on it, and doing so twice is not the same as once.
        case notIdempotent
        /// The request's body has gone by and is not kept.
        case bodyGone
        case noAttemptsLeft
        case budgetSpent
    }
}

/// An attempt that has failed, as far as the question goes whether to make another.
package struct FailedAttempt: Equatable, Sendable {
    package enum Progress: Equatable, Sendable {
        /// Not one byte of the request was sent: no connection, or the handshake failed.
        case nothingSent
        /// Some or all of it was; of the answer nothing came.
        case sent
        /// Bytes of the answer came, and the client has none of them.
        case answerBegan
        case answerPassedOn
    }

    package enum Connection: Equatable, Sendable { case new, kept }

    /// RFC 9110 §9.2.2.
    package enum Method: Equatable, Sendable { case idempotent, other }

    /// Whether the request's body, if it has one, can be sent again from its beginning.
    package enum Body: Equatable, Sendable { case replayable, gone }

    package let kind: FailureKind
    package let progress: Progress
    package let connection: Connection
    package let method: Method
    package let body: Body

    package init(
        _ kind: FailureKind, progress: Progress, connection: Connection, method: Method,
        body: Body
    ) {
        self.kind = kind
        self.progress = progress
        self.connection = connection
        self.method = method
        self.body = body
    }

    /// Decides, and takes from the budget what the decision costs.
    ///
    /// The budget bounds by how much retries multiply what nodes have to do. An attempt of which
    /// nothing was sent gave its node nothing to do, so another one is free, and safe for every
    /// method (RFC 9110 §9.2.2: the request was certainly not applied).
    package func decide(
        attemptsLeft: Int, budget: inout RetryBudget, at now: Instant
    ) -> RetryDecision {
        if progress == .answerPassedOn || kind == .status { return .giveUp(.answered) }
        if progress != .nothingSent {
            if method == .other { return .giveUp(.notIdempotent) }
            if body == .gone { return .giveUp(.bodyGone) }
        }
        if isIdleClose { return .again }
        if attemptsLeft <= 0 { return .giveUp(.noAttemptsLeft) }
        if progress != .nothingSent && !budget.admitRetry(at: now) {
            return .giveUp(.budgetSpent)
        }
        return .otherNode
    }

    /// Whether a node that closed an idle connection is all that happened. A node that takes the
    /// request and stays silent until the deadline is another matter.
    private var isIdleClose: Bool {
        guard connection == .kept && kind == .reset else { return false }
        return progress == .nothingSent || progress == .sent
    }
}
