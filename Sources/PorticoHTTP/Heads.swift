package import PorticoBytes

/// HTTP/1 minor version, or HTTP/2: what a message was written in.
package enum HTTPVersion: UInt8, Sendable {
    case http10, http11, http2
}

/// The head of a request: control data and fields (RFC 9110 §6).
///
/// All ranges point into `fields`' storage. The target is kept in its parts, whatever form it
/// was received in (RFC 9112 §3.2).
package struct RequestHead: Sendable {
    package enum TargetForm: UInt8, Sendable {
        case origin, absolute, asterisk
    }

    package var fields = Fields()
    package var version = HTTPVersion.http11
    package var method = Method.get
    package var methodRange = ByteRange.empty
    package var form = TargetForm.origin
    /// The whole target as received.
    package var targetRange = ByteRange.empty
    /// Host and port: from the target in absolute form, else the Host field. Empty if neither.
    package var authority = ByteRange.empty
    /// Host without port, brackets of an IPv6 address included.
    package var host = ByteRange.empty
    /// Whether the target in absolute form said "https".
    package var saidHTTPS = false
    /// The path as received; empty stands for "/", for the asterisk form it is "*".
    package var path = ByteRange.empty
    /// The query without its "?", nil if there was no "?".
    package var query: ByteRange?

    package init() {}

    /// The same with other fields, whose storage must begin with that of `other`'s.
    package init(_ other: borrowing RequestHead, with fields: consuming Fields) {
        self.fields = fields
        version = other.version
        method = other.method
        methodRange = other.methodRange
        form = other.form
        targetRange = other.targetRange
        authority = other.authority
        host = other.host
        saidHTTPS = other.saidHTTPS
        path = other.path
        query = other.query
    }

    /// Path, "?" and query in one piece, as received; may be empty, and stands for "/" then.
    package var pathAndQuery: ByteRange {
        ByteRange(Int(path.lower), Int(query?.upper ?? path.upper))
    }

    package subscript(range: ByteRange) -> Span<UInt8> {
        @_lifetime(borrow self)
        get { fields[range] }
    }

    /// Back to an empty head that keeps its storage.
    package mutating func reset() {
        fields.removeAll()
        version = .http11
        method = .get
        methodRange = .empty
        form = .origin
        targetRange = .empty
        authority = .empty
        host = .empty
        saidHTTPS = false
        path = .empty
        query = nil
    }
}

/// The head of a response: status and fields.
package struct ResponseHead: Sendable {
    package var fields = Fields()
    package var version = HTTPVersion.http11
    package var status: UInt16 = 200
    /// The reason phrase as received, in `fields`' storage; may be empty.
    package var reason = ByteRange.empty

    package init(status: UInt16 = 200) { self.status = status }

    /// With the storage of an earlier head, which must be empty.
    package init(with fields: consuming Fields) { self.fields = fields }

    package mutating func reset() {
        fields.removeAll()
        version = .http11
        status = 200
        reason = .empty
    }

    /// Becomes a copy of `other` in its own storage, with room for what a proxy adds.
    package mutating func take(_ other: borrowing ResponseHead) {
        fields.removeAll()
        fields.take(other.fields, spareBytes: 384, spareLines: 8)
        version = other.version
        status = other.status
        reason = other.reason
    }

    /// 1xx other than 101: more heads follow (RFC 9110 §15.2).
    package var isInterim: Bool { status < 200 && status != 101 }

    /// Whether a response with this status has a body at all (RFC 9112 §6.3, rule 1).
    package var statusAllowsBody: Bool { status >= 200 && status != 204 && status != 304 }
}
