import PorticoBytes
import PorticoCache
import PorticoExchange
import PorticoImage
import PorticoLimits
import PorticoOrigins
import PorticoServer
import PorticoSettings
import PorticoTLS
import PorticoTelemetry
import PorticoWAF
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    static let pool = "[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n"

    static func load(_ text: String, file: String = "config.toml") throws(SettingsFaults)
        -> Configuration
    {
        try Configuration.load(text: text, file: file, environment: [:])
    }

    static func faults(_ text: String) -> [SettingsFault] {
        do throws(SettingsFaults) {
            _ = try load(text)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `one origin pool is a whole configuration`() throws {
        let configuration = try Self.load(Self.pool)
        #expect(configuration.server == ServerSettings())
        #expect(configuration.listeners == [ListenSettings()])
        #expect(configuration.tls == TLSSettings())
        #expect(configuration.limits == LimitsSettings())
        #expect(configuration.cache == CacheSettings())
        #expect(configuration.images == ImageSettings())
        #expect(configuration.admin == AdminSettings())
        #expect(configuration.log == LogSettings())
        #expect(configuration.wafs.isEmpty && configuration.rateLimits.isEmpty)
        var pool = PoolSettings(name: "shop")
        pool.nodes = [NodeSettings(.address(IPAddress(v4: 0x7F00_0001)), port: 9001)]
        #expect(configuration.pools == [pool])
        var site = SiteSettings()
        site.origins = "shop"
        #expect(configuration.sites == [site])
        #expect(configuration.text == Self.pool)
        #expect(configuration.advice.isEmpty)
    }

    @Test func `an empty file lacks a pool`() throws {
        for text in ["", "[origins]"] {
            let fault = try #require(Self.faults(text).first)
            #expect(fault.kind == .missingKey(expected: fault.expected))
            #expect(fault.key == "origins")
        }
    }

    @Test func `written defaults are the defaults`() throws {
        let written = try Self.load(Self.everyKeyAtItsDefault)
        let silent = try Self.load(Self.pool)
        #expect(written.server == silent.server)
        #expect(written.listeners == silent.listeners)
        #expect(written.tls == silent.tls)
        #expect(written.limits == silent.limits)
        #expect(written.pools == silent.pools)
        #expect(written.sites == silent.sites)
        #expect(written.cache == silent.cache)
        #expect(written.images == silent.images)
        #expect(written.admin == silent.admin)
        #expect(written.log == silent.log)
        var waf = WAFSettings(name: "other")
        waf.mode = .block
        #expect(written.wafs == [waf])
    }

    @Test func `every key reads what was written`() throws {
        let read = try Self.load(Self.everyKeyAtAnotherValue, file: "/etc/portico/config.toml")

        var server = ServerSettings()
        server.workers = 3
        server.stateDirectory = "/var/lib/portico"
        server.user = "portico"
        server.shutdownGrace = .seconds(60)
        #expect(read.server == server)

        var first = ListenSettings()
        first.address = try #require(SocketAddress("0.0.0.0:80"))
        first.h2c = true
        first.proxyProtocol = true
        first.trustedProxies = try NetworkList([Network("10.0.0.0/8"), Network("fd00::/8")])
        var second = ListenSettings()
        second.address = try #require(SocketAddress("[::]:443"))
        second.tls = true
        second.http2 = false
        #expect(read.listeners == [first, second])

        #expect(read.tls.minVersion == .v13)
        #expect(read.tls.certificates.map(\.cert) == ["/etc/portico/a.pem", "/b.pem"])
        #expect(read.tls.certificates.map(\.key) == ["/etc/portico/a.key", "/b.key"])

        var limits = LimitsSettings()
        limits.headerBytes = 32 << 10
        limits.headerCount = 64
        limits.responseHeaderBytes = 128 << 10
        limits.uriBytes = 8 << 10
        limits.bodyBytes = 10_000_000_000
        limits.headerTimeout = .seconds(5)
        limits.bodyTimeout = .seconds(6)
        limits.idleTimeout = .seconds(120)
        limits.connections = 1_000_000
        limits.connectionsPerIP = 100
        limits.streamsPerConnection = 64
        #expect(read.limits == limits)

        var pool = PoolSettings(name: "app")
        var named = NodeSettings(.name("app.internal"), port: 8443)
        named.weight = 5
        named.backup = true
        named.tls = true
        named.sni = "app.example"
        named.ca = "/etc/portico/ca.pem"
        pool.nodes = [
            NodeSettings(.address(IPAddress(high: 0, low: 1)), port: 80),
            NodeSettings(.name("localhost"), port: 81), named,
        ]
        pool.balance = .consistentHash
        pool.hashKey = .header("X-User")
        pool.retries = 0
        pool.connectTimeout = .milliseconds(500)
        pool.firstByteTimeout = .seconds(1)
        pool.betweenBytesTimeout = .seconds(2)
        pool.connectionsPerNode = 10
        pool.keepalive = 5
        pool.health.path = "/up?x=1"
        pool.health.interval = .seconds(5)
        pool.health.timeout = .milliseconds(300)
        pool.health.fall = 1
        pool.health.rise = 4
        pool.health.expect = [200, 204]
        pool.ejection.consecutiveFailures = 7
        pool.ejection.duration = .seconds(30)
        var tlsPool = PoolSettings(name: "api")
        tlsPool.nodes = [NodeSettings(.address(IPAddress(v4: 0x0A00_0001)), port: 443)]
        tlsPool.nodes[0].tls = true
        tlsPool.protocol = .h2
        #expect(read.pools == [pool, tlsPool])

        var site = SiteSettings()
        site.hosts = ["shop.example", "*.shop.example", "10.0.0.1", "[::1]"]
        site.origins = "app"
        site.serviceID = "id"
        site.cache = false
        site.waf = "strict"
        site.images = true
        site.rateLimits = ["login", "all"]
        site.compress = false
        site.compressMinBytes = 2000
        site.preset = .magento
        site.typeKeys = true
        site.redirectHTTPS = true
        site.hsts = .seconds(365 * 86_400)
        site.allowFiles = ["/etc/portico/allow.txt"]
        site.denyFiles = ["/deny.txt"]
        var route = RouteSettings()
        route.path = "/admin/*"
        route.cache = false
        route.allow = try NetworkList([Network("127.0.0.0/8")])
        route.origins = "api"
        var exclude = WAFExcludeSettings()
        exclude.rules = [942_100...942_100, 942_200...942_299, 7...7]
        exclude.tags = ["attack-*"]
        exclude.targets = ["ARGS:description"]
        route.wafExcludes = [exclude]
        var rest = RouteSettings()
        rest.path = "*.php"
        site.routes = [route, rest]
        #expect(read.sites == [site])

        var cache = CacheSettings()
        cache.memoryBytes = 1 << 30
        cache.diskBytes = 10_000_000_000
        cache.maxObjectBytes = 1 << 20
        cache.defaultTTL = .seconds(60)
        cache.directory = "objects"
        cache.grace = .seconds(10)
        cache.keep = .zero
        cache.ignoreQuery = ["utm_*", "gclid"]
        cache.sortQuery = false
        cache.tagHeaders = ["X-Tags"]
        cache.varyCookie = "X-Magento-Vary"
        cache.setCookie = .strip
        #expect(read.cache == cache)

        var waf = WAFSettings(name: "strict")
        waf.mode = .detect
        waf.rules = ["/etc/portico/rules/*.conf", "/rules/a.conf"]
        waf.log = ""
        waf.requestBodyBytes = 1 << 20
        waf.responseBodyBytes = 64 << 10
        waf.onPoolFull = .pass
        #expect(read.wafs == [waf])

        var login = RateLimitSettings()
        login.name = "login"
        login.key = [.clientNet, .header("X-Key"), .cookie("sid"), .path, .host]
        login.rate = Rate(600, per: .seconds(60))
        login.burst = 20
        login.match.site = "shop.example"
        login.match.path = "/login"
        login.match.methods = ["POST", "PUT"]
        login.action = .delay
        var all = RateLimitSettings()
        all.name = "all"
        all.rate = Rate(50, per: .seconds(1))
        all.burst = 50
        #expect(read.rateLimits == [login, all])

        var images = ImageSettings()
        images.paths = ["/media/*"]
        images.maxPixels = 50_000_000
        images.maxOutput = 4096
        images.workers = 2
        images.timeout = .seconds(3)
        images.memoryBytes = 256 << 20
        images.quality = 70
        images.auto = [.avif, .webp]
        images.strict = true
        images.clientHints = true
        images.onSourceError = .unprocessable
        #expect(read.images == images)

        var admin = AdminSettings()
        admin.address = try #require(SocketAddress("10.0.0.1:9000"))
        admin.purgeFrom = try NetworkList([Network("10.1.0.0/16")])
        var token = AdminTokenSettings()
        token.name = "shop"
        token.digest = [UInt8](0..<32)
        token.sites = ["id"]
        token.scopes = [.purgeSelect, .read, .origins]
        var root = AdminTokenSettings()
        root.name = "root"
        root.digest = [UInt8](repeating: 0xAB, count: 32)
        root.scopes = .admin
        admin.tokens = [token, root]
        #expect(read.admin == admin)
        #expect(read.advice.map(\.key) == ["admin.address"])

        var log = LogSettings()
        log.access = .file("/etc/portico/access.log")
        log.format = .combined
        log.redact = ["token", "sess*"]
        log.level = .debug
        #expect(read.log == log)
    }

    /// One fault a row; the pool stands before, in lines 1 and 2.
    @Test(arguments: [
        ("[sever]", 3, 2, "sever: no such key; did you mean \"server\"?"),
        ("[server]\nworkrs = 1", 4, 1, "server.workrs: no such key; did you mean \"workers\"?"),
        ("[server]\nworkers = -1", 4, 11, "server.workers: found -1; allowed is from 0 to 1024"),
        (
            "[[listen]]\naddress = \"localhost:80\"", 4, 11,
            "listen[0].address: found \"localhost:80\"; it takes an IP"
        ),
        (
            "[[listen]]\nh2c = true\ntls = true", 4, 7,
            "listen[0].h2c: h2c is for listeners without TLS"
        ),
        (
            "[[listen]]\nproxy_protocol = true", 4, 18,
            "listen[0].proxy_protocol: proxy_protocol needs"
        ),
        (
            "[[listen]]\naddress = \"1.1.1.1:8\"\n[[listen]]\naddress = \"1.1.1.1:8\"", 6, 11,
            "listen[1].address: \"1.1.1.1:8\" stands already in line 4; it may stand once"
        ),
        (
            "[[listen]]\n[[listen]]", 4, 1,
            "listen[1].address: \"127.0.0.1:8080\" stands already in line 3"
        ),
        (
            "[[listen]]\naddress = \"127.0.0.1:8081\"", 4, 11,
            "listen[0].address: the admin API listens there already"
        ),
        (
            "[tls]\nmin_version = \"1.1\"", 4, 15,
            "tls.min_version: found \"1.1\"; allowed are \"1.2\", \"1.3\""
        ),
        (
            "[tls]\ncertificates = [{ cert = \"a\" }]", 4, 17,
            "tls.certificates[0].key: is missing; it takes the path"
        ),
        (
            "[limits]\nheader_bytes = \"1GB\"", 4, 16,
            "limits.header_bytes: found 1GB; allowed is 1KiB to 16MiB"
        ),
        ("[limits]\nbody_bytes = 0", 4, 14, "limits.body_bytes: found 0; allowed is 1B and more"),
        ("[origins.b]", 3, 1, "origins.b.nodes: is missing; it takes an array of nodes"),
        (
            "[origins.b]\nnodes = []", 4, 9,
            "origins.b.nodes: found no node; allowed is one and more"
        ),
        (
            "[origins.b]\nnodes = [\"a:1\", \"a\"]", 4, 17,
            "origins.b.nodes[1]: found \"a\"; it takes host:port"
        ),
        (
            "[origins.b]\nnodes = [\"a:1\", \"A:1\"]", 4, 17,
            "origins.b.nodes[1]: \"a:1\" stands already in line 4"
        ),
        (
            "[origins.b]\nnodes = [\"a:0\"]", 4, 10,
            "origins.b.nodes[0]: found \"a:0\"; it takes host:port"
        ),
        (
            "[origins.b]\nnodes = [\"::1:80\"]", 4, 10,
            "origins.b.nodes[0]: found \"::1:80\"; it takes host:port"
        ),
        (
            "[origins.b]\nnodes = [3]", 4, 10,
            "origins.b.nodes[0]: found a whole number; it takes a table"
        ),
        ("[origins.b]\nnodes = [{ weight = 2 }]", 4, 10, "origins.b.nodes[0].address: is missing"),
        (
            "[origins.b]\nnodes = [{ address = \"a:1\", wieght = 2 }]", 4, 29,
            "origins.b.nodes[0].wieght: no such key; did you mean \"weight\"?"
        ),
        (
            "[origins.b]\nnodes = [{ address = \"a:1\", tls = false }]\nprotocol = \"h2\"", 4, 35,
            "origins.b.nodes[0].tls: protocol = \"h2\" is over TLS"
        ),
        (
            "[origins.b]\nnodes = [\"a:1\"]\nprotocol = \"http2\"", 5, 12,
            "origins.b.protocol: found \"http2\"; allowed are \"http/1.1\", \"h2\", \"h2c\""
        ),
        (
            "[origins.b]\nnodes = [\"a:1\"]\nhash_key = \"header:\"", 5, 12,
            "origins.b.hash_key: found \"header:\"; it takes path,"
        ),
        (
            "[origins.b]\nnodes = [\"a:1\"]\n[origins.b.health]\npath = \"health\"", 6, 8,
            "origins.b.health.path: found \"health\"; it takes a path"
        ),
        (
            "[origins.b]\nnodes = [\"a:1\"]\n[origins.b.health]\nexpect = [20]", 6, 11,
            "origins.b.health.expect[0]: found 20; allowed is from 100 to 599"
        ),
        (
            "[origins.b]\nnodes = [\"a:1\"]\n[origins.b.heath]", 5, 12,
            "origins.b.heath: no such key; did you mean \"health\"?"
        ),
        (
            "[[site]]\norigins = \"shp\"", 4, 11,
            "site[0].origins: there is no origin pool \"shp\"; defined are \"shop\"; did you mean \"shop\"?"
        ),
        (
            "[[site]]\nwaf = \"main\"", 4, 7,
            "site[0].waf: there is no WAF \"main\"; none is defined"
        ),
        (
            "[[site]]\nrate_limits = [\"x\"]", 4, 16,
            "site[0].rate_limits[0]: there is no rate limit \"x\""
        ),
        (
            "[[site]]\nhosts = [\"a.b:80\"]", 4, 10,
            "site[0].hosts[0]: found \"a.b:80\"; it takes a host"
        ),
        ("[[site]]\nhosts = [\"a.*\"]", 4, 10, "site[0].hosts[0]: found \"a.*\"; it takes a host"),
        ("[[site]]\nhosts = []", 4, 9, "site[0].hosts: found no host; allowed is one and more"),
        ("[[site]]\nhosts = [\"a\", \"A\"]", 4, 9, "site[0].hosts: \"a\" stands already in line 4"),
        (
            "[[site]]\n[[site]]\nhosts = [\"*\"]", 5, 9,
            "site[1].hosts: \"*\" stands already in line 3"
        ),
        ("[[site]]\nhsts = \"long\"", 4, 8, "site[0].hsts: found \"long\"; it takes a duration"),
        (
            "[[site]]\npreset = \"shopify\"", 4, 10,
            "site[0].preset: found \"shopify\"; allowed are \"\", \"magento\""
        ),
        (
            "[[site]]\n[[site.route]]\ncache = false", 4, 1,
            "site[0].route[0].path: is missing; it takes a path"
        ),
        (
            "[[site]]\n[[site.route]]\npath = \"admin\"", 5, 8,
            "site[0].route[0].path: found \"admin\"; it takes a path"
        ),
        (
            "[[site]]\n[[site.route]]\npath = \"/\"\nallow = []", 6, 9,
            "site[0].route[0].allow: an empty list lets nobody in"
        ),
        (
            "[[site]]\n[[site.route]]\npath = \"/\"\norigins = \"x\"", 6, 11,
            "site[0].route[0].origins: there is no origin pool"
        ),
        (
            "[[site]]\n[[site.route]]\npath = \"/\"\n[[site.route.waf_exclude]]\nrules = [\"9-1\"]",
            7, 10,
            "site[0].route[0].waf_exclude[0].rules[0]: found \"9-1\"; it takes a rule id"
        ),
        (
            "[[site]]\n[[site.route]]\npath = \"/\"\n[[site.route.waf_exclude]]\ntargets = [\"ARGS\"]",
            6, 1,
            "site[0].route[0].waf_exclude[0]: is missing; it takes rules, tags or both"
        ),
        ("[site]", 3, 1, "site: found a table; it takes an array of tables, each under [[site]]"),
        (
            "[cache]\nset_cookie = \"keep\"", 4, 14,
            "cache.set_cookie: found \"keep\"; allowed are \"private\""
        ),
        (
            "[cache]\ntag_headers = [\"a b\"]", 4, 16,
            "cache.tag_headers[0]: found \"a b\"; it takes a field name"
        ),
        (
            "[waf.x]\nmode = \"on\"", 4, 8,
            "waf.x.mode: found \"on\"; allowed are \"block\", \"detect\", \"off\""
        ),
        ("[waf]\nmode = \"on\"", 4, 8, "waf.mode: found a string; it takes a table"),
        ("[[rate_limit]]\nname = \"a\"", 3, 1, "rate_limit[0].rate: is missing; it takes a rate"),
        (
            "[[rate_limit]]\nrate = \"1/s\"", 3, 1,
            "rate_limit[0].name: is missing; it takes the name"
        ),
        (
            "[[rate_limit]]\nname = \"a\"\nrate = \"1/s\"\nkey = \"ip\"", 6, 7,
            "rate_limit[0].key: found \"ip\"; it takes client_ip"
        ),
        (
            "[[rate_limit]]\nname = \"a\"\nrate = \"1/s\"\nkey = \"path+path\"", 6, 7,
            "rate_limit[0].key: found \"path+path\""
        ),
        (
            "[[rate_limit]]\nname = \"a\"\nrate = \"1/s\"\n[[rate_limit]]\nname = \"a\"\nrate = \"1/s\"",
            7, 8,
            "rate_limit[1].name: \"a\" stands already in line 4"
        ),
        (
            "[[rate_limit]]\nname = \"a\"\nrate = \"1/s\"\nmatch = { site = \"x\" }", 6, 18,
            "rate_limit[0].match.site: there is no site host \"x\"; defined are \"*\""
        ),
        (
            "[images]\nauto = [\"png\"]", 4, 9,
            "images.auto[0]: found \"png\"; allowed are \"avif\", \"webp\""
        ),
        ("[images]\nquality = 0", 4, 11, "images.quality: found 0; allowed is from 1 to 100"),
        (
            "[admin]\naddress = \":81\"", 4, 11,
            "admin.address: found \":81\"; it takes an IP address"
        ),
        (
            "[[admin.token]]\nname = \"a\"", 3, 1,
            "admin.token[0].sha256: is missing; it takes the SHA-256"
        ),
        (
            "[[admin.token]]\nname = \"a\"\nsha256 = \"abc\"", 5, 10,
            "admin.token[0].sha256: found \"abc\"; it takes the SHA-256"
        ),
        ("[log]\nlevel = \"warn\"", 4, 9, "log.level: found \"warn\"; allowed are \"trace\""),
        ("[log]\naccess = \"\"", 4, 10, "log.access: found \"\"; it takes \"stdout\""),
    ])
    func `a fault says where, what was found and what is allowed`(
        _ text: String, _ line: Int, _ column: Int, _ sentence: String
    ) throws {
        // A second pool would have sites name theirs.
        let site = text.contains("[origins.b]") ? "\n[[site]]\norigins = \"shop\"" : ""
        let faults = Self.faults(Self.pool + text + site)
        let fault = try #require(faults.first)
        #expect(faults.count == 1, "\(faults)")
        #expect(
            fault.description.hasPrefix("config.toml:\(line):\(column): \(sentence)"), "\(fault)")
    }

    @Test func `with two pools, sites say which is theirs`() {
        let pools = Self.pool + "[origins.b]\nnodes = [\"a:1\"]\n"
        #expect(Self.faults(pools).map(\.key) == ["origins"])
        #expect(Self.faults(pools + "[[site]]").map(\.key) == ["site[0].origins"])
        #expect(Self.faults(pools + "[[site]]\norigins = \"b\"").isEmpty)
    }

    @Test func `a token's name stands once`() {
        let token =
            "[[admin.token]]\nname = \"a\"\nsha256 = \"\(String(repeating: "0", count: 64))\"\n"
        let found = Self.faults(Self.pool + token + token)
        #expect(found.map(\.kind) == [.duplicate(found: "a", firstLine: 4)])
        #expect(found.map(\.line) == [7])
    }

    @Test func `any free port may be asked for twice`() throws {
        let two = "[[listen]]\naddress = \"127.0.0.1:0\"\n"
        #expect(try Self.load(Self.pool + two + two).listeners.count == 2)
    }

    @Test func `a main WAF holds where a site names none`() throws {
        let main = Self.pool + "[waf.main]\n"
        #expect(try Self.load(main).sites.map(\.waf) == ["main"])
        let sites = main + "[[site]]\nwaf = \"\"\n[[site]]\nhosts = [\"a\"]"
        #expect(try Self.load(sites).sites.map(\.waf) == ["", "main"])
        #expect(try Self.load(Self.pool + "[waf.other]").sites.map(\.waf) == [""])
    }

    @Test func `names are found wherever their sections stand`() throws {
        let text = """
            [[site]]
            origins = "late"
            rate_limits = ["later"]
            [origins.late.health]
            path = "/"
            [[rate_limit]]
            name = "later"
            rate = "1/s"
            [origins.late]
            nodes = ["a:1"]
            """
        let read = try Self.load(text)
        #expect(read.pools.map(\.health.path) == ["/"])
        #expect(read.sites.map(\.rateLimits) == [["later"]])
    }

    @Test func `all faults of a file are reported at once`() {
        let found = Self.faults(
            "[server]\nworkers = \"two\"\n[[listen]]\nadress = 1\n[[site]]\norigins = \"shop\"\n[log]\nlevel = 3\n"
        )
        #expect(found.map(\.line) == [1, 2, 4, 6, 8])
        #expect(
            found.map(\.key) == [
                "origins", "server.workers", "listen[0].adress", "site[0].origins", "log.level",
            ])
    }
}

extension SettingsFault {
    fileprivate var expected: String {
        if case .missingKey(let expected) = kind { expected } else { "" }
    }
}
