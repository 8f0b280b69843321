package import PorticoBytes
package import PorticoHTTP

/// One request and its response, on either side of a session.
///
/// What the peer sends gathers here until somebody reads it, within the windows; what is to be sent,
/// until the session has a frame for it.
package final class SessionStream {
    /// How far the peer's side has come.
    package enum Inflow: Equatable, Sendable {
        case open
        case ended
        /// Nothing more comes. `nil`: the connection has ended.
        case broken(code: UInt32?)
    }

    /// How far our side has come.
    enum Outflow: Equatable {
        case none, open, ended
    }

    package internal(set) var id: Int32
    /// Who is told what happens here.
    package var user: (any StreamUser)?

    /// The request: as it came, for a server.
    package internal(set) var request = RequestHead()
    package internal(set) var kind = RequestKind.ordinary
    /// Why the request's head was refused.
    package internal(set) var refusal: HeadFault?
    /// Whether the request ended with its head. Asked later, `inflow` may have ended by DATA too.
    package internal(set) var isBare = false
    /// Bytes of the request's header section, decoded.
    package internal(set) var headBytes = 0
    /// Heads of responses that nobody has looked at yet, for a client.
    var responses: [ResponseHead] = []

    /// What the message that comes in says of its body's length.
    package internal(set) var declared: UInt64?
    var received: UInt64 = 0
    package internal(set) var inflow = Inflow.open
    package internal(set) var trailers = Fields()
    var input = Buffer()
    /// Nobody reads any more: what comes is dropped.
    var isDropped = false

    var outflow = Outflow.none
    var output = Buffer()
    var sentTrailers: Fields?
    /// The library waits to be told that there is something to supply.
    var isDeferred = false
    /// Whoever put bytes here waits until they are gone.
    package var wantsRoom = false
    /// When bytes last moved from here to the session.
    package internal(set) var lastMoved: Instant
    package internal(set) var sentBytes: UInt64 = 0

    /// Its last frame has been given away.
    var hasSentEnd = false
    /// A client: no final head has come yet.
    var isExpectingHead = true
    /// Why it was closed; 0 in good order.
    package internal(set) var closeCode: UInt32?

    /// Its place among the session's streams; -1 once it is closed.
    var slot = -1

    init(id: Int32, at now: Instant) {
        self.id = id
        lastMoved = now
    }

    /// Becomes another stream, which keeps the storage of this one's head.
    func renew(id: Int32, at now: Instant) {
        self.id = id
        lastMoved = now
        user = nil
        request.reset()
        kind = .ordinary
        refusal = nil
        isBare = false
        headBytes = 0
        responses.removeAll()
        declared = nil
        received = 0
        inflow = .open
        trailers.removeAll()
        input.removeAll()
        isDropped = false
        outflow = .none
        output.removeAll()
        sentTrailers = nil
        isDeferred = false
        wantsRoom = false
        sentBytes = 0
        hasSentEnd = false
        isExpectingHead = true
        closeCode = nil
        slot = -1
    }

    /// Gives back the storage of an empty output, unless it is small enough to wait for the next.
    func letGoOfOutput() { if output.capacity > 4096 { output.release() } }

    package var isClosed: Bool { slot < 0 }

    /// Bytes that have been put and not been taken for a frame.
    package var waiting: Int { output.count }

    package var hasInput: Bool { !input.isEmpty }

    package var hasEndedOutput: Bool { outflow == .ended }

    package var hasResponse: Bool { !responses.isEmpty }

    /// The next head of a response, interim or final.
    package func takeResponse() -> ResponseHead? {
        responses.isEmpty ? nil : responses.removeFirst()
    }
}

/// Who has to do with a stream. Told between two calls of the session, never within one.
package protocol StreamUser: AnyObject {
    /// Bytes, trailers, a response's head, the end: look.
    func streamHasNews()
    /// What was put is gone.
    func streamHasRoom()
    /// It is closed; nothing more happens to it.
    func streamClosed()
}

/// What has happened in a session.
package enum SessionEvent {
    /// A server: a stream has begun with a request, or with something like one (`refusal`).
    case request(SessionStream)
    case news(SessionStream)
    case room(SessionStream)
    case closed(SessionStream)
    /// The peer's GOAWAY: streams above `last` were not looked at.
    case goAway(last: Int32, code: UInt32)
    case settings
    case pong
}
