internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP1
internal import PorticoImage
internal import PorticoLimits
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTLS
internal import PorticoWAF

/// Makes of a configuration what workers need, reading the files that it names. Either all of
/// it is made or none: a reload that fails leaves no trace.
struct SnapshotBuilder {
    let configuration: Configuration
    /// The snapshot in force, whose knowledge of nodes goes on.
    let former: Snapshot?
    let tickets: TicketKeys
    /// Nil where nothing is going to be served.
    let desk: PurgeDesk?
    /// Nil where nothing is going to be inspected.
    let inspection: InspectionDesk?
    /// Compiled elsewhere; nil: they are loaded with the rest.
    let rules: LoadedRules?
    let descriptorLimit: Int
    /// Unix seconds.
    let wallSeconds: Int64
    /// Who transforms pictures; nil: nobody, where no request will be served.
    let transformer: (any ImageTransformer)?

    /// What is not wrong, but worth a line in the log.
    var warnings: [String] = []
    /// Which rules are in force, and how: one line for each site.
    private(set) var firewallLines: [String] = []

    init(
        _ configuration: Configuration, after former: Snapshot?, tickets: TicketKeys,
        desk: PurgeDesk? = nil, inspection: InspectionDesk? = nil, rules: LoadedRules? = nil,
        descriptorLimit: Int, wallSeconds: Int64, transformer: (any ImageTransformer)? = nil
    ) {
        self.inspection = inspection
        self.rules = rules
        self.transformer = transformer
        self.configuration = configuration
        self.former = former
        self.tickets = tickets
        self.desk = desk
        self.descriptorLimit = descriptorLimit
        self.wallSeconds = wallSeconds
    }

    mutating func build() throws(StartFault) -> Snapshot {
        var problems: [String] = []
        let pools = configuration.pools.map { settings in
            Pool(
                PoolDescription(settings),
                inheriting: former?.policy.pools.first { $0.name == settings.name })
        }
        var rules: [String: DialRules] = [:]
        for settings in configuration.pools {
            rules[settings.name] = dialRules(for: settings, &problems)
        }
        let cache = responseCache()
        let limits = rateLimits()
        let firewalls = makeFirewalls(&problems)
        firewallLines = firewallLines(firewalls)
        var sites: [Site] = []
        for settings in configuration.sites {
            if let site = site(
                for: settings, among: pools, cache, limits, firewalls, &problems)
            {
                sites.append(site)
            }
        }
        let contexts = serverContexts(&problems)
        if !problems.isEmpty { throw StartFault(problems) }
        let policy = Policy(
            sites: SiteTable(sites), pools: pools,
            httpsPort: configuration.listeners.first { $0.tls }?.address.port, cache: cache,
            limits: limits, purging: desk.map { PurgeGate(configuration, desk: $0) },
            images: imagePolicy(), firewalls: firewalls.filter { $0.settings.mode != .off })
        return Snapshot(
            configuration: configuration, policy: policy, limits: configuration.limits,
            dialRules: rules, mostConnections: mostConnections(), tls: contexts?.http1,
            tlsWithHTTP2: contexts?.http2,
            digest: Digest.hex(Digest.sha256(Array(configuration.text.utf8).span).span))
    }

    // MARK: - Limits

    /// As many connections as there are descriptors for, with a share kept for origins, files
    /// and listeners: a front door that takes its last descriptor for a client cannot ask anybody.
    private mutating func mostConnections() -> Int {
        let segments = DiskGeometry(diskBytes: configuration.cache.diskBytes)?.segmentCount ?? 0
        let reserve = min(max(48, descriptorLimit / 4), 4096) + segments
        let possible = max(16, descriptorLimit - reserve)
        if possible < configuration.limits.connections {
            warnings.append(
                "limits.connections is \(configuration.limits.connections), but with "
                    + "\(descriptorLimit) descriptors only \(possible) connections can be taken; "
                    + "raise the limit (ulimit -n, LimitNOFILE)")
        }
        return min(possible, configuration.limits.connections)
    }

    // MARK: - Cache

    /// What is stored outlives a reload; nil where there is no memory for any.
    private mutating func responseCache() -> ResponseCache? {
        let settings = configuration.cache
        let random = Process.random(16)
        let seed = (random.word(at: 0), random.word(at: 8))
        if let former, let cache = former.policy.cache {
            let before = former.configuration.cache
            if settings.memoryBytes != before.memoryBytes
                || settings.maxObjectBytes != before.maxObjectBytes
            {
                warnings.append("cache.memory and cache.max_object change at the next start")
            }
            if settings.diskBytes != before.diskBytes || settings.directory != before.directory
                || configuration.server.stateDirectory
                    != former.configuration.server.stateDirectory
            {
                warnings.append("cache.disk and cache.path change at the next start")
            }
            return ResponseCache(settings, seed: seed, after: cache)
        }
        if settings.diskBytes > 0, settings.memoryBytes == 0 {
            warnings.append("cache.disk has no effect where cache.memory is 0")
        } else if settings.diskBytes > 0, DiskGeometry(diskBytes: settings.diskBytes) == nil {
            warnings.append("cache.disk is less than 1 MiB: nothing is kept on disk")
        }
        if settings.memoryBytes == 0 { return nil }
        return ResponseCache(
            settings, seed: seed, backing: BodyFile(memory: settings.memoryBytes))
    }

    // MARK: - Images

    private mutating func imagePolicy() -> ImagePolicy? {
        let settings = configuration.images
        if let before = former?.configuration.images,
            before.workers != settings.workers || before.memoryBytes != settings.memoryBytes
        {
            warnings.append("images.workers and images.memory change at the next start")
        }
        guard let transformer, configuration.sites.contains(where: \.images) else { return nil }
        return ImagePolicy(settings, by: transformer)
    }

    // MARK: - Origins

    private func dialRules(for pool: PoolSettings, _ problems: inout [String]) -> DialRules {
        let limits = configuration.limits
        var rules = DialRules(
            connectTimeout: pool.connectTimeout,
            bounds: HTTP1Origin.Bounds(
                heads: HeadLimits(
                    bytes: limits.responseHeaderBytes, lines: 4 * limits.headerCount,
                    targetBytes: 0),
                firstByte: pool.firstByteTimeout, betweenBytes: pool.betweenBytesTimeout,
                idle: limits.idleTimeout),
            keepalive: pool.keepalive, isHTTP2: pool.protocol != .http1)
        for node in pool.nodes where node.tls {
            do throws(CertificateFault) {
                rules.contexts[node.address] = try ClientContext(
                    trust: node.ca.isEmpty ? .system : .file(node.ca),
                    protocols: pool.protocol == .h2 ? [.h2] : [.http11])
            } catch {
                problems.append("origins.\(pool.name): \(node.address): ca: \(error.sentence)")
            }
        }
        return rules
    }

    // MARK: - Rate limits

    /// A limit of the same name goes on with what it has counted.
    private mutating func rateLimits() -> [RateLimit] {
        return configuration.rateLimits.map { settings in
            if let warning = idleness(of: settings) {
                warnings.append("rate limit \(settings.name): \(warning)")
            }
            let random = Process.random(16)
            return RateLimit(
                settings, seed: (random.word(at: 0), random.word(at: 8)),
                after: former?.policy.limits.first { $0.name == settings.name })
        }
    }

    /// Why a limit counts nothing.
    private func idleness(of limit: RateLimitSettings) -> String? {
        let users = configuration.sites.filter { site in
            site.rateLimits.contains(limit.name)
                || site.routes.contains { $0.rateLimits?.contains(limit.name) ?? false }
        }
        if users.isEmpty { return "no site names it in rate_limits" }
        let host = limit.match.site
        if host.isEmpty || users.contains(where: { $0.hosts.contains(host) }) { return nil }
        return "it is for \(host), whose site does not name it in rate_limits"
    }

    /// What counts the requests of a site or of one of its routes.
    private func rateRules(
        _ names: [String], of site: SiteSettings, among limits: [RateLimit],
        _ problems: inout [String]
    ) -> [RateRule] {
        let rules = limits.filter { limit in
            let host = limit.settings.match.site
            return names.contains(limit.name) && (host.isEmpty || site.hosts.contains(host))
        }
        if rules.count > RateRule.mostOfOneRequest {
            problems.append(
                "site \(site.hosts.first ?? ""): a request can meet \(RateRule.mostOfOneRequest) "
                    + "rate limits, and not \(rules.count)")
            return []
        }
        return rules.map { RateRule($0) }
    }

    // MARK: - Sites

    private mutating func site(
        for settings: SiteSettings, among pools: [Pool], _ cache: ResponseCache?,
        _ limits: [RateLimit], _ firewalls: [Firewall], _ problems: inout [String]
    ) -> Site? {
        let firewall = firewalls.first { $0.settings.name == settings.waf }
        let rules = rateRules(settings.rateLimits, of: settings, among: limits, &problems)
        guard
            let otherwise = route(
                nil, allow: nil, pool: settings.origins, caches: settings.cache, rules,
                among: pools)
        else { return nil }
        var routes: [Route] = []
        for route in settings.routes {
            let own = route.rateLimits.map {
                rateRules($0, of: settings, among: limits, &problems)
            }
            let made = self.route(
                PathPattern(route.path), allow: route.allow,
                pool: route.origins ?? settings.origins, caches: route.cache ?? settings.cache,
                own ?? rules, among: pools,
                wafExclusions: exclusions(of: route, in: settings, firewall, &problems))
            if let made { routes.append(made) }
        }
        var hsts = ""
        if let age = settings.hsts { hsts = "max-age=\(age.components.seconds)" }
        return Site(
            hosts: settings.hosts, routes: routes, otherwise: otherwise,
            denied: networks(in: settings.denyFiles, &problems),
            allowed: networks(in: settings.allowFiles, &problems),
            redirectsToHTTPS: settings.redirectHTTPS, hsts: Array(hsts.utf8),
            purgeSite: cache?.ledger.site(Array(settings.purgeName.utf8)),
            compressesFrom: settings.compress ? settings.compressMinBytes : nil,
            preset: settings.preset, purgeName: settings.purgeName,
            typeKeys: settings.typeKeys, transformsImages: settings.images,
            firewall: firewall.flatMap { $0.settings.mode == .off ? nil : $0 })
    }

    private func route(
        _ pattern: PathPattern?, allow: NetworkList?, pool name: String, caches: Bool,
        _ limits: [RateRule], among pools: [Pool], wafExclusions: RuleExclusions? = nil
    ) -> Route? {
        guard let pool = pools.first(where: { $0.name == name }),
            let settings = configuration.pools.first(where: { $0.name == name })
        else { return nil }
        let key: RequestKey? =
            switch settings.balance {
            case .consistentHash: RequestKey(settings.hashKey)
            case .ipHash: .clientIP
            case .roundRobin, .leastRequests, .randomTwo: nil
            }
        // By then a probe, or the end of an ejection, may have found a node.
        let wait =
            settings.health.path.isEmpty ? settings.ejection.duration : settings.health.interval
        return Route(
            pattern: pattern, pool: pool, hashKey: key,
            retryAfter: max(1, Int(wait.components.seconds)), allow: allow, caches: caches,
            limits: limits, wafExclusions: wafExclusions)
    }

    private func networks(in files: [String], _ problems: inout [String]) -> NetworkList {
        var found: [Network] = []
        for file in files { found += networks(in: file, &problems) }
        return NetworkList(found)
    }

    /// One CIDR a line; what follows a "#" is a comment.
    private func networks(in file: String, _ problems: inout [String]) -> [Network] {
        let content: [UInt8]
        do throws(IOFault) {
            content = try Files.read(file)
        } catch {
            problems.append("\(file): \(error.sentence)")
            return []
        }
        var found: [Network] = []
        let lines = content.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let text = Array(line.prefix { $0 != 0x23 })
            let entry =
                text.span.trimmingOWS.text
                .split(separator: "\r").first.map(String.init) ?? ""
            if entry.isEmpty { continue }
            do throws(Network.Fault) {
                found.append(try Network(entry))
            } catch {
                problems.append("\(file):\(index + 1): \(entry) is no address and no CIDR")
            }
        }
        return found
    }

    // MARK: - Certificates

    /// What is offered by ALPN differs from listener to listener, and the admin API has no HTTP/2.
    private mutating func serverContexts(
        _ problems: inout [String]
    ) -> (http1: ServerContext, http2: ServerContext)? {
        guard configuration.listeners.contains(where: \.tls) || configuration.admin.tls else {
            return nil
        }
        var certificates: [Certificate] = []
        for files in configuration.tls.certificates {
            do throws(CertificateFault) {
                certificates.append(try Certificate(chainFile: files.cert, keyFile: files.key))
            } catch {
                problems.append(error.sentence)
            }
        }
        for certificate in certificates {
            if let warning = certificate.warning(at: wallSeconds) {
                warnings.append("\(certificate.label): \(warning.sentence)")
            }
        }
        do throws(CertificateFault) {
            if configuration.tls.certificates.isEmpty {
                certificates = [try developmentCertificate()]
            }
            if certificates.isEmpty { return nil }
            let version = configuration.tls.minVersion == .v13 ? TLSVersion.tls13 : .tls12
            return (
                try ServerContext(
                    certificates: certificates, minimumVersion: version, protocols: [.http11],
                    tickets: tickets),
                try ServerContext(
                    certificates: certificates, minimumVersion: version,
                    protocols: [.h2, .http11], tickets: tickets)
            )
        } catch {
            problems.append(error.sentence)
            return nil
        }
    }

    /// The certificate that is used when none is configured: made once, kept in the state
    /// directory, renewed a week before its end.
    private mutating func developmentCertificate() throws(CertificateFault) -> Certificate {
        let folder = configuration.server.stateDirectory
        let (cert, key) = (folder + "/development.crt", folder + "/development.key")
        if let kept = try? Certificate(chainFile: cert, keyFile: key),
            kept.ends > wallSeconds + 7 * 86_400
        {
            return kept
        }
        guard let made = DevelopmentCertificate.make(now: wallSeconds) else {
            throw CertificateFault(kind: .noCertificate, label: "development certificate")
        }
        do throws(IOFault) {
            try Files.makeFolder(folder)
            try Files.replace(cert, with: made.certificatePEM)
            try Files.replace(key, with: made.keyPEM)
        } catch {
            warnings.append("\(folder): the development certificate is not kept: \(error.sentence)")
        }
        return try Certificate(
            chain: made.certificatePEM.span, key: made.keyPEM.span,
            label: "development certificate")
    }
}

/// Why the daemon does not start, or a configuration does not come into force: one line each.
package struct StartFault: Error, Equatable, Sendable {
    package let problems: [String]
    package init(_ problems: [String]) { self.problems = problems }
}

extension PoolDescription {
    init(_ settings: PoolSettings) {
        self.init(
            name: settings.name,
            nodes: settings.nodes.map { node in
                var host = ""
                switch node.host {
                case .address(let ip): host = ip.description
                case .name(let name): host = name
                }
                var described = NodeDescription(
                    address: node.address, host: host, port: node.port)
                described.weight = node.weight
                described.backup = node.backup
                described.tls = node.tls
                described.sni = node.sni
                described.ca = node.ca
                return described
            })
        balance = settings.balance
        retries = settings.retries
        connectionsPerNode = settings.connectionsPerNode
        keepalive = settings.keepalive
        firstByteTimeout = settings.firstByteTimeout
        health.path = settings.health.path
        health.interval = settings.health.interval
        health.timeout = settings.health.timeout
        health.fall = settings.health.fall
        health.rise = settings.health.rise
        health.expect = settings.health.expect
        ejection.consecutiveFailures = settings.ejection.consecutiveFailures
        ejection.duration = settings.ejection.duration
    }
}

extension IOFault {
    /// For people.
    package var sentence: String {
        switch self {
        case .late: "it took too long"
        case .interrupted: "it was interrupted"
        case .system(let error): Process.reason(error)
        }
    }
}
