/// Why a request did not get the answer it asked for: whose fault, which status it earns, and
/// whether another try can help.
package enum ExchangeFault: Error, Equatable, Sendable {
    case client(ClientFault)
    case origin(OriginFault)
    case refused(Refusal)
}

/// What a client did or failed to do.
package enum ClientFault: Error, Equatable, Sendable {
    /// The connection broke, or ended in the middle of the body.
    case gone
    /// Nothing came, or nothing was taken, within the deadline.
    case slow
    /// The body breaks the framing rules; the status says which.
    case malformed(status: UInt16)
}

/// What an origin node did or failed to do.
package enum OriginFault: Error, Equatable, Sendable {
    /// No connection: refused, unreachable, reset while connecting (errno).
    case unreachable(Int32)
    /// No connection within connect_timeout.
    case connectTimeout
    /// The name has no address.
    case unresolved
    /// The TLS handshake failed.
    case untrusted
    /// We have no descriptor for a connection.
    case exhausted
    /// It closed or reset before the first byte of an answer.
    case closedBeforeAnswer
    /// It closed or reset within the head or the body.
    case truncated
    /// What it sent is not HTTP.
    case malformed
    /// No head within first_byte_timeout.
    case noAnswer
    /// The body stalled for between_bytes_timeout.
    case stalled

    /// RFC 9110 §15.6: 502 for what it said, 503 for nobody there, 504 for silence.
    package var status: UInt16 {
        switch self {
        case .connectTimeout, .noAnswer, .stalled: 504
        case .unreachable, .unresolved, .exhausted: 503
        case .untrusted, .closedBeforeAnswer, .truncated, .malformed: 502
        }
    }

    /// Whether the node is to blame, so that it counts towards its ejection.
    package var blamesNode: Bool { self != .exhausted }
}

/// What Portico itself decided.
package enum Refusal: Error, Equatable, Sendable {
    case unknownHost
    case misdirected
    case forbidden
    /// More than a rate limit permits; the record says which.
    case rateLimited
    case methodNotAllowed
    case expectationFailed
    /// The client wants what is stored, and nothing usable is.
    case notStored
    /// Every node is down.
    case noOrigin
    /// A PURGE or BAN that is not carried out.
    case purge(status: UInt16)
    /// The WAF's rules; with `location`, by sending the client elsewhere.
    case blocked(status: UInt16, location: [UInt8] = [])
    /// The connection is to be closed without an answer.
    case dropped
    /// A body that the rules must see before anybody else finds no place to be looked at.
    case noRoomToInspect
    /// A head that the protocol's reader refused.
    case malformed(status: UInt16)

    package var status: UInt16 {
        switch self {
        case .unknownHost: 404
        case .misdirected: 421
        case .forbidden: 403
        case .rateLimited: 429
        case .methodNotAllowed: 405
        case .expectationFailed: 417
        case .notStored: 504
        case .noOrigin, .noRoomToInspect: 503
        case .blocked(let status, _): status
        case .dropped: 444
        case .malformed(let status), .purge(let status): status
        }
    }
}

extension ExchangeFault {
    /// The status to answer with; nil when there is nobody left to answer.
    package var status: UInt16? {
        switch self {
        case .client(.gone): nil
        case .client(.slow): 408
        case .client(.malformed(let status)): status
        case .origin(let fault): fault.status
        case .refused(.dropped): nil
        case .refused(let refusal): refusal.status
        }
    }
}
