import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

/// Requests as clients send them (captured, or from their sources), and what they ask for.
@Suite("Purge orders, by client")
struct PurgeOrderTests {
    private func order(_ text: String) throws -> PurgeOrder {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let words = lines[0].split(separator: " ").map(String.init)
        var head = request(
            "http://shop.example" + words[1], lines.dropFirst().joined(separator: "\n"),
            Method(bytes(words[0]).span))
        head.host = head.authority
        return try PurgeOrder(head)
    }

    private static func tags(_ words: String...) -> PurgeOrder.Aim {
        .target(.tags(words.map { bytes($0) }))
    }

    private static func url(_ host: String, _ url: String) -> PurgeOrder.Aim {
        .target(.urlPattern(PurgePattern.text(host: bytes(host), url: bytes(url))))
    }

    static let single: [(String, PurgeOrder.Aim, PurgeDepth, PurgeOrder.Answer)] = [
        // Fastly, and everybody who purges a URL.
        ("PURGE /women.html", .ownURL, .hard, .purged),
        ("PURGE /women.html\nFastly-Soft-Purge: 1", .ownURL, .soft, .purged),
        ("PURGE /women.html\nFastly-Soft-Purge: 0", .ownURL, .soft, .purged),
        ("PURGE /a\nX-Purge-Token: 1_ab\nX-Magento-Tags-Pattern: .*", .ownURL, .hard, .purged),
        // Magento's CacheInvalidate.
        ("PURGE /\nX-Magento-Tags-Pattern: .*", .target(.everything), .hard, .purged),
        (
            "PURGE /\nX-Magento-Tags-Pattern: ((^|,)cat_p_12(,|$))|((^|,)cat_p(,|$))",
            tags("cat_p_12", "cat_p"), .hard, .purged
        ),
        (
            "PURGE /\nX-Magento-Tags-Pattern: cat_p_1.", .target(.pattern(bytes("cat_p_1."))),
            .hard, .purged
        ),
        (
            "PURGE /\nX-Pool: ^blue$", .target(.pattern(bytes("\nx-pool\n^blue$"))), .hard,
            .purged
        ),
        // Shopware.
        ("PURGE /\nxkey: product-1 product-2", tags("product-1", "product-2"), .hard, .invalidated),
        ("PURGE /\nxkey-softpurge: product-1", tags("product-1"), .soft, .invalidated),
        ("BAN /", .target(.everything), .hard, .banned),
        ("BAN /widgets/.*", url("", "/widgets/.*"), .hard, .banned),
        // FOSHttpCache.
        ("PURGEKEYS /\nxkey-purge: a b", tags("a", "b"), .hard, .purgedAndExpired),
        ("PURGEKEYS /\nxkey-softpurge: a,b", tags("a", "b"), .soft, .purgedAndExpired),
        (
            "BAN /\nX-Host: .*\nX-Url: .*\nX-Content-Type: .*\nX-Cache-Tags: (^|,)(a|b\\-c)(,|$)",
            tags("a", "b-c"), .hard, .banned
        ),
        (
            "BAN /\nX-Host: .*\nX-Url: ^/news\nX-Content-Type: .*", url("", "^/news"), .hard,
            .banned
        ),
        (
            "BAN /\nX-Host: .*\nX-Url: .*\nX-Content-Type: image/png",
            .target(.pattern(bytes("\ncontent-type\nimage/png"))), .hard, .banned
        ),
        (
            "BAN /\nX-Host: ^(a|b)$\nX-Url: ^/x\nX-Content-Type: .*", url("^(a|b)$", "^/x"),
            .hard, .banned
        ),
        ("BAN /\nX-Host: ^a$\nX-Url: .*\nX-Content-Type: .*", url("^a$", ""), .hard, .banned),
        ("BAN /\nX-Host: .*\nX-Url: .*", .target(.everything), .hard, .banned),
        (
            "BAN /\nX-Host: ^a$\nX-Url: ^/x\nX-Content-Type: text/html\nX-Cache-Tags: (^|,)(p)(,|$)",
            .target(
                .allOf([
                    .tags([bytes("p")]),
                    .urlPattern(PurgePattern.text(host: bytes("^a$"), url: bytes("^/x"))),
                    .pattern(bytes("\ncontent-type\ntext/html")),
                ])), .hard, .banned
        ),
        // Drupal's varnish_purger.
        ("BAN /\nCache-Tags: node:1|node:2", tags("node:1", "node:2"), .hard, .banned),
        ("BAN /\nPurge-Cache-Tags: node:1 node_list", tags("node:1", "node_list"), .hard, .banned),
        (
            "BAN /\nCache-Tags: (^|\\s)node:1(\\s|$)",
            .target(.pattern(bytes("(^|\\s)node:1(\\s|$)"))), .hard, .banned
        ),
        // WordPress' Proxy Cache Purge.
        ("PURGE /post\nX-Purge-Method: default", .ownURL, .hard, .purged),
        ("PURGE /post\nX-Purge-Method: exact", .ownURL, .hard, .purged),
        ("PURGE /.*\nX-Purge-Method: regex", .target(.host(bytes("shop.example"))), .hard, .purged),
        (
            "PURGE /blog/.*\nX-Purge-Method: regex", url("^shop\\.example$", "/blog/.*"), .hard,
            .purged
        ),
        (
            "PURGE /\nX-Purge-Method: tags\nX-Cache-Tags-Pattern: (^|,)(p\\-1|t\\-2)(,|$)",
            tags("p-1", "t-2"), .hard, .purged
        ),
        // Souin.
        ("PURGE /souin-api/souin\nSurrogate-Key: a, b", tags("a", "b"), .hard, .purged),
    ]

    @Test(arguments: single)
    func `each client is understood`(
        _ text: String, _ aim: PurgeOrder.Aim, _ depth: PurgeDepth, _ answer: PurgeOrder.Answer
    ) throws {
        let order = try order(text)
        #expect(order.steps == [PurgeOrder.Step(aim, depth)])
        #expect(order.answer == answer)
        #expect(order.asksForEverything == (aim == .target(.everything)))
    }

    @Test func `hard and soft keys come in one request`() throws {
        let order = try order("PURGEKEYS /\nxkey-purge: a\nxkey-softpurge: b c")
        #expect(
            order.steps == [
                .init(Self.tags("a"), .hard), .init(Self.tags("b", "c"), .soft),
            ])
    }

    @Test func `a pattern and a pool are two purges`() throws {
        let order = try order("PURGE /\nX-Magento-Tags-Pattern: .*\nX-Pool: x")
        #expect(order.steps.count == 2)
    }

    @Test func `who names hosts means all sites`() throws {
        #expect(try order("BAN /\nX-Host: ^a$\nX-Url: .*").reach == .everySite)
        #expect(try order("BAN /\nX-Host: .*\nX-Url: ^/x").reach == .hostsSite)
    }

    @Test(arguments: [
        "PURGE /\nX-Magento-Tags-Pattern:", "PURGE /\nX-Pool:  ", "PURGE /\nxkey:",
        "PURGE /\nxkey: ,, ", "PURGEKEYS /", "PURGEKEYS /\nxkey-purge:",
        "PURGE /\nX-Purge-Method: tags", "PURGE /\nSurrogate-Key: ,",
    ])
    func `a field that names nothing is refused`(_ text: String) {
        #expect(throws: PurgeOrder.Fault.namesNothing) { try order(text) }
    }

    @Test func `a pattern that is none is refused before anything is purged`() {
        #expect(throws: PurgeOrder.Fault.pattern(.malformed(at: 1))) {
            try order("PURGE /\nX-Magento-Tags-Pattern: (")
        }
        #expect(throws: PurgeOrder.Fault.pattern(.unsupported(at: 0))) {
            try order("BAN /\nX-Url: (?=a)")
        }
    }

    @Test func `a thousand tags of Magento are a thousand tags`() throws {
        let tags = (0..<1000).map { "cat_p_\($0)" }
        let pattern = tags.map { "((^|,)\($0)(,|$))" }.joined(separator: "|")
        let order = try order("PURGE /\nX-Magento-Tags-Pattern: \(pattern)")
        #expect(order.steps == [.init(.target(.tags(tags.map { bytes($0) })), .hard)])
    }
}
