import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

@Suite("Reusing stored responses (RFC 9111 §4)")
struct ReuseTests {
    private static let tag = "\nETag: \"a\""

    private func decide(
        _ lines: String, _ seconds: Double, _ directives: String = "",
        _ obedience: RequestRules.Obedience = .obeys, staleSince: Double? = nil,
        grace: Duration = .zero
    ) throws -> Reuse {
        var shelf = PolicyClock()
        shelf.settings.grace = grace
        let rules = try #require(shelf.rules(lines))
        let head = request(
            "http://h.test/", directives.isEmpty ? "" : "Cache-Control: \(directives)")
        return Reuse.decide(
            RequestRules(head, obedience), rules, at: PolicyClock.at(seconds),
            staleSince: staleSince.map { PolicyClock.at($0) })
    }

    static let rows: [(String, Double, String, Reuse)] = [
        ("max-age=60", 0, "", .fresh), ("max-age=60", 59.99, "", .fresh),
        ("max-age=60", 60, "", .mustValidate(.stale)),
        ("max-age=60", 0, "nothing-to-see-here", .fresh),
        ("no-cache", 0, "", .mustValidate(.noCache)),
        ("no-cache, stale-while-revalidate=60", 0, "max-stale", .mustValidate(.noCache)),
        ("max-age=60, no-cache=\"x\"", 0, "", .fresh),
        // §5.2.1
        ("max-age=60", 1, "no-cache", .mustValidate(.request)),
        ("max-age=60", 3, "max-age=0", .mustValidate(.request)),
        ("max-age=60", 3, "max-age=1", .mustValidate(.request)),
        ("max-age=60", 3, "max-age=3", .fresh),
        ("max-age=60", 3, "max-age=x", .mustValidate(.request)),
        ("max-age=60", 50, "min-fresh=10", .fresh),
        ("max-age=60", 50, "min-fresh=11", .mustValidate(.request)),
        ("max-age=60", 70, "min-fresh=0", .mustValidate(.request)),
        ("max-age=60", 70, "max-stale", .staleByRequest),
        ("max-age=60", 69.9, "max-stale=10", .staleByRequest),
        ("max-age=60", 70, "max-stale=10", .mustValidate(.stale)),
        ("max-age=60, must-revalidate", 70, "max-stale", .mustValidate(.stale)),
        ("max-age=60, proxy-revalidate", 70, "max-stale", .mustValidate(.stale)),
        ("s-maxage=60", 70, "max-stale", .mustValidate(.stale)),
        ("max-age=60", 70, "max-stale, max-age=65", .mustValidate(.request)),
        ("max-age=60", 0, "no-store", .fresh),
        ("max-age=60", 0, "only-if-cached", .fresh),
        ("max-age=60", 60, "only-if-cached", .gatewayTimeout),
        ("max-age=60", 60, "only-if-cached, max-stale", .staleByRequest),
        // RFC 5861 §3
        ("max-age=60, stale-while-revalidate=9", 60, "", .staleWhileRevalidate),
        ("max-age=60, stale-while-revalidate=9", 68.9, "", .staleWhileRevalidate),
        ("max-age=60, stale-while-revalidate=9", 69, "", .mustValidate(.stale)),
        ("s-maxage=60, stale-while-revalidate=9", 60, "", .staleWhileRevalidate),
        ("max-age=60, stale-while-revalidate=9, must-revalidate", 60, "", .mustValidate(.stale)),
        ("max-age=60, stale-while-revalidate=99999999999", 4_000_000, "", .staleWhileRevalidate),
        // RFC 8246 §2
        ("max-age=60, immutable", 5, "max-age=0", .fresh),
        ("max-age=60, immutable", 60, "max-age=0", .mustValidate(.request)),
        ("max-age=60, immutable", 5, "no-cache", .mustValidate(.request)),
    ]

    @Test(arguments: rows)
    func `§4.2 and §5.2.1 what a stored response is good for`(
        _ stored: String, _ seconds: Double, _ directives: String, _ reuse: Reuse
    ) throws {
        #expect(try decide("Cache-Control: \(stored)" + Self.tag, seconds, directives) == reuse)
    }

    @Test func `a site may ignore what clients wish`() throws {
        let lines = "Cache-Control: max-age=60" + Self.tag
        #expect(try decide(lines, 1, "no-cache, max-age=0", .ignores) == .fresh)
        #expect(try decide(lines, 61, "max-stale", .ignores) == .mustValidate(.stale))
    }

    @Test func `grace holds where the response names none and was fresh once`() throws {
        let tag = Self.tag
        let lines = "Cache-Control: max-age=60" + tag
        #expect(try decide(lines, 65, grace: .seconds(9)) == .staleWhileRevalidate)
        for other in [
            "max-age=60, stale-while-revalidate=0", "s-maxage=60", "max-age=0", "no-cache",
        ] {
            let answer = try decide("Cache-Control: \(other)" + tag, 65, grace: .seconds(9))
            #expect(answer != .staleWhileRevalidate)
        }
    }

    @Test func `a soft purge makes it stale from then on`() throws {
        let lines = "Cache-Control: max-age=60, stale-while-revalidate=9, immutable" + Self.tag
        #expect(try decide(lines, 5, staleSince: 5) == .staleWhileRevalidate)
        #expect(try decide(lines, 14, staleSince: 5) == .mustValidate(.stale))
        #expect(try decide(lines, 80, staleSince: 75) == .mustValidate(.stale))
        #expect(
            try decide("Cache-Control: max-age=60" + Self.tag, 5, staleSince: 5)
                == .mustValidate(.stale))
    }

    @Test func `§5.2.1.7 only-if-cached with nothing stored`() {
        let head = request("http://h.test/", "Cache-Control: only-if-cached")
        #expect(Reuse.absent(RequestRules(head, .obeys)) == .gatewayTimeout)
        #expect(Reuse.absent(RequestRules(head, .ignores)) == nil)
    }

    @Test(
        arguments: [
            ("", Method.get, nil), ("", .head, nil), ("", .post, .method), ("", .other, .method),
            ("Content-Length: 0", .get, nil), ("Content-Length: 1", .get, .body),
            ("Transfer-Encoding: chunked", .get, .body), ("If-Match: \"a\"", .get, .precondition),
            ("If-Unmodified-Since: x", .get, .precondition), ("If-None-Match: \"a\"", .get, nil),
        ] as [(String, Method, RequestRules.Bypass?)])
    func `requests that go past the cache`(
        _ lines: String, _ method: Method, _ bypass: RequestRules.Bypass?
    ) {
        #expect(RequestRules(request("http://h.test/", lines, method), .obeys).bypass == bypass)
    }

    static let failures: [(String, Double, StoredRules.Trouble, Bool)] = [
        ("max-age=2", 3, .noAnswer, true), ("max-age=2", 3, .status(503), true),
        ("max-age=2", 3, .status(500), false), ("max-age=2", 3, .status(404), false),
        ("max-age=2", 3601, .noAnswer, true), ("max-age=2", 3602, .noAnswer, false),
        ("max-age=2, stale-if-error=60", 61, .status(500), true),
        ("max-age=2, stale-if-error=60", 62, .status(500), false),
        ("max-age=2, stale-if-error=9999", 9000, .noAnswer, true),
        ("max-age=2, must-revalidate", 3, .noAnswer, false),
        ("max-age=2, proxy-revalidate, stale-if-error=60", 3, .noAnswer, false),
        ("s-maxage=2", 3, .noAnswer, false), ("s-maxage=2, stale-if-error=60", 3, .noAnswer, true),
        ("no-cache", 0, .noAnswer, false), ("no-cache, stale-if-error=60", 0, .noAnswer, false),
        // Never fresh: perhaps one visitor's.
        ("max-age=0", 1, .noAnswer, false), ("max-age=0, stale-if-error=60", 1, .noAnswer, true),
    ]

    @Test(arguments: failures)
    func `§4.2.4 stale answers when fetching fails`(
        _ directives: String, _ seconds: Double, _ trouble: StoredRules.Trouble, _ may: Bool
    ) throws {
        let rules = try #require(PolicyClock().rules("Cache-Control: \(directives)" + Self.tag))
        let plain = RequestRules(request(), .obeys)
        #expect(rules.mayServeStale(after: trouble, plain, at: PolicyClock.at(seconds)) == may)
        let insistent = RequestRules(request("http://h.test/", "Cache-Control: no-cache"), .obeys)
        #expect(!rules.mayServeStale(after: trouble, insistent, at: PolicyClock.at(seconds)))
    }

    @Test func `RFC 5861 §4 a request may ask for stale-if-error`() throws {
        let rules = try #require(PolicyClock().rules("Cache-Control: max-age=2" + Self.tag))
        let head = request("http://h.test/", "Cache-Control: stale-if-error=60")
        let asking = RequestRules(head, .obeys)
        #expect(rules.mayServeStale(after: .status(500), asking, at: PolicyClock.at(61)))
        #expect(!rules.mayServeStale(after: .status(500), asking, at: PolicyClock.at(62)))
    }
}
