internal import PorticoBytes

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
    package init(_ name: Span<UInt8>) {
        self = Self.recognise(name)
    }

    /// Names of one length are few, and most differ in their first byte.
    private static func recognise(_ name: Span<UInt8>) -> FieldName {
        switch name.count {
        case 2:
            if name.equalsFolded("te") { return .te }
        case 3:
            if name.equalsFolded("age") { return .age }
            if name.equalsFolded("via") { return .via }
        case 4:
            if name.equalsFolded("host") { return .host }
            if name.equalsFolded("date") { return .date }
            if name.equalsFolded("etag") { return .etag }
            if name.equalsFolded("vary") { return .vary }
            if name.equalsFolded("link") { return .link }
        case 5:
            if name.equalsFolded("proxy") { return .proxy }
            if name.equalsFolded("range") { return .range }
            if name.equalsFolded("allow") { return .allow }
        case 6:
            if name.equalsFolded("expect") { return .expect }
            if name.equalsFolded("cookie") { return .cookie }
            if name.equalsFolded("accept") { return .accept }
            if name.equalsFolded("pragma") { return .pragma }
            if name.equalsFolded("server") { return .server }
            if name.equalsFolded("origin") { return .origin }
        case 7:
            if name.equalsFolded("trailer") { return .trailer }
            if name.equalsFolded("upgrade") { return .upgrade }
            if name.equalsFolded("referer") { return .referer }
            if name.equalsFolded("expires") { return .expires }
            if name.equalsFolded("warning") { return .warning }
        case 8:
            if name.equalsFolded("if-match") { return .ifMatch }
            if name.equalsFolded("if-range") { return .ifRange }
            if name.equalsFolded("location") { return .location }
            if name.equalsFolded("priority") { return .priority }
        case 9:
            if name.equalsFolded("cache-tag") { return .cacheTag }
            if name.equalsFolded("forwarded") { return .forwarded }
        case 10:
            if name.equalsFolded("connection") { return .connection }
            if name.equalsFolded("keep-alive") { return .keepAlive }
            if name.equalsFolded("set-cookie") { return .setCookie }
            if name.equalsFolded("user-agent") { return .userAgent }
            if name.equalsFolded("fastly-key") { return .fastlyKey }
            if name.equalsFolded("early-data") { return .earlyData }
        case 11:
            if name.equalsFolded("retry-after") { return .retryAfter }
        case 12:
            if name.equalsFolded("content-type") { return .contentType }
            if name.equalsFolded("cache-status") { return .cacheStatus }
            if name.equalsFolded("x-request-id") { return .xRequestID }
            if name.equalsFolded("fastly-debug") { return .fastlyDebug }
            if name.equalsFolded("max-forwards") { return .maxForwards }
        case 13:
            if name.equalsFolded("authorization") { return .authorization }
            if name.equalsFolded("cache-control") { return .cacheControl }
            if name.equalsFolded("last-modified") { return .lastModified }
            if name.equalsFolded("if-none-match") { return .ifNoneMatch }
            if name.equalsFolded("content-range") { return .contentRange }
            if name.equalsFolded("accept-ranges") { return .acceptRanges }
            if name.equalsFolded("surrogate-key") { return .surrogateKey }
            if name.equalsFolded("portico-debug") { return .porticoDebug }
            if name.equalsFolded("x-purge-token") { return .xPurgeToken }
        case 14:
            if name.equalsFolded("content-length") { return .contentLength }
            if name.equalsFolded("http2-settings") { return .http2Settings }
            if name.equalsFolded("x-magento-tags") { return .xMagentoTags }
        case 15:
            if name.equalsFolded("accept-encoding") { return .acceptEncoding }
            if name.equalsFolded("accept-language") { return .acceptLanguage }
            if name.equalsFolded("x-forwarded-for") { return .xForwardedFor }
            if name.equalsFolded("x-magento-debug") { return .xMagentoDebug }
        case 16:
            if name.equalsFolded("www-authenticate") { return .wwwAuthenticate }
            if name.equalsFolded("proxy-connection") { return .proxyConnection }
            if name.equalsFolded("content-encoding") { return .contentEncoding }
            if name.equalsFolded("content-location") { return .contentLocation }
            if name.equalsFolded("x-forwarded-host") { return .xForwardedHost }
            if name.equalsFolded("x-forwarded-port") { return .xForwardedPort }
        case 17:
            if name.equalsFolded("transfer-encoding") { return .transferEncoding }
            if name.equalsFolded("if-modified-since") { return .ifModifiedSince }
            if name.equalsFolded("cdn-cache-control") { return .cdnCacheControl }
            if name.equalsFolded("surrogate-control") { return .surrogateControl }
            if name.equalsFolded("x-forwarded-proto") { return .xForwardedProto }
            if name.equalsFolded("sec-websocket-key") { return .secWebSocketKey }
        case 18:
            if name.equalsFolded("proxy-authenticate") { return .proxyAuthenticate }
        case 19:
            if name.equalsFolded("proxy-authorization") { return .proxyAuthorization }
            if name.equalsFolded("if-unmodified-since") { return .ifUnmodifiedSince }
        case 20:
            if name.equalsFolded("surrogate-capability") { return .surrogateCapability }
        case 21:
            if name.equalsFolded("sec-websocket-version") { return .secWebSocketVersion }
        case 25:
            if name.equalsFolded("strict-transport-security") { return .strictTransportSecurity }
        default: break
        }
        return .other
    }
}
