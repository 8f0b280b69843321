internal import PorticoBytes

/// Request methods (RFC 9110 §9; PURGE and BAN as caches know them). Case matters.
@usableFromInline package enum Method: UInt8, Sendable {
    case get, head, post, put, delete, connect, options, trace, patch
    case purge, purgeKeys, ban
    /// Any other token; its bytes stand in the head.
    case other

    package init(_ token: Span<UInt8>) {
        switch token.count {
        case 3:
            self =
                token.equals("GET")
                ? .get
                : token.equals("PUT")
                    ? .put
                    : token.equals("BAN") ? .ban : .other
        case 4: self = token.equals("POST") ? .post : token.equals("HEAD") ? .head : .other
        case 5:
            self =
                token.equals("PATCH")
                ? .patch
                : token.equals("TRACE")
                    ? .trace
                    : token.equals("PURGE") ? .purge : .other
        case 6: self = token.equals("DELETE") ? .delete : .other
        case 7:
            self = token.equals("OPTIONS") ? .options : token.equals("CONNECT") ? .connect : .other
        case 9: self = token.equals("PURGEKEYS") ? .purgeKeys : .other
        default: self = .other
        }
    }

    /// RFC 9110 §9.2.1.
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        default: false
        }
    }

    /// RFC 9110 §9.2.2: may be sent again when nobody knows whether the first try arrived.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .options, .trace, .put, .delete: true
        default: false
        }
    }
}
