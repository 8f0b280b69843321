internal import PorticoBytes
package import PorticoCache
package import PorticoExchange
package import PorticoImage
package import PorticoLimits
package import PorticoOrigins
package import PorticoSettings
package import PorticoTLS
package import PorticoTelemetry
package import PorticoWAF

/// A whole settings file, read and checked: every name in it stands for something, and every
/// default has been filled in.
package struct Configuration: Sendable {
    /// As it was named; relative paths in it have been taken as relative to it.
    package let file: String
    /// The text that was read, for its digest.
    package let text: String

    package private(set) var server = ServerSettings()
    /// At least one.
    package private(set) var listeners: [ListenSettings] = []
    package private(set) var tls = TLSSettings()
    package private(set) var limits = LimitsSettings()
    /// At least one, each name once.
    package private(set) var pools: [PoolSettings] = []
    /// At least one, each host once; `origins` names a pool, `waf` one of `wafs` or nothing.
    package private(set) var sites: [SiteSettings] = []
    package private(set) var cache = CacheSettings()
    package private(set) var wafs: [WAFSettings] = []
    package private(set) var rateLimits: [RateLimitSettings] = []
    package private(set) var images = ImageSettings()
    package private(set) var admin = AdminSettings()
    package private(set) var log = LogSettings()

    /// What is allowed and probably not meant, one sentence each.
    package private(set) var advice: [SettingsAdvice] = []

    /// Reads a settings file; throws all that is wrong with it, in the order of its lines.
    ///
    /// `file` is its path as the operator named it: it stands in faults, and what is relative in
    /// the file is relative to it. Nothing is opened here.
    package static func load(
        text: String, file: String, environment: [String: String]
    ) throws(SettingsFaults) -> Configuration {
        let reading = Reading(file: file, environment: environment)
        var configuration = Configuration(file: file, text: text)
        if var root = reading.root(of: text) {
            configuration.read(from: &root)
        }
        try reading.conclude()
        return configuration
    }

    private init(file: String, text: String) {
        self.file = file
        self.text = text
    }

    private mutating func read(from root: inout Section) {
        readServer(from: &root)
        readListeners(from: &root)
        readPools(from: &root)
        readRules(from: &root)
        readSites(from: &root)
        root.finish()
    }

    private mutating func readServer(from root: inout Section) {
        if root.has("server") {
            if var section = root.section("server") { server = ServerSettings(from: &section) }
        } else {
            _ = root.section("server")
            server.stateDirectory = root.reading.path(server.stateDirectory)
        }
        if var section = root.section("tls") { tls = TLSSettings(from: &section) }
        if var section = root.section("limits") { limits = LimitsSettings(from: &section) }
        if var section = root.section("cache") { cache = CacheSettings(from: &section) }
        if var section = root.section("images") { images = ImageSettings(from: &section) }
        if var section = root.section("log") { log = LogSettings(from: &section) }
        guard var section = root.section("admin") else { return }
        admin = AdminSettings(from: &section)
        if !admin.tls && !admin.address.ip.isLoopback {
            advice.append(
                SettingsAdvice(
                    key: "admin.address", line: section.line,
                    sentence: "\(admin.address) is reached from outside without TLS: tokens "
                        + "would cross the network in the clear; set tls = true"))
        }
    }

    private mutating func readListeners(from root: inout Section) {
        var lines = FirstLines()
        for var section in root.sections("listen") {
            let settings = ListenSettings(from: &section)
            listeners.append(settings)
            if settings.address.port == 0 { continue }
            lines.note("\(settings.address)", in: section, at: "address")
            if settings.address == admin.address {
                section.report(.conflict("the admin API listens there already"), at: "address")
            }
        }
        if listeners.isEmpty { listeners = [ListenSettings()] }
    }

    private mutating func readPools(from root: inout Section) {
        for (name, section) in root.namedSections("origins") {
            var section = section
            pools.append(PoolSettings(name: name, from: &section))
            root.reading.define("origin pool", name)
        }
        if !root.has("origins") {
            root.require("origins", expected: "a pool, [origins.NAME] with nodes = [\"host:port\"]")
        } else if pools.isEmpty {
            root.report(.missingKey(expected: "a pool, [origins.NAME]"), at: "origins")
        }
    }

    private mutating func readRules(from root: inout Section) {
        for (name, section) in root.namedSections("waf") {
            var section = section
            wafs.append(WAFSettings(name: name, from: &section))
            root.reading.define("WAF", name)
        }
        var lines = FirstLines()
        for var section in root.sections("rate_limit") {
            let settings = RateLimitSettings(from: &section)
            rateLimits.append(settings)
            if settings.name.isEmpty { continue }
            root.reading.define("rate limit", settings.name)
            lines.note(settings.name, in: section, at: "name")
        }
    }

    private mutating func readSites(from root: inout Section) {
        let waf = wafs.contains { $0.name == "main" } ? "main" : ""
        var lines = FirstLines()
        for var section in root.sections("site") {
            var site = SiteSettings(from: &section)
            if !section.has("waf") { site.waf = waf }
            if site.origins.isEmpty { site.origins = onlyPool(of: section) }
            for host in site.hosts {
                root.reading.define("site host", host)
                lines.note(host, in: section, at: "hosts")
            }
            sites.append(site)
        }
        guard sites.isEmpty else { return }
        var site = SiteSettings()
        site.waf = waf
        root.reading.define("site host", "*")
        if pools.count > 1 {
            root.report(
                .conflict(
                    "with more than one origin pool, [[site]] must say which hosts have which"),
                at: "origins")
        }
        site.origins = pools.first?.name ?? ""
        sites = [site]
    }

    /// What a site that names no pool asks.
    private func onlyPool(of site: Section) -> String {
        if pools.count > 1 {
            site.report(
                .missingKey(
                    expected: "the name of a pool, since there are "
                        + pools.map { "\"\($0.name)\"" }.joined(separator: ", ")),
                at: "origins")
        }
        return pools.first?.name ?? ""
    }
}

/// Something that is allowed and probably not meant.
package struct SettingsAdvice: Equatable, Sendable {
    package let key: String
    package let line: Int
    package let sentence: String
}

/// The lines in which things stood that may stand once.
private struct FirstLines {
    private var lines: [String: Int] = [:]

    /// Reports `name` when it was noted before.
    mutating func note(_ name: String, in section: Section, at key: String) {
        let line = section.line(of: key)
        if let first = lines[name] {
            section.report(.duplicate(found: name, firstLine: first), at: key)
        } else {
            lines[name] = line
        }
    }
}
