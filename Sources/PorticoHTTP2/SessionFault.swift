/// Why a connection cannot go on. What must be sent of it, a GOAWAY, stands in the output.
package enum SessionFault: Error, Equatable, Sendable {
    /// The peer asked for more work than it let us finish.
    case flood
    /// The peer broke a rule that the library does not watch over.
    case violation
    /// What came is not HTTP/2.
    case notHTTP2
    /// The session's memory has been used up.
    case exhausted
}

/// RFC 9113 §7.
package enum ErrorCode: UInt32, Sendable {
    case none = 0
    case protocolError = 1
    case internalError = 2
    case flowControl = 3
    case streamClosed = 5
    case refusedStream = 7
    case cancel = 8
    case enhanceYourCalm = 11
    case http11Required = 13
}
