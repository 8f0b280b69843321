import PorticoBytes
import PorticoHTTP
import PorticoOrigins
import Testing

@testable import PorticoExchange

@Suite("Sites by host")
struct SiteTableTests {
    private func found(_ host: String, among hosts: [[String]]) -> [String]? {
        let pool = makePool()
        let table = SiteTable(hosts.map { makeSite($0, pool: pool) })
        let bytes = Array(host.utf8)
        return table.find(host: bytes.span)?.hosts
    }

    private let hosts = [
        ["*"], ["*.example"], ["*.shop.example"], ["shop.example", "www.shop.example"],
        ["[2001:db8::1]"],
    ]

    @Test(arguments: [
        ("shop.example", "shop.example"), ("SHOP.Example", "shop.example"),
        ("shop.example.", "shop.example"), ("www.shop.example", "shop.example"),
        ("m.shop.example", "*.shop.example"), ("a.b.shop.example", "*.shop.example"),
        ("other.example", "*.example"), ("myshop.example", "*.example"), ("example", "*"),
        ("", "*"), (".", "*"), ("192.0.2.1", "*"), ("[2001:DB8::1]", "[2001:db8::1]"),
        (".example", "*"),
    ])
    func `the exact name, then the longest wildcard, then any`(_ host: String, _ first: String) {
        #expect(found(host, among: hosts)?.first == first)
        #expect(found(host, among: hosts.reversed())?.first == first)
    }

    @Test(arguments: ["other.test", "", "shop.example.test", "xshop.example"])
    func `no site without any`(_ host: String) {
        #expect(found(host, among: [["shop.example"], ["*.shop.example"]]) == nil)
    }
}

@Suite("Routes within a site")
struct RouteTests {
    private func route(_ path: String, _ patterns: [String]) -> Int {
        let pool = makePool()
        let routes = patterns.enumerated().map { index, pattern in
            Route(
                pattern: PathPattern(pattern), pool: pool, hashKey: nil, retryAfter: index,
                allow: nil)
        }
        let site = Site(
            hosts: ["*"], routes: routes,
            otherwise: Route(
                pattern: nil, pool: pool, hashKey: nil, retryAfter: -1, allow: nil),
            denied: NetworkList(), redirectsToHTTPS: false, hsts: [])
        let bytes = Array(path.utf8)
        return site.route(path: bytes.span).retryAfter
    }

    @Test(arguments: [
        ("/a/b", 0), ("/a/", 0), ("/a", 2), ("/A/B", 0), ("/x/../a/b", 0), ("//a//b", 0),
        ("/%61/b", 0), ("/img.png", 1), ("/", 2), ("", 2), ("*", 2),
    ])
    func `the first that matches the path in normal form`(_ path: String, _ index: Int) {
        #expect(route(path, ["/a/*", "*.png", "*"]) == index)
    }

    @Test func `what none matches is the site's own`() {
        #expect(route("/b", ["/a"]) == -1)
        #expect(route("/b", []) == -1)
    }
}

@Suite("What requests are spread by")
struct RequestKeyTests {
    private func hash(
        _ key: RequestKey, _ text: String, from client: String = "192.0.2.1"
    ) -> UInt64? {
        key.hash(of: makeRequest(text), from: makeFacts(client))
    }

    @Test func `each kind looks at its own part`() {
        let one = "GET /a?x=1 HTTP/1.1\nX-Tenant: t\nCookie: sid=5; other=6"
        let two = "GET /a?x=2 HTTP/1.1\nx-tenant: t\nCookie: a=b\nCookie: other=7;sid=5"
        #expect(hash(.path, one) == hash(.path, two))
        #expect(hash(.url, one) != hash(.url, two))
        #expect(hash(.url, one) == hash(.url, one, from: "192.0.2.2"))
        #expect(
            hash(.header(Array("X-Tenant".utf8)), one) == hash(.header(Array("x-tenant".utf8)), two)
        )
        #expect(hash(.cookie(Array("sid".utf8)), one) == hash(.cookie(Array("sid".utf8)), two))
        #expect(hash(.cookie(Array("other".utf8)), one) != hash(.cookie(Array("other".utf8)), two))
        #expect(hash(.clientIP, one) == hash(.clientIP, two))
        #expect(hash(.clientIP, one) != hash(.clientIP, one, from: "192.0.2.2"))
    }

    @Test(arguments: ["", "Cookie: sidx=1; xsid=2; sid", "Cookie: SID=1"])
    func `a request without the cookie or the field has no key`(_ fields: String) {
        let text = "GET / HTTP/1.1\n" + fields
        #expect(hash(.cookie(Array("sid".utf8)), text) == nil)
        #expect(hash(.header(Array("x-tenant".utf8)), text) == nil)
    }

    @Test func `the value is the same in every process`() {
        #expect(hash(.path, "GET /a HTTP/1.1") == hash(.header([0x78]), "GET / HTTP/1.1\nx: /a"))
    }

    @Test func `settings' words are understood`() {
        #expect(HashKey("path").map { RequestKey($0) } == .path)
        #expect(HashKey("url").map { RequestKey($0) } == .url)
        #expect(HashKey("client_ip").map { RequestKey($0) } == .clientIP)
        #expect(HashKey("header:X-A").map { RequestKey($0) } == .header(Array("X-A".utf8)))
        #expect(HashKey("cookie:sid").map { RequestKey($0) } == .cookie(Array("sid".utf8)))
    }
}
