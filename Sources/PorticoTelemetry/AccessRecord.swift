/// The facts of one request that are no text of the client's (docs/OPERATING.md, "Logs").
///
/// A plain value without references, to be filled field by field while the request is served.
/// Negative numbers are written as 0; nil is written as `null` in JSON.
package struct AccessRecord: Sendable {
    /// How the cache had its part in the answer.
    package enum CacheOutcome: Sendable, CaseIterable {
        /// No cache was asked: Portico's own answers, sites without a cache.
        case none
        case hit, miss
        /// A stored answer past its freshness.
        case stale
        /// A stored answer that the origin confirmed.
        case revalidated
        /// The answer to another request's fetch.
        case joined
        /// Fetched for this request alone, by policy or method.
        case pass
        /// Fetched behind the clients' backs, because what is stored has become stale.
        case refresh
    }

    package enum WAFOutcome: Sendable, CaseIterable {
        /// No rules were asked.
        case none
        case pass, detected, blocked
    }

    package struct Image: Sendable {
        package var bytesIn: Int
        package var bytesOut: Int

        package init(bytesIn: Int, bytesOut: Int) {
            self.bytesIn = bytesIn
            self.bytesOut = bytesOut
        }
    }

    /// When the request's first byte came, in microseconds since 1970.
    package var wallMicroseconds = 0
    /// `HTTP/1.1`, `HTTP/2.0`; nil for what was no HTTP.
    package var httpVersion: StaticString?
    /// `TLSv1.3`; nil without TLS.
    package var tlsVersion: StaticString?
    package var status = 0
    /// Of the message as it stood on the wire of this request: head and body.
    package var bytesIn = 0
    package var bytesOut = 0
    package var durationMicroseconds = 0
    /// Until the first byte of the answer left; nil if none did.
    package var firstByteMicroseconds: Int?
    package var cache = CacheOutcome.none
    package var cacheKeyHash: UInt64?
    /// Time spent with origins, all tries together; nil if none was asked.
    package var originMicroseconds: Int?
    package var retries = 0
    package var waf = WAFOutcome.none
    package var wafScore = 0
    package var isRateLimited = false
    /// nil if no image was transformed.
    package var image: Image?

    package init() {}
}

/// The texts of one request, lent for as long as its line is being written.
///
/// Any bytes are allowed. An empty text means that there is none.
package struct AccessTexts: ~Copyable, ~Escapable {
    package let requestID: Span<UInt8>
    package let clientIP: Span<UInt8>
    package let host: Span<UInt8>
    package let method: Span<UInt8>
    /// The target as received, with its query.
    package let uri: Span<UInt8>
    /// The node that gave the answer.
    package let origin: Span<UInt8>
    package let imageParameters: Span<UInt8>
    package let userAgent: Span<UInt8>
    package let referer: Span<UInt8>

    @_lifetime(
        copy requestID, copy clientIP, copy host, copy method, copy uri, copy origin,
        copy imageParameters, copy userAgent, copy referer)
    package init(
        requestID: Span<UInt8>, clientIP: Span<UInt8>, host: Span<UInt8>, method: Span<UInt8>,
        uri: Span<UInt8>, origin: Span<UInt8> = Span(), imageParameters: Span<UInt8> = Span(),
        userAgent: Span<UInt8> = Span(), referer: Span<UInt8> = Span()
    ) {
        self.requestID = requestID
        self.clientIP = clientIP
        self.host = host
        self.method = method
        self.uri = uri
        self.origin = origin
        self.imageParameters = imageParameters
        self.userAgent = userAgent
        self.referer = referer
    }
}

extension AccessRecord.CacheOutcome {
    /// As it stands in the log and in labels.
    package var name: StaticString {
        switch self {
        case .none: "none"
        case .hit: "hit"
        case .miss: "miss"
        case .stale: "stale"
        case .revalidated: "revalidated"
        case .joined: "joined"
        case .pass: "pass"
        case .refresh: "refresh"
        }
    }
}

extension AccessRecord.WAFOutcome {
    package var name: StaticString {
        switch self {
        case .none: "none"
        case .pass: "pass"
        case .detected: "detected"
        case .blocked: "blocked"
        }
    }
}
