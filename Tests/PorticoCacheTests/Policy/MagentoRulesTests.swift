import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

@Suite("What Magento's own Varnish configuration does")
struct MagentoRulesTests {
    private func key(_ head: RequestHead) -> String {
        var buffer = Buffer()
        _ = KeyRules(CacheSettings(), seed: (1, 2))
            .write(head, isHTTPS: false, style: .magento, into: &buffer)
        return buffer.bytes.text
    }

    @Test(arguments: [
        ("/checkout/cart", true), ("/de/customer/account", true), ("/a?back=/checkout", true),
        ("/health_check.php", true), ("/pub/health_check.php", true), ("/women.html", false),
        ("/graphql?query=x", false),
    ])
    func `some paths are never cached`(_ path: String, _ bypasses: Bool) {
        #expect(MagentoRules.bypasses(request("http://h" + path)) == bypasses)
    }

    @Test func `GraphQL of a customer is cached only where the shop says which answers are alike`()
    {
        let url = "http://h/graphql?query=x"
        #expect(MagentoRules.bypasses(request(url, "Authorization: Bearer t")))
        #expect(
            !MagentoRules.bypasses(
                request(url, "Authorization: Bearer t\nX-Magento-Cache-Id: 9")))
    }

    @Test(arguments: [
        "utm_source=a", "gclid=1", "_bta_tid=1", "mkcid=1", "mc_eid=2", "piwik_campaign=1",
        "redirect_log_mongo_id=1", "fbclid", "gad_source=1", "matomo_x=1",
    ])
    func `parameters of advertisers are left out`(_ parameter: String) {
        #expect(key(request("http://h/a?p=2&\(parameter)")) == "h\nh\n/a?p=2\n\n")
    }

    @Test(arguments: ["utm_=1", "utm_a1=1", "mkcidx=1", "mkc=1", "UTM_source=1", "x_ga=1"])
    func `what only looks like one stays`(_ parameter: String) {
        #expect(key(request("http://h/a?\(parameter)")) == "h\nh\n/a?\(parameter)\n\n")
    }

    @Test func `a GraphQL query is its parameters`() {
        #expect(key(request("http://h/graphql?query=x&utm_source=a")).contains("utm_source"))
    }

    @Test func `customer groups have pages of their own`() {
        let cookie = "Cookie: a=b; X-Magento-Vary=g1"
        #expect(key(request("http://h/a", cookie)) == "h\nh\n/a\n\n=g1")
        #expect(key(request("http://h/static/a.css", cookie)) == "h\nh\n/static/a.css\n\n")
        let words = "\nStore: de\nContent-Currency: EUR\nX-Magento-Cache-Id: 7"
        #expect(
            key(request("http://h/graphql?q", cookie + words))
                == "h\nh\n/graphql?q\n\n\n7\n\nde\nEUR")
        #expect(
            key(request("http://h/graphql?q", "Authorization: Bearer x" + words))
                == "h\nh\n/graphql?q\n\n\n7\nauthorised\nde\nEUR")
    }

    @Test func `errors and new groups are for one client alone`() {
        let page = request("http://h/")
        for status in [403, 404, 500, 503] as [UInt16] {
            #expect(MagentoRules.isPrivate(response("", status), to: page))
        }
        #expect(!MagentoRules.isPrivate(response("Set-Cookie: PHPSESSID=1"), to: page))
        let sets = response("Set-Cookie: X-Magento-Vary=g; path=/")
        #expect(MagentoRules.isPrivate(sets, to: page))
        #expect(
            !MagentoRules.isPrivate(sets, to: request("http://h/", "Cookie: X-Magento-Vary=g")))
        let asked = request("http://h/graphql?q", "X-Magento-Cache-Id: 1")
        #expect(MagentoRules.isPrivate(response("X-Magento-Cache-Id: 2"), to: asked))
        #expect(!MagentoRules.isPrivate(response("X-Magento-Cache-Id: 1"), to: asked))
    }

    @Test func `browsers do not keep pages, and see nothing of the shop's inside`() {
        var page = response(
            "Cache-Control: public, max-age=60\nExpires: x\nPragma: cache\nServer: Apache\n"
                + "X-Powered-By: PHP\nX-Magento-Tags: a\nLink: x\nAge: 5\nContent-Type: text/html")
        MagentoRules.finish(&page, to: request("http://h/"), .hit)
        #expect(
            shown(page.fields) == [
                "Content-Type: text/html", "Pragma: no-cache", "Expires: -1",
                "Cache-Control: no-store, no-cache, must-revalidate, max-age=0",
                "X-Magento-Cache-Debug: HIT", "Grace: none",
            ])
        var file = response("Cache-Control: max-age=60")
        MagentoRules.finish(&file, to: request("http://h/static/a.css"), .miss)
        #expect(
            shown(file.fields) == ["Cache-Control: max-age=60", "X-Magento-Cache-Debug: MISS"])
        var debugged = response("Cache-Control: private\nX-Magento-Debug: 1\nAge: 5")
        MagentoRules.finish(&debugged, to: request("http://h/"), .uncacheable)
        #expect(
            shown(debugged.fields) == [
                "Cache-Control: private", "Age: 5", "X-Magento-Cache-Debug: UNCACHEABLE",
            ])
    }
}
