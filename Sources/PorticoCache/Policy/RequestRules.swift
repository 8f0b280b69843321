internal import PorticoBytes
package import PorticoHTTP

/// What a request says to a cache (RFC 9111 §5.2.1), and whether one may be asked at all.
package struct RequestRules: Equatable, Sendable {
    /// Why a request goes past the cache.
    package enum Bypass: UInt8, Sendable {
        /// Not GET or HEAD.
        case method
        /// A GET with a body: the key does not hold the body (RFC 9110 §9.3.1).
        case body
        /// If-Match or If-Unmodified-Since, which only an origin may judge (RFC 9111 §4.3.2).
        case precondition
    }

    /// Whether the client's directives are obeyed; otherwise only `only-if-cached` would be lost.
    package enum Obedience: Sendable {
        case obeys, ignores
    }

    package private(set) var bypass: Bypass?
    package private(set) var noCache = false
    package private(set) var noStore = false
    package private(set) var onlyIfCached = false
    /// Seconds; -1: not given.
    package private(set) var maxAge: Int32 = -1
    package private(set) var minFresh: Int32 = -1
    package private(set) var maxStale: Int32 = -1
    package private(set) var staleIfError: Int32 = -1
    /// Whether any of the above narrows or widens what may be reused.
    package private(set) var isPlain = true

    package init(_ head: borrowing RequestHead, _ obedience: Obedience) {
        if head.method != .get && head.method != .head { bypass = .method }
        var speaks = false
        for index in 0..<head.fields.count {
            switch head.fields.lines[index].name {
            case .cacheControl: speaks = true
            case .ifMatch, .ifUnmodifiedSince:
                if bypass == nil { bypass = .precondition }
            case .contentLength:
                if bypass == nil, !head.fields.value(at: index).equals("0") { bypass = .body }
            case .transferEncoding:
                if bypass == nil { bypass = .body }
            default: continue
            }
        }
        if speaks, obedience == .obeys { read(CacheControl(head.fields)) }
    }

    private mutating func read(_ directives: CacheControl) {
        noCache = directives.contains(.noCache) || !directives.fieldLists.isEmpty
        noStore = directives.contains(.noStore)
        onlyIfCached = directives.contains(.onlyIfCached)
        maxAge = directives.maxAge ?? -1
        minFresh = directives.minFresh ?? -1
        maxStale = directives.maxStale ?? -1
        staleIfError = directives.staleIfError ?? -1
        isPlain = !noCache && maxAge < 0 && minFresh < 0 && maxStale < 0 && staleIfError < 0
    }
}
