import PorticoBytes
import PorticoCoding
import PorticoHTTP
import Testing

@Suite struct CompressionTests {
    private func head(
        _ status: UInt16 = 200, _ lines: [(String, String)] = [("Content-Type", "text/html")]
    ) -> ResponseHead {
        var head = ResponseHead(status: status)
        for (name, value) in lines {
            head.fields.append(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        return head
    }

    private func value(_ name: FieldName, _ head: ResponseHead) -> String {
        String(decoding: head.fields[head.fields.range(of: name)].array, as: UTF8.self)
    }

    private func suits(_ head: ResponseHead, length: Int? = 5000) -> Bool {
        Compression.suits(head, length: length, least: 1024)
    }

    @Test(arguments: [
        "text/html", "text/html; charset=utf-8", "TEXT/CSS", "application/json",
        "application/ld+json", "image/svg+xml", "application/javascript;charset=utf-8",
    ])
    func textIsCompressed(_ type: String) {
        #expect(suits(head(200, [("Content-Type", type)])))
    }

    @Test(arguments: [
        "image/jpeg", "application/zip", "video/mp4", "font/woff2", "", "application/octet-stream",
        "texts/html", "+json",
    ])
    func whatIsNoTextIsNot(_ type: String) {
        #expect(!suits(head(200, [("Content-Type", type)])))
    }

    @Test func whatIsSmallIsNot() {
        #expect(!suits(head(), length: 1023))
        #expect(suits(head(), length: 1024))
        #expect(suits(head(), length: nil))
    }

    @Test(arguments: [
        ("Content-Encoding", "gzip"), ("Cache-Control", "max-age=5, no-transform"),
        ("Content-Range", "bytes 0-9/100"),
    ])
    func whatMustStayAsItIsIsNot(_ line: (String, String)) {
        #expect(!suits(head(200, [("Content-Type", "text/html"), line])))
    }

    @Test(arguments: [206, 204, 304]) func neitherPartsNorNothing(_ status: UInt16) {
        #expect(!suits(head(status)))
    }

    @Test func aStrongTagIsWeakenedAndWhatDescribesTheBytesGoes() {
        var head = head(
            200,
            [
                ("ETag", "\"a\""), ("Content-Length", "5000"), ("Accept-Ranges", "bytes"),
                ("Content-MD5", "x"), ("Digest-Of-Mine", "y"),
            ])
        Compression.markCoded(&head, as: .brotli)
        #expect(value(.etag, head) == "W/\"a\"")
        #expect(value(.contentEncoding, head) == "br")
        #expect(!head.fields.contains(.contentLength))
        #expect(!head.fields.contains(.acceptRanges))
        #expect(head.fields.lines.count { $0.name == .other } == 1)
    }

    @Test func aWeakTagStays() {
        var head = head(200, [("ETag", "W/\"a\"")])
        Compression.markCoded(&head, as: .gzip)
        #expect(value(.etag, head) == "W/\"a\"")
    }

    @Test func varyIsSaidOnce() {
        var plain = head()
        Compression.markNegotiated(&plain)
        Compression.markNegotiated(&plain)
        #expect(plain.fields.lines.count { $0.name == .vary } == 1)
        var said = head(200, [("Vary", "Cookie, accept-encoding")])
        Compression.markNegotiated(&said)
        #expect(said.fields.lines.count { $0.name == .vary } == 1)
    }
}
