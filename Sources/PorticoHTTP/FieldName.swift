/// The field names that Portico itself looks at, so that a step compares a byte instead of text.
/// Every other name is `.other`, and its bytes stand in the head.
@usableFromInline package enum FieldName: UInt8, Sendable {
    case other
    case host
    case connection
    case contentLength
    case transferEncoding
    case te
    case trailer
    case upgrade
    case expect
    case keepAlive
    case proxyConnection
    case proxyAuthenticate
    case proxyAuthorization
    case proxy
    case http2Settings
    case cookie
    case setCookie
    case authorization
    case userAgent
    case referer
    case accept
    case acceptEncoding
    case acceptLanguage
    case cacheControl
    case pragma
    case expires
    case age
    case date
    case lastModified
    case etag
    case ifMatch
    case ifNoneMatch
    case ifModifiedSince
    case ifUnmodifiedSince
    case ifRange
    case range
    case contentRange
    case acceptRanges
    case contentType
    case contentEncoding
    case contentLocation
    case location
    case vary
    case via
    case server
    case warning
    case cacheStatus
    case cdnCacheControl
    case surrogateControl
    case surrogateKey
    case surrogateCapability
    case cacheTag
    case xMagentoTags
    case xForwardedFor
    case xForwardedProto
    case xForwardedHost
    case xForwardedPort
    case forwarded
    case xRequestID
    case porticoDebug
    case fastlyDebug
    case xMagentoDebug
    case fastlyKey
    case xPurgeToken
    case strictTransportSecurity
    case link
    case retryAfter
    case allow
    case priority
    case origin
    case secWebSocketKey
    case secWebSocketVersion
    case maxForwards
    case earlyData
    case wwwAuthenticate

    /// As it is written on the wire. `other` has none.
    package var text: StaticString {
        switch self {
        case .other: ""
        case .host: "Host"
        case .connection: "Connection"
        case .contentLength: "Content-Length"
        case .transferEncoding: "Transfer-Encoding"
        case .te: "TE"
        case .trailer: "Trailer"
        case .upgrade: "Upgrade"
        case .expect: "Expect"
        case .keepAlive: "Keep-Alive"
        case .proxyConnection: "Proxy-Connection"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .proxyAuthorization: "Proxy-Authorization"
        case .proxy: "Proxy"
        case .http2Settings: "HTTP2-Settings"
        case .cookie: "Cookie"
        case .setCookie: "Set-Cookie"
        case .authorization: "Authorization"
        case .userAgent: "User-Agent"
        case .referer: "Referer"
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptLanguage: "Accept-Language"
        case .cacheControl: "Cache-Control"
        case .pragma: "Pragma"
        case .expires: "Expires"
        case .age: "Age"
        case .date: "Date"
        case .lastModified: "Last-Modified"
        case .etag: "ETag"
        case .ifMatch: "If-Match"
        case .ifNoneMatch: "If-None-Match"
        case .ifModifiedSince: "If-Modified-Since"
        case .ifUnmodifiedSince: "If-Unmodified-Since"
        case .ifRange: "If-Range"
        case .range: "Range"
        case .contentRange: "Content-Range"
        case .acceptRanges: "Accept-Ranges"
        case .contentType: "Content-Type"
        case .contentEncoding: "Content-Encoding"
        case .contentLocation: "Content-Location"
        case .location: "Location"
        case .vary: "Vary"
        case .via: "Via"
        case .server: "Server"
        case .warning: "Warning"
        case .cacheStatus: "Cache-Status"
        case .cdnCacheControl: "CDN-Cache-Control"
        case .surrogateControl: "Surrogate-Control"
        case .surrogateKey: "Surrogate-Key"
        case .surrogateCapability: "Surrogate-Capability"
        case .cacheTag: "Cache-Tag"
        case .xMagentoTags: "X-Magento-Tags"
        case .xForwardedFor: "X-Forwarded-For"
        case .xForwardedProto: "X-Forwarded-Proto"
        case .xForwardedHost: "X-Forwarded-Host"
        case .xForwardedPort: "X-Forwarded-Port"
        case .forwarded: "Forwarded"
        case .xRequestID: "X-Request-Id"
        case .porticoDebug: "Portico-Debug"
        case .fastlyDebug: "Fastly-Debug"
        case .xMagentoDebug: "X-Magento-Debug"
        case .fastlyKey: "Fastly-Key"
        case .xPurgeToken: "X-Purge-Token"
        case .strictTransportSecurity: "Strict-Transport-Security"
        case .link: "Link"
        case .retryAfter: "Retry-After"
        case .allow: "Allow"
        case .priority: "Priority"
        case .origin: "Origin"
        case .secWebSocketKey: "Sec-WebSocket-Key"
        case .secWebSocketVersion: "Sec-WebSocket-Version"
        case .maxForwards: "Max-Forwards"
        case .earlyData: "Early-Data"
        case .wwwAuthenticate: "WWW-Authenticate"
        }
    }

    /// Recognises a name without regard to case (RFC 9110 §5.1).
    package init(_ name: Span<UInt8>) { self = FieldNameTable.find(name) }
}
