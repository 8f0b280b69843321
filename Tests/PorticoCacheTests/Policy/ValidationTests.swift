import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

@Suite("Validating (RFC 9111 §4.3)")
struct ValidationTests {
    @Test func `§4.3.1 our conditions take the place of the client's`() {
        var head = fields(
            "A: 1\nIf-None-Match: \"z\"\nIf-Modified-Since: x\nRange: bytes=0-1\nIf-Range: \"z\"")
        let stored = response("ETag: \"a\"\nLast-Modified: y")
        let added = Validation.addConditions(
            to: &head, selected: stored,
            others: [response("ETag: W/\"b\""), response("ETag: \"a\""), response("X: 1")])
        #expect(added)
        #expect(shown(head) == ["A: 1", "If-None-Match: \"a\", W/\"b\"", "If-Modified-Since: y"])
    }

    @Test func `§4.3.1 without a validator nothing changes`() {
        var head = fields("If-None-Match: \"z\"")
        let added = Validation.addConditions(to: &head, selected: response("X: 1"))
        #expect(!added)
        #expect(shown(head) == ["If-None-Match: \"z\""])
    }

    @Test func `§3.2 a 304 updates what does not describe the body`() {
        let stored = response(
            "A: 1\nB: 2\nB: 3\nContent-Length: 36\nContent-Type: t\nContent-Encoding: gzip\nDate: @0\nAge: 7\n"
                + "Content-Foo: x\nSet-Cookie: s=1")
        let fresh = response(
            "b: 4\nContent-Length: 10\nContent-Type: u\nContent-Encoding: br\nContent-Range: bytes 0-1/2\n"
                + "Date: @5\nContent-Foo: y\nSet-Cookie: s=2\nConnection: gone\nGone: 1\nAge: 2",
            304)
        var settings = CacheSettings()
        let kept = [
            "A: 1", "Content-Length: 36", "Content-Type: t", "Content-Encoding: gzip",
        ]
        let date = shown(fields("Date: @5"))
        let updated = Validation.updated(stored, by: fresh, settings: settings)
        #expect(updated.status == 200)
        #expect(
            shown(updated.fields)
                == kept + ["Set-Cookie: s=1", "b: 4"] + date + ["Content-Foo: y", "Age: 2"])
        settings.setCookie = .store
        let all = Validation.updated(stored, by: fresh, settings: settings)
        #expect(
            shown(all.fields)
                == kept + ["b: 4"] + date + ["Content-Foo: y", "Set-Cookie: s=2", "Age: 2"])
    }

    @Test(arguments: [
        ("ETag: \"a\"", "ETag: \"a\"", true, true), ("ETag: \"b\"", "ETag: \"a\"", true, false),
        ("ETag: W/\"a\"", "ETag: \"a\"", true, true), ("ETag: \"a\"", "ETag: W/\"a\"", true, false),
        ("ETag: \"a\"", "X: 1", true, false), ("X: 1", "ETag: \"a\"", true, true),
        ("X: 1", "ETag: \"a\"", false, false),
        ("Last-Modified: x", "Last-Modified: x", false, true),
        ("Last-Modified: y", "Last-Modified: x", true, false),
    ])
    func `§4.3.4 which stored response a 304 means`(
        _ answer: String, _ stored: String, _ isOnly: Bool, _ means: Bool
    ) {
        #expect(
            Validation.freshens(response(answer, 304), response(stored), isOnly: isOnly) == means)
    }

    @Test(
        arguments: [
            (304, .freshen), (200, .replace), (404, .replace), (500, .replace), (503, .serveStale),
        ] as [(UInt16, Validation.Outcome)])
    func `§4.3.3 what follows from the answer`(_ status: UInt16, _ outcome: Validation.Outcome)
        throws
    {
        let rules = try #require(PolicyClock().rules("Cache-Control: max-age=2\nETag: \"a\""))
        let asked = RequestRules(request(), .obeys)
        #expect(Validation.outcome(status, rules, asked, at: PolicyClock.at(5)) == outcome)
    }

    @Test(
        arguments: [
            ("X: 2", 200, .freshens), ("ETag: \"a\"", 200, .freshens),
            ("ETag: \"b\"", 200, .contradicts),
            ("Content-Length: 9", 200, .contradicts), ("X: 1", 410, .contradicts),
            ("X: 1", 500, .neither),
            ("X: 1", 304, .neither),
        ] as [(String, UInt16, Validation.HeadVerdict)])
    func `§4.3.5 what HEAD tells about a stored GET`(
        _ answer: String, _ status: UInt16, _ verdict: Validation.HeadVerdict
    ) {
        let stored = response("ETag: \"a\"\nContent-Length: 5")
        #expect(Validation.judgeHead(response(answer, status), stored) == verdict)
    }
}

@Suite("Invalidating (RFC 9111 §4.4)")
struct InvalidationTests {
    private func targets(_ method: Method, _ lines: String, _ status: UInt16) -> [String] {
        let keys = KeyRules(CacheSettings(), seed: (1, 2))
        var buffer = Buffer()
        var found: [String] = []
        Invalidation.forEachTarget(
            request("http://h.test:80/a/b?q", "", method), response(lines, status), isHTTPS: false,
            keys: keys, scratch: &buffer
        ) { key, bytes in found.append(bytes.extracting(key.target.range).text) }
        return found
    }

    @Test func `§4.4 unsafe methods, unless they failed`() {
        for method in [Method.post, .put, .delete, .patch, .other] {
            #expect(targets(method, "", 200) == ["/a/b?q"])
            #expect(targets(method, "", 303) == ["/a/b?q"])
            #expect(targets(method, "", 400) == [])
            #expect(targets(method, "", 500) == [])
        }
        for method in [Method.get, .head, .options] { #expect(targets(method, "", 200) == []) }
    }

    @Test func `§4.4 Location and Content-Location of the same origin`() {
        #expect(
            targets(.post, "Location: c?z=1&a=2\nContent-Location: http://H.TEST/d", 201)
                == ["/a/b?q", "/a/c?a=2&z=1", "/d"])
        #expect(
            targets(.post, "Location: http://o.test/x\nContent-Location: https://h.test/y", 201)
                == ["/a/b?q"])
        #expect(targets(.put, "Content-Location: /a/b?q\nLocation: http://[", 200) == ["/a/b?q"])
        #expect(targets(.put, "Location: http://h.test:81/x", 200) == ["/a/b?q"])
    }
}
