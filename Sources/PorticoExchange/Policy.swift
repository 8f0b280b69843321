package import PorticoBytes
package import PorticoCache
package import PorticoHTTP
package import PorticoLimits
package import PorticoOrigins
package import PorticoWAF

/// What an operator decided, compiled: sites by host, their routes and pools. Immutable; a
/// reload makes a new one, and a request ends under the one with which it began.
package final class Policy: Sendable {
    package let sites: SiteTable
    package let pools: [Pool]
    /// Port of the first TLS listener, for redirections.
    package let httpsPort: UInt16?
    /// Nil: nothing is cached.
    package let cache: ResponseCache?
    /// Nil: nobody purges on the data ports.
    package let purging: (any PurgePort)?
    /// All that are configured, in their order.
    package let limits: [RateLimit]
    /// Nil: no picture is transformed.
    package let images: ImagePolicy?
    /// Those that inspect, and do not only stand there.
    package let firewalls: [Firewall]

    package init(
        sites: SiteTable, pools: [Pool], httpsPort: UInt16?, cache: ResponseCache? = nil,
        limits: [RateLimit] = [], purging: (any PurgePort)? = nil, images: ImagePolicy? = nil,
        firewalls: [Firewall] = []
    ) {
        self.firewalls = firewalls
        self.purging = purging
        self.images = images
        self.cache = cache
        self.limits = limits
        self.sites = sites
        self.pools = pools
        self.httpsPort = httpsPort
    }
}

/// One site: whom it is for and how its requests are treated.
package final class Site: Sendable {
    package let hosts: [String]
    package let redirectsToHTTPS: Bool
    /// The value of Strict-Transport-Security; empty: none is sent.
    package let hsts: [UInt8]
    /// Who is refused before anything else.
    package let denied: NetworkList
    /// Who meets no rate limit.
    package let allowed: NetworkList
    /// Whether any route has rate limits, and whether they cannot be told without the path.
    let isLimited: Bool
    let limitsByPath: Bool
    /// Under which its responses are marked for purges; nil: nothing of it is cached.
    package let purgeSite: PurgeSite?
    /// The name behind it.
    package let purgeName: String
    /// Whether answers are also marked by what they are: text, image, script or css.
    package let typeKeys: Bool
    package let preset: SitePreset
    /// From how many bytes on text is compressed; nil: it is not.
    package let compressesFrom: Int?
    package let transformsImages: Bool
    /// Nil: nothing is inspected.
    package let firewall: Firewall?
    /// Whether some routes leave out rules.
    let hasExclusions: Bool
    private let routes: [Route]
    private let otherwise: Route

    package init(
        hosts: [String], routes: [Route], otherwise: Route, denied: NetworkList,
        allowed: NetworkList = NetworkList(), redirectsToHTTPS: Bool, hsts: [UInt8],
        purgeSite: PurgeSite? = nil, compressesFrom: Int? = nil, preset: SitePreset = .none,
        purgeName: String = "", typeKeys: Bool = false, transformsImages: Bool = false,
        firewall: Firewall? = nil
    ) {
        self.firewall = firewall
        hasExclusions = routes.contains { $0.wafExclusions != nil }
        self.preset = preset
        self.compressesFrom = compressesFrom
        self.transformsImages = transformsImages
        self.purgeSite = purgeSite
        self.purgeName = purgeName
        self.typeKeys = typeKeys
        self.allowed = allowed
        let limited = (routes + [otherwise]).map(\.limits)
        isLimited = limited.contains { !$0.isEmpty }
        limitsByPath =
            limited.joined().contains(where: \.needsPath)
            || limited.contains { !$0.elementsEqual(otherwise.limits, by: ===) }
        self.hosts = hosts
        self.routes = routes
        self.otherwise = otherwise
        self.denied = denied
        self.redirectsToHTTPS = redirectsToHTTPS
        self.hsts = hsts
    }

    /// What tells its pages apart in the cache.
    package var keyStyle: KeyRules.Style { preset == .magento ? .magento : .plain }

    /// The first route whose pattern matches the path in normal form.
    package func route(path: Span<UInt8>) -> Route {
        if routes.isEmpty { return otherwise }
        return route(normal: PathNormaliser.normalise(path: path))
    }

    /// The same for a path in normal form.
    func route(normal: [UInt8]) -> Route {
        routes.first { $0.pattern?.matches(normal.span) ?? true } ?? otherwise
    }

    /// What counts the requests of this path in normal form; empty where `limitsByPath` is false.
    func limits(normal: [UInt8]) -> [RateRule] {
        limitsByPath ? route(normal: normal).limits : otherwise.limits
    }
}

/// What holds for the requests of one path pattern, or for all others of a site.
package final class Route: Sendable {
    package let pattern: PathPattern?
    package let pool: Pool
    /// What requests are spread by, where the pool's balance hashes.
    package let hashKey: RequestKey?
    /// Seconds after which a client may ask again when no node is there.
    package let retryAfter: Int
    /// Who may ask; nil: everybody.
    package let allow: NetworkList?
    /// Whether answers may come from the cache and go into it.
    package let caches: Bool
    /// What counts its requests: at most 64.
    package let limits: [RateRule]
    /// What of the site's rules its requests are not held against; nil: nothing.
    package let wafExclusions: RuleExclusions?

    package init(
        pattern: PathPattern?, pool: Pool, hashKey: RequestKey?, retryAfter: Int,
        allow: NetworkList?, caches: Bool = false, limits: [RateRule] = [],
        wafExclusions: RuleExclusions? = nil
    ) {
        self.wafExclusions = wafExclusions
        self.limits = limits
        self.caches = caches
        self.pattern = pattern
        self.pool = pool
        self.hashKey = hashKey
        self.retryAfter = retryAfter
        self.allow = allow
    }
}

/// Sites by host: exact names first, then the longest wildcard, then "*".
package struct SiteTable: Sendable {
    private var exact: [UInt64: [(host: [UInt8], site: Site)]] = [:]
    /// ".example.com" for "*.example.com", longest first.
    private var suffixes: [(suffix: [UInt8], site: Site)] = []
    private var fallback: Site?
    /// In the order of the configuration.
    package let all: [Site]

    package init(_ sites: [Site]) {
        all = sites
        for site in sites {
            for host in site.hosts {
                let bytes = Array(host.lowercased().utf8)
                if host == "*" {
                    fallback = site
                } else if host.hasPrefix("*.") {
                    suffixes.append((Array(bytes.dropFirst()), site))
                } else {
                    exact[Self.hash(bytes.span), default: []].append((bytes, site))
                }
            }
        }
        suffixes.sort { $0.suffix.count > $1.suffix.count }
    }

    /// `host`: without port, in any case, perhaps with the root's dot at its end.
    package func find(host: Span<UInt8>) -> Site? {
        var host = host
        if host.count > 1, host[host.count - 1] == 0x2E {
            host = host.extracting(..<(host.count - 1))
        }
        if !exact.isEmpty, let found = exact[Self.hash(host)] {
            for entry in found where host.equalsFolded(entry.host.span) { return entry.site }
        }
        for entry in suffixes where host.count > entry.suffix.count {
            let end = host.extracting((host.count - entry.suffix.count)...)
            if end.equalsFolded(entry.suffix.span) { return entry.site }
        }
        return fallback
    }

    /// FNV-1a over the lower-case bytes. Only configured names are ever in the table, so that
    /// nobody can fill a bucket from outside.
    private static func hash(_ host: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in host.indices {
            hash = (hash ^ UInt64(ASCII.lowercase(host[index]))) &* 0x0000_0100_0000_01B3
        }
        return hash
    }
}
