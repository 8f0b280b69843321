import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

@Suite("Primary keys (RFC 9111 §2)")
struct KeyRulesTests {
    private func key(_ head: RequestHead, _ settings: CacheSettings, isHTTPS: Bool = false)
        -> (text: String, target: String, key: CacheKey)
    {
        var buffer = Buffer()
        let key = KeyRules(settings, seed: (1, 2)).write(head, isHTTPS: isHTTPS, into: &buffer)
        return (buffer.bytes.text, buffer.bytes.extracting(key.target.range).text, key)
    }

    @Test(arguments: [
        ("http://H.Test/P", false, "h\nh.test\n/P\n"), ("http://h:80/", false, "h\nh\n/\n"),
        ("http://h:443/", false, "h\nh:443\n/\n"), ("https://h:443", true, "s\nh\n/\n"),
        ("https://h:080/", true, "s\nh:80\n/\n"),
        ("http://[::A]:8/a%2fb", false, "h\n[::a]:8\n/a%2fb\n"),
        ("http://h?", false, "h\nh\n/?\n"), ("http://h/?x=%20", false, "h\nh\n/?x=%20\n"),
    ])
    func `scheme, authority, path and query`(_ url: String, _ isHTTPS: Bool, _ text: String) {
        #expect(key(request(url), CacheSettings(), isHTTPS: isHTTPS).text == text)
    }

    static let queries: [(String, String, String)] = [
        ("b=2&a=1", "/?a=1&b=2", "/?b=2&a=1"), ("a=2&a=1", "/?a=2&a=1", "/?a=2&a=1"),
        ("b&a=2&a=1&aa", "/?a=2&a=1&aa&b", "/?b&a=2&a=1&aa"),
        ("utm_source=x&a=1", "/?a=1", "/?a=1"), ("utm_source=x", "/", "/"),
        ("gclid", "/", "/"), ("gclid2=1", "/?gclid2=1", "/?gclid2=1"),
        ("UTM_x=1", "/?UTM_x=1", "/?UTM_x=1"),
        ("b&&a", "/?a&b", "/?b&&a"), ("", "/?", "/?"), ("a=b=c", "/?a=b=c", "/?a=b=c"),
        ("z_utm_=1&xay=2", "/?z_utm_=1", "/?z_utm_=1"),
    ]

    @Test(arguments: queries)
    func `queries are sorted by name and ignored parameters left out`(
        _ query: String, _ sorted: String, _ unsorted: String
    ) {
        var settings = CacheSettings()
        settings.ignoreQuery = ["utm_*", "gclid", "x*y"]
        #expect(key(request("http://h/?\(query)"), settings).target == sorted)
        settings.sortQuery = false
        #expect(key(request("http://h/?\(query)"), settings).target == unsorted)
    }

    @Test func `thousands of parameters are sorted at once`() {
        let names = (0..<5000).map { String($0 * 7919 % 5000) }
        let target = key(request("http://h/?" + names.joined(separator: "&")), CacheSettings())
            .target
        #expect(target == "/?" + names.sorted().joined(separator: "&"))
    }

    @Test func `a cookie is part of the key and not of the resource`() {
        var settings = CacheSettings()
        settings.varyCookie = "v"
        let none = key(request("http://h/"), settings)
        let empty = key(request("http://h/", "Cookie: v="), settings)
        let one = key(request("http://h/", "Cookie: av=2; v=1;v=3"), settings)
        let again = key(request("http://h/", "Cookie: x=y\nCookie: v=1"), settings)
        #expect(one.text == again.text)
        #expect(one.key.digest == again.key.digest)
        #expect(Set([none.text, empty.text, one.text]).count == 3)
        #expect(Set([none.key.digest, empty.key.digest, one.key.digest]).count == 3)
        #expect(none.key.resourceDigest == one.key.resourceDigest)
        #expect(none.key.resourceDigest == none.key.digest)
    }
}

@Suite("Vary (RFC 9111 §4.1)")
struct VariantTests {
    private func values(_ vary: String, _ lines: String) -> String? {
        var buffer = Buffer()
        guard let names = VaryNames(fields(vary)) else { return nil }
        names.writeValues(of: fields(lines), into: &buffer)
        return buffer.bytes.text
    }

    static let same: [(String, String, String)] = [
        ("Foo", "Foo: 1, 2", "Foo: 1\nfoo: 2"), ("foo", "FOO: 1,2", "Foo:  1 ,\t2 "),
        ("Foo, Bar", "Foo: 1\nBar: 2", "Bar: 2\nFoo: 1"), ("Foo", "X: 1", "X: 2"),
        ("Foo", "Foo: a  b", "Foo: a b"),
        ("Accept-Language", "Accept-Language: en, de", "Accept-Language: DE,en"),
        (
            "Accept-Encoding", "Accept-Encoding: gzip, br;q=1",
            "Accept-Encoding: br; q=1\nAccept-Encoding: gzip, gzip"
        ),
        ("User-Agent", "User-Agent: a", "User-Agent: a "),
    ]

    @Test(arguments: same)
    func `requests that select the same`(_ vary: String, _ left: String, _ right: String) {
        let left = values("Vary: \(vary)", left)
        #expect(left != nil)
        #expect(left == values("Vary: \(vary)", right))
    }

    static let different: [(String, String, String)] = [
        ("Foo", "Foo: 1", "Foo: 2"), ("Foo", "Foo: 1", "X: 1"), ("Foo", "Foo:", "X: 1"),
        ("Foo", "Foo: a", "Foo: A"), ("Foo", "Foo: 1, 2", "Foo: 2, 1"),
        ("Foo", "Foo: \"a b\"", "Foo: \"a  b\""),
        ("Foo", "Foo: \"a,b\"", "Foo: \"a, b\""), ("Foo, Bar", "Foo: 1", "Bar: 1"),
        ("Accept-Language", "Accept-Language: en", "Accept-Language: en;q=0"),
        ("Foo", "Foo: a b", "Foo: ab"),
        ("Foo, Bar", "Foo: 1\nBar: 2", "Foo: 2\nBar: 1"),
    ]

    @Test(arguments: different)
    func `requests that select something else`(_ vary: String, _ left: String, _ right: String) {
        #expect(values("Vary: \(vary)", left) != values("Vary: \(vary)", right))
    }

    @Test func `a star matches nothing, nor do more names than anybody means`() {
        for text in ["Vary: *", "Vary: a, *", "Vary: ,\nVary: *"] {
            #expect(values(text, "") == nil)
        }
        let many = (0..<65).map { "f\($0)" }.joined(separator: ",")
        #expect(values("Vary: \(many)", "") == nil)
    }

    @Test func `a list too long for a browser still matches itself`() {
        let long = "Accept-Language: " + (0..<5000).map { "l\($0)" }.joined(separator: ", ")
        #expect(values("Vary: accept-language", long) == values("Vary: Accept-Language", long))
    }

    @Test func `the newest of those that match is chosen`() throws {
        func variant(_ lines: String, _ vary: String, _ date: Int64) throws -> Variant {
            try #require(Variant(fields(lines), fields(vary), date: date))
        }
        let all = try [
            variant("Foo: 1", "Vary: Foo", 5), variant("Foo: 2", "Vary: Foo", 9),
            variant("Foo: 1\nBar: 1", "Vary: Foo, Bar", 7), variant("Foo: 1", "Vary: Foo", 6),
        ]
        var scratch = Buffer()
        func select(_ lines: String) -> Int? {
            Variant.select(for: fields(lines), among: all.count, scratch: &scratch) { all[$0] }
        }
        #expect(select("Foo: 1") == 3)
        #expect(select("Foo: 1\nBar: 1") == 2)
        #expect(select("Foo: 2\nBar: 1") == 1)
        #expect(select("Foo: 3") == nil)
        #expect(select("X: 1") == nil)
        #expect(all[0].replaces(all[3]))
        #expect(!all[0].replaces(all[2]))
        let plain = try variant("", "X: 1", 0)
        #expect(
            Variant.select(for: fields("A: 1"), among: 1, scratch: &scratch) { _ in plain } == 0)
    }
}
