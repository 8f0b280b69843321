import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

@Suite("Storing responses (RFC 9111 §3)")
struct StorabilityTests {
    private static let fresh = "Cache-Control: max-age=60"

    static let rows: [(String, UInt16, Storability.Reason?)] = [
        (fresh, 200, nil), ("", 200, .useless), ("", 201, .noFreshness),
        ("ETag: \"a\"", 200, nil), ("ETag: \"a\"", 201, .noFreshness),
        ("Last-Modified: @-100", 200, nil), ("Expires: @60", 299, nil),
        ("Cache-Control: max-age=0", 200, .useless),
        ("Cache-Control: max-age=0\nETag: \"a\"", 200, nil),
        ("Cache-Control: max-age=0, stale-if-error=5", 200, nil),
        ("Cache-Control: no-cache", 200, .useless),
        ("Cache-Control: no-cache\nETag: \"a\"", 200, nil),
        ("Expires: 0", 200, .useless), ("Expires: @-1", 200, .useless),
        // §3.1, §15.1 of RFC 9110: explicit freshness allows any final status.
        (fresh, 599, nil), (fresh, 400, nil), (fresh, 503, nil), (fresh, 302, nil),
        (fresh, 103, .status), (fresh, 206, .status), (fresh, 304, .status), (fresh, 412, .status),
        (fresh, 416, .status),
        ("Cache-Control: public\nLast-Modified: @-100", 599, nil),
        ("Cache-Control: no-store", 200, .noStore),
        ("Cache-Control: max-age=60, no-store", 200, .noStore),
        ("Cache-Control: private, max-age=60", 200, .private),
        ("Cache-Control: private=\"x\", max-age=60", 200, nil),
        // §5.2.2.3
        ("Cache-Control: max-age=60, no-store, must-understand", 200, nil),
        ("Cache-Control: max-age=60, no-store, must-understand", 599, .notUnderstood),
        ("\(fresh)\nVary: a, *", 200, .varyAny), ("\(fresh)\nVary: *", 200, .varyAny),
        ("\(fresh)\nVary: ,\nVary: *", 200, .varyAny), ("\(fresh)\nVary: a", 200, nil),
        // §5.4: Pragma says nothing in a response.
        ("\(fresh)\nPragma: no-cache", 200, nil),
        ("\(fresh)\nContent-Range: nonsense", 200, nil),
        // RFC 9213
        ("CDN-Cache-Control: private\n\(fresh)", 200, .private),
        ("CDN-Cache-Control: max-age=9\nCache-Control: no-store", 200, nil),
        ("CDN-Cache-Control: max-age=9, &&\nCache-Control: no-store", 200, .noStore),
        ("Surrogate-Control: no-store\nCDN-Cache-Control: max-age=9", 200, .noStore),
        ("CDN-Cache-Control: foo\nExpires: @60", 200, .useless),
    ]

    @Test(arguments: rows)
    func `§3 what may be stored`(_ lines: String, _ status: UInt16, _ reason: Storability.Reason?) {
        #expect(PolicyClock().reason(lines, status) == reason)
    }

    @Test(arguments: [
        200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501, 201, 302, 403, 502, 503, 504,
    ])
    func `§4.2.2 heuristics only for statuses cacheable by default`(_ status: UInt16) {
        let isDefault = PolicyClock().reason("Last-Modified: @-86400", status) == nil
        #expect(isDefault == ![201, 302, 403, 502, 503, 504].contains(status))
    }

    static let authorized: [(String, Storability.Reason?)] = [
        ("max-age=60", .authorization), ("public, max-age=60", nil), ("s-maxage=60", nil),
        ("max-age=60, must-revalidate", nil), ("max-age=60, proxy-revalidate", .authorization),
    ]

    @Test(arguments: authorized)
    func `§3.5 Authorization`(_ directives: String, _ reason: Storability.Reason?) {
        let asked = request("http://h.test/", "Authorization: FOO")
        #expect(PolicyClock().reason("Cache-Control: \(directives)", asked: asked) == reason)
    }

    static let cookies: [(String, CacheSettings.SetCookie, Storability.Reason?)] = [
        (fresh, .private, .setCookie), (fresh, .store, nil), (fresh, .strip, nil),
        ("Cache-Control: public, max-age=60", .private, nil),
        ("Cache-Control: s-maxage=60", .private, nil),
        ("CDN-Cache-Control: max-age=60", .private, nil),
        ("Surrogate-Control: max-age=60", .private, nil),
        ("Last-Modified: @-900", .private, .setCookie),
        ("Cache-Control: max-age=60, no-cache=\"set-cookie\"", .private, nil),
        ("Cache-Control: private, max-age=60", .store, .private),
    ]

    @Test(arguments: cookies)
    func `§7.3 a cookie is for one visitor unless the response says otherwise`(
        _ lines: String, _ setting: CacheSettings.SetCookie, _ reason: Storability.Reason?
    ) {
        var shelf = PolicyClock()
        shelf.settings.setCookie = setting
        #expect(shelf.reason("Set-Cookie: a=b\n\(lines)") == reason)
    }

    @Test func `§3 methods and bodies`() {
        func reason(_ lines: String, _ method: Method = .get) -> Storability.Reason? {
            PolicyClock().reason(Self.fresh, asked: request("http://h.test/", lines, method))
        }
        #expect(reason("", .head) == .method)
        #expect(reason("", .put) == .method)
        #expect(reason("Content-Length: 5") == .requestBody)
        #expect(reason("Transfer-Encoding: chunked") == .requestBody)
        #expect(reason("Content-Length: 0") == nil)
        #expect(reason("Cache-Control: no-store") == .requestNoStore)
    }

    static let posts: [(String, UInt16, Storability.Reason?)] = [
        ("\(fresh)\nContent-Location: /p?q", 200, nil),
        ("\(fresh)\nContent-Location: http://H.test/p?q", 200, nil),
        ("\(fresh)\nContent-Location: ", 200, nil),
        ("\(fresh)\nContent-Location: /p", 200, .postWithoutLocation),
        ("\(fresh)\nContent-Location: https://h.test/p?q", 200, .postWithoutLocation),
        ("\(fresh)\nContent-Location: /p?q", 201, .postWithoutLocation),
        ("Last-Modified: @-900\nContent-Location: /p?q", 200, .postWithoutLocation),
        (fresh, 200, .postWithoutLocation),
    ]

    @Test(arguments: posts)
    func `RFC 9110 §9.3.3 a POST that tells what GET would`(
        _ lines: String, _ status: UInt16, _ reason: Storability.Reason?
    ) {
        let asked = request("http://h.test/p?q", "Content-Length: 5", .post)
        #expect(PolicyClock().reason(lines, status, asked: asked) == reason)
    }

    @Test func `§3.1 the stored head has nothing for one hop, one user or one moment`() throws {
        var shelf = PolicyClock()
        shelf.settings.setCookie = .strip
        let head = response(
            "Cache-Control: max-age=9, no-cache=\"A, b\", private=c\nConnection: d\nA: 1\nB: 2\nC: 3\n"
                + "D: 4\nE: 5\nAge: 6\nSet-Cookie: x=y\nProxy-Authenticate: z\nTE: t\nSurrogate-Key: k"
        )
        guard case .store(let rules) = shelf.judge(request(), head) else {
            Issue.record("storable")
            return
        }
        #expect(
            shown(Storability.storedHead(head, rules).fields) == [
                "Cache-Control: max-age=9, no-cache=\"A, b\", private=c", "E: 5",
                "Surrogate-Key: k",
            ])
    }
}

@Suite("Freshness (RFC 9111 §4.2)")
struct FreshnessTests {
    static let lifetimes: [(String, Int32, StoredRules.Basis)] = [
        ("Cache-Control: max-age=5, s-maxage=9\nExpires: @60", 9, .sMaxAge),
        ("Cache-Control: max-age=5\nExpires: @60", 5, .maxAge),
        ("Cache-Control: max-age=5\nExpires: 0", 5, .maxAge),
        ("Cache-Control: max-age=99999999999", .max, .maxAge),
        ("Expires: @60\nDate: @0", 60, .expires), ("Expires: @60", 60, .expires),
        ("Expires: @300\nDate: @400\nETag: \"a\"", 0, .expires),
        ("Expires: Fri, 31 Dec 9999 23:59:59 GMT", .max, .expires),
        ("Expires: 0\nETag: \"a\"", 0, .expires),
        ("Expires: @60\nDate: Sat, 01 Jan 0000 00:00:00 GMT", .max, .expires),
        ("Expires: @60\nDate: never", 60, .expires),
        ("Expires: Thu, 18 Aug 2050 02:01:18 gMT", 754_400_878, .expires),
        ("Last-Modified: @-1000\nDate: @0", 100, .heuristic),
        ("Last-Modified: @-1000\nDate: @0\nExpires: x\nETag: \"a\"", 0, .expires),
        ("Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", 86_400, .heuristic),
        ("Last-Modified: @1000\nETag: \"a\"", 0, .heuristic),
        ("Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT", 0, .heuristic),
        ("Last-Modified: x", 0, .none), ("ETag: \"a\"", 0, .none),
        ("CDN-Cache-Control: max-age=7\nCache-Control: s-maxage=9\nExpires: 0", 7, .maxAge),
        ("CDN-Cache-Control: foo\nLast-Modified: @-1000\nExpires: @5", 100, .heuristic),
        ("Cache-Control: no-cache, max-age=5\nETag: \"a\"", 0, .noCache),
    ]

    @Test(arguments: lifetimes)
    func `§4.2.1 lifetimes`(_ lines: String, _ seconds: Int32, _ basis: StoredRules.Basis) throws {
        let rules = try #require(PolicyClock().rules(lines))
        #expect(rules.lifetime == seconds)
        #expect(rules.basis == basis)
    }

    @Test func `a default takes the place of the heuristic, not of what the response says`() {
        var shelf = PolicyClock()
        shelf.settings.defaultTTL = .seconds(30)
        #expect(shelf.rules("X: 1")?.lifetime == 30)
        #expect(shelf.rules("Last-Modified: @-1000")?.basis == .setting)
        #expect(shelf.rules("Cache-Control: max-age=5")?.lifetime == 5)
        #expect(shelf.reason("Expires: 0") == .useless)
        #expect(shelf.reason("X: 1", 503) == .noFreshness)
        #expect(shelf.reason("Cache-Control: no-store") == .noStore)
    }

    static let ages: [(String, Double, Int64)] = [
        ("", 0, 0), ("Age: 30", 0, 30), ("Age: 30", 2.5, 32), ("Date: @-10", 0, 10),
        ("Date: @-10\nAge: 5", 0, 10), ("Date: @-10\nAge: 8", 3, 11), ("Date: @10", 0, 0),
        ("Age: abc", 0, 0), ("Age: 99999999999999999999", 0, 2_147_483_647),
        ("Age: 2147483647", 5, 2_147_483_647), ("", 5, 5),
        ("Date: Sat, 01 Jan 0000 00:00:00 GMT", 0, 2_147_483_647),
        ("Date: Fri, 31 Dec 9999 23:59:59 GMT", 0, 0),
    ]

    @Test(arguments: ages)
    func `§4.2.3 the age on arrival`(_ lines: String, _ delay: Double, _ age: Int64) throws {
        var shelf = PolicyClock()
        shelf.delay = delay
        let rules = try #require(shelf.rules("Cache-Control: max-age=60\nETag: \"a\"\n\(lines)"))
        #expect(rules.age(at: PolicyClock.at(0)) == age)
        #expect(rules.age(at: PolicyClock.at(7.9)) == age + 7)
        #expect(rules.isFresh(at: PolicyClock.at(0)) == (age < 60))
        #expect(rules.timeToLive(at: PolicyClock.at(0)) == 60 - age)
    }

    @Test func `rules outlive a restart on another clock`() throws {
        let rules = try #require(PolicyClock().rules("Cache-Control: max-age=60\nAge: 10"))
        let moved = rules.shifted(by: -900_000_000_000)
        #expect(moved.age(at: Instant(nanoseconds: 105_000_000_000)) == 15)
        #expect(moved.isFresh(at: Instant(nanoseconds: 149_999_999_999)))
        #expect(!moved.isFresh(at: Instant(nanoseconds: 150_000_000_000)))
        #expect(rules.shifted(by: .min).age(at: .distantFuture) > 0)
    }
}
