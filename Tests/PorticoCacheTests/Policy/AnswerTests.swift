import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoCache

@Suite("Cache-Status (RFC 9211)")
struct CacheStatusTests {
    @Test func `hits and misses`() {
        var stale = CacheStatus(forward: .stale, status: 304)
        stale.timeToLive = 60
        stale.isStored = true
        stale.isCollapsed = true
        for (status, text) in [
            (CacheStatus(hit: 376), "portico; hit; ttl=376"),
            (CacheStatus(hit: -5), "portico; hit; ttl=-5"),
            (CacheStatus(hit: .min), "portico; hit; ttl=-9223372036854775808"),
            (CacheStatus(forward: .uriMiss), "portico; fwd=uri-miss"),
            (stale, "portico; fwd=stale; fwd-status=304; ttl=60; stored; collapsed"),
        ] {
            var buffer = Buffer()
            status.write(into: &buffer)
            #expect(buffer.bytes.text == text)
        }
    }
}

@Suite("Answers from the store (RFC 9111 §4.3.2)")
struct StoredAnswerTests {
    static let rows: [(String, UInt16, StoredAnswer)] = [
        ("", 200, .whole), ("If-None-Match: \"a\"", 200, .notModified),
        ("If-None-Match: \"a\"", 404, .whole),
        ("Range: bytes=0-1", 200, .part(0..<2)), ("Range: bytes=0-1", 404, .whole),
        ("Range: bytes=0-1,500-501", 200, .parts([0..<2, 500..<502])),
        ("Range: bytes=1000-", 200, .unsatisfiable), ("Range: bytes=x", 200, .whole),
        ("Range: bytes=0-1\nIf-Range: \"a\"", 200, .part(0..<2)),
        ("Range: bytes=0-1\nIf-Range: \"b\"", 200, .whole),
        ("Range: bytes=1000-\nIf-Range: \"b\"", 200, .whole),
        ("Range: bytes=0-1\nIf-None-Match: \"a\"", 200, .notModified),
        ("If-Match: \"b\"", 200, .preconditionFailed),
    ]

    @Test(arguments: rows)
    func `RFC 9110 §13.2.2 conditions first, then ranges`(
        _ lines: String, _ status: UInt16, _ answer: StoredAnswer
    ) {
        let stored = response("ETag: \"a\"", status)
        let head = request("http://h.test/", lines)
        #expect(StoredAnswer.plan(head, stored, length: 1000, now: 0) == answer)
        if case .part = answer {
            #expect(StoredAnswer.plan(head, stored, length: nil, now: 0) == .whole)
            let asking = request("http://h.test/", lines, .head)
            #expect(StoredAnswer.plan(asking, stored, length: 1000, now: 0) == .whole)
        }
    }

    @Test func `RFC 9110 §15.4.5 a 304 has no fields about the body`() {
        var head = response(
            "Date: x\nETag: \"a\"\nLast-Modified: y\nContent-Length: 5\nContent-Type: t\nVary: v\n"
                + "Content-Location: /l\nExpires: e\nX: 1\nContent-Encoding: br")
        StoredAnswer.makeNotModified(&head)
        #expect(head.status == 304)
        #expect(
            shown(head.fields)
                == [
                    "Date: x", "ETag: \"a\"", "Vary: v", "Content-Location: /l", "Expires: e",
                    "X: 1",
                ])
        var untagged = response("Last-Modified: y")
        StoredAnswer.makeNotModified(&untagged)
        #expect(shown(untagged.fields) == ["Last-Modified: y"])
    }

    @Test func `RFC 9110 §14.6 several parts`() {
        let parts = MultipartRanges(
            [0..<2, 500..<503], of: 1000, response("Content-Type: text/plain"), boundary: 0xAB)
        var buffer = Buffer()
        for (index, bytes) in ["ab", "cde"].enumerated() {
            parts.writeHead(of: index, into: &buffer)
            buffer.append(bytes)
        }
        parts.writeEnd(into: &buffer)
        #expect(
            buffer.bytes.text
                == "\r\n--portico-ab\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/1000\r\n\r\nab"
                + "\r\n--portico-ab\r\nContent-Type: text/plain\r\nContent-Range: bytes 500-502/1000\r\n\r\n"
                + "cde\r\n--portico-ab--\r\n")
        #expect(parts.contentLength == Int64(buffer.count))
        buffer.removeAll()
        parts.writeContentType(into: &buffer)
        #expect(buffer.bytes.text == "multipart/byteranges; boundary=portico-ab")
    }
}

@Suite("Tags")
struct TagReaderTests {
    private func tags(_ lines: String, _ headers: [String] = CacheSettings().tagHeaders) -> [String]
    {
        var settings = CacheSettings()
        settings.tagHeaders = headers
        let head = fields(lines)
        return TagReader(settings, seed: (1, 2)).tags(in: head).map { head[$0].text }
    }

    @Test func `blanks and commas separate them, in every configured field`() {
        #expect(
            tags(
                "Surrogate-Key: a  b,c\nx: d\nX-MAGENTO-TAGS: ,e,a,\nSurrogate-Key: f\t\nCache-Tag:"
            )
                == ["a", "b", "c", "e", "f"])
        #expect(tags("XKey: a\nSurrogate-Key: b", ["xkey"]) == ["a"])
        #expect(tags("Surrogate-Key: A a") == ["A", "a"])
        #expect(tags("Surrogate-Key: , ,") == [])
    }

    @Test func `half a megabyte of tags comes through whole`() {
        let names = (0..<60_000).map { "tag\($0)" }
        let found = tags("X-Magento-Tags: " + (names + names).joined(separator: ","))
        #expect(found == names)
    }
}
