package import PorticoSettings

/// `[cache]`: what is kept, where, and for how long.
package struct CacheSettings: Equatable, Sendable {
    /// What an answer with Set-Cookie is.
    package enum SetCookie: String, CaseIterable, Sendable {
        /// Stored only if `public`, `s-maxage` or a targeted field allows it, so that nobody is
        /// handed another's session.
        case `private`
        /// Stored as RFC 9111 allows.
        case store
        /// Stored without the cookie.
        case strip
    }

    package var memoryBytes = 256 << 20
    /// Below `directory`; 0: memory only.
    package var diskBytes = 0
    /// What is larger passes through.
    package var maxObjectBytes = 64 << 20
    /// For answers without explicit freshness; zero: heuristic freshness (RFC 9111 §4.2.2).
    package var defaultTTL = Duration.zero
    /// Under the state directory.
    package var directory = "cache"
    /// stale-while-revalidate where the answer names none.
    package var grace = Duration.zero
    /// How long a stale answer may serve when no origin answers (RFC 9111 §4.2.4).
    package var keep = Duration.seconds(3600)
    /// Parameters left out of the key and of the request to the origin; `utm_*` patterns allowed.
    package var ignoreQuery: [String] = []
    /// By name, stable; also towards the origin.
    package var sortQuery = true
    package var tagHeaders = ["Surrogate-Key", "X-Magento-Tags", "Cache-Tag"]
    /// A cookie that is part of the key; empty: none.
    package var varyCookie = ""
    package var setCookie = SetCookie.private

    package init() {}

    package init(from section: inout Section) {
        let longest = Duration.seconds(3650 * 86_400)
        section.readBytes("memory", into: &memoryBytes)
        section.readBytes("disk", into: &diskBytes)
        section.readBytes("max_object", into: &maxObjectBytes)
        section.read("default_ttl", into: &defaultTTL, within: .zero...longest)
        section.read("path", into: &directory)
        section.read("grace", into: &grace, within: .zero...longest)
        section.read("keep", into: &keep, within: .zero...longest)
        section.read("ignore_query", into: &ignoreQuery)
        section.read("sort_query", into: &sortQuery)
        section.read("tag_headers", into: &tagHeaders, expected: "a field name") {
            isToken($0) ? $0 : nil
        }
        section.read("vary_cookie", into: &varyCookie, expected: "a cookie's name, or \"\"") {
            $0.isEmpty || isToken($0) ? $0 : nil
        }
        section.read("set_cookie", into: &setCookie)
        section.finish()
    }
}
