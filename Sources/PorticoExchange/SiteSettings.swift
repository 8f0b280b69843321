package import PorticoBytes
package import PorticoSettings

/// `[[site]]`: the hosts that are served alike, and how.
package struct SiteSettings: Equatable, Sendable {
    /// In lower case: exact, `*.example.com`, or `*`.
    package var hosts = ["*"]
    /// The pool's name; empty: the only one.
    package var origins = ""
    /// The site's id in purge paths and the HMAC key of X-Purge-Token: a secret. Empty: such
    /// tokens are refused.
    package var serviceID = ""
    package var cache = true
    /// The name of a `[waf.NAME]`; empty: none.
    package var waf = ""
    package var images = false
    package var rateLimits: [String] = []
    /// gzip, br or zstd, for text types.
    package var compress = true
    /// What is shorter is not compressed: the gain would be smaller than a packet.
    package var compressMinBytes = 1 << 10
    package var preset = SitePreset.none
    /// Fastly's automatic keys text, image, script, css by content type.
    package var typeKeys = false
    /// 308 (301 for GET and HEAD) from listeners without TLS.
    package var redirectHTTPS = false
    /// max-age of Strict-Transport-Security on TLS answers; nil: none is sent.
    package var hsts: Duration?
    /// Files of CIDRs, read by whoever loads them: what they allow skips the limits.
    package var allowFiles: [String] = []
    /// What these deny gets 403 before anything else.
    package var denyFiles: [String] = []
    /// The first whose path matches holds.
    package var routes: [RouteSettings] = []

    package init() {}

    /// What the site is called in purges.
    package var purgeName: String { serviceID.isEmpty ? hosts.first ?? "" : serviceID }

    package init(from section: inout Section) {
        section.read("hosts", into: &hosts, expected: HostPattern.expected, HostPattern.normalised)
        if hosts.isEmpty {
            section.report(.outOfRange(found: "no host", allowed: "one and more"), at: "hosts")
        }
        section.read("origins", into: &origins, namingA: "origin pool")
        section.read("service_id", into: &serviceID)
        section.read("cache", into: &cache)
        section.read("waf", into: &waf, namingA: "WAF")
        section.read("images", into: &images)
        section.read("rate_limits", into: &rateLimits, namingA: "rate limit")
        section.read("compress", into: &compress)
        section.readBytes("compress_min", into: &compressMinBytes)
        section.read("preset", into: &preset)
        section.read("type_keys", into: &typeKeys)
        section.read("redirect_https", into: &redirectHTTPS)
        section.read("hsts", into: &hsts, expected: "a duration such as \"365d\", or \"\"") {
            $0.isEmpty ? .some(nil) : Quantity.duration($0).map { .some($0) }
        }
        section.readPaths("allow_files", into: &allowFiles)
        section.readPaths("deny_files", into: &denyFiles)
        routes = section.sections("route").map { table in
            var table = table
            return RouteSettings(from: &table)
        }
        section.finish()
    }
}

/// A bundle of settings for a known shop.
package enum SitePreset: String, CaseIterable, Sendable {
    case none = ""
    /// What Magento's own Varnish configuration does.
    case magento
}

/// `[[site.route]]`: what is different for some paths of a site; what it leaves out comes from
/// the site.
package struct RouteSettings: Equatable, Sendable {
    /// `*` is any bytes, `/` included; matched without case on the path in normal form.
    package var path = ""
    package var cache: Bool?
    /// Who may ask, others get 403; nil: everybody.
    package var allow: NetworkList?
    package var origins: String?
    /// Instead of the site's.
    package var rateLimits: [String]?
    package var wafExcludes: [WAFExcludeSettings] = []

    package init() {}

    package init(from section: inout Section) {
        let expected = "a path such as \"/admin/*\""
        section.require("path", expected: expected)
        section.read("path", into: &path, expected: expected) {
            $0.hasPrefix("/") || $0.hasPrefix("*") ? $0 : nil
        }
        section.read("cache", into: &cache)
        if let networks = section.value("allow")?.elements({ $0.network() }) {
            allow = NetworkList(networks)
            if networks.isEmpty {
                section.report(
                    .conflict("an empty list lets nobody in; leave it out to let everybody in"),
                    at: "allow")
            }
        }
        var name = ""
        section.read("origins", into: &name, namingA: "origin pool")
        if !name.isEmpty { origins = name }
        if section.has("rate_limits") {
            var names: [String] = []
            section.read("rate_limits", into: &names, namingA: "rate limit")
            rateLimits = names
        }
        wafExcludes = section.sections("waf_exclude").map { table in
            var table = table
            return WAFExcludeSettings(from: &table)
        }
        section.finish()
    }
}

/// `[[site.route.waf_exclude]]`: what the route's requests are not held against.
package struct WAFExcludeSettings: Equatable, Sendable {
    /// Rule ids; none: all that the tags name.
    package var rules: [ClosedRange<Int>] = []
    /// Rule tags, patterns allowed; a rule is meant by its id or by a tag.
    package var tags: [String] = []
    /// The targets that those rules leave out; none: the whole rules are left out.
    package var targets: [String] = []

    package init() {}

    package init(from section: inout Section) {
        if let found = section.value("rules")?.elements(Self.rule) { rules = found }
        section.read("tags", into: &tags)
        section.read("targets", into: &targets)
        section.finish()
        if !section.has("rules") && !section.has("tags") {
            section.report(.missingKey(expected: "rules, tags or both"))
        }
    }

    private static func rule(_ value: SettingsValue) -> ClosedRange<Int>? {
        guard value.isString else {
            return value.integer(within: 1...Int(Int32.max)).map { $0...$0 }
        }
        return value.parsed(expected: "a rule id, or two as in \"942100-942199\"") { text in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
                .compactMap { part in
                    Array(part.utf8).span.decimal.flatMap { Int32(exactly: $0) }.map(Int.init)
                }
            guard let first = ends.first, let last = ends.last, first > 0, first <= last,
                text.utf8.count(where: { $0 == 0x2D }) == ends.count - 1, ends.count <= 2
            else { return nil }
            return first...last
        }
    }
}
