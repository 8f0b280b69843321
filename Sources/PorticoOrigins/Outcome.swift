/// How an attempt ended, from the node's point of view.
package enum Outcome: Equatable, Sendable {
    /// Any whole answer below 500.
    case success
    case failure(FailureKind)
}

package enum FailureKind: Equatable, Sendable {
    /// No connection: refused, unreachable, reset or late while connecting, or no TLS.
    case connect
    /// The connection broke before the answer was whole.
    case reset
    /// The first byte, or a further one, came too late.
    case timeout
    /// What came was no HTTP.
    case malformed
    /// An answer of 500 or more.
    case status

    var asksForProbe: Bool {
        switch self {
        case .connect, .reset, .timeout: true
        case .malformed, .status: false
        }
    }
}
