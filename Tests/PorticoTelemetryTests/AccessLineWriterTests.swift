import PorticoBytes
import PorticoTelemetry
import StrictJSON
import Testing

@Suite("Access lines")
struct AccessLineWriterTests {
    @Test func `a full JSON line has every field`() {
        var record = AccessRecord()
        record.wallMicroseconds = 1_795_231_905_042_900
        record.httpVersion = "HTTP/2.0"
        record.tlsVersion = "TLSv1.3"
        record.status = 200
        record.bytesIn = 512
        record.bytesOut = 20480
        record.durationMicroseconds = 1500
        record.firstByteMicroseconds = 900
        record.cache = .miss
        record.cacheKeyHash = 0x0BAD_CAFE_0000_0001
        record.originMicroseconds = 800
        record.retries = 1
        record.waf = .detected
        record.wafScore = 5
        record.isRateLimited = true
        record.image = .init(bytesIn: 90000, bytesOut: 20000)
        #expect(
            line(.json, record, Texts()) == """
                {"time":"2026-11-21T03:31:45.042Z","request_id":"01HX","client_ip":"192.0.2.7",\
                "host":"shop.example","method":"GET","uri":"/media/a.jpg?width=200",\
                "protocol":"HTTP/2.0","tls":"TLSv1.3","status":200,"bytes_in":512,\
                "bytes_out":20480,"duration_us":1500,"ttfb_us":900,"cache":"miss",\
                "cache_key_hash":"0badcafe00000001","origin":"127.0.0.1:9001","origin_us":800,\
                "retries":1,"waf":"detected","waf_score":5,"rate_limited":true,\
                "image":{"parameters":"width=200","bytes_in":90000,"bytes_out":20000},\
                "user_agent":"curl/8","referer":"https://shop.example/?q=\\"x\\""}

                """)
    }

    @Test func `what does not apply is null`() {
        #expect(
            line(.json, AccessRecord(), Texts.none) == """
                {"time":"1970-01-01T00:00:00.000Z","request_id":null,"client_ip":null,\
                "host":null,"method":null,"uri":null,"protocol":null,"tls":null,"status":0,\
                "bytes_in":0,"bytes_out":0,"duration_us":0,"ttfb_us":null,"cache":null,\
                "cache_key_hash":null,"origin":null,"origin_us":null,"retries":0,"waf":null,\
                "waf_score":0,"rate_limited":false,"image":null,"user_agent":null,\
                "referer":null}

                """)
    }

    @Test(arguments: [
        (0, "0000000000000000"), (1, "0000000000000001"), (0x10, "0000000000000010"),
        (UInt64.max, "ffffffffffffffff"),
    ])
    func `a key's hash has 16 digits`(_ hash: UInt64, _ digits: String) {
        var record = AccessRecord()
        record.cacheKeyHash = hash
        let json = JSON(Array(line(.json, record, Texts()).utf8.dropLast()))
        #expect(json?["cache_key_hash"] == .string(digits))
    }

    @Test func `a combined line is what nginx would write`() {
        var record = AccessRecord()
        record.wallMicroseconds = 1_795_231_905_042_900
        record.httpVersion = "HTTP/1.1"
        record.status = 200
        record.bytesOut = 123
        var texts = Texts()
        texts.uri = Array("/x\"y\\z".utf8)
        texts.userAgent = Array("a\r\nb é\u{7F}".utf8)
        #expect(
            line(.combined, record, texts) == #"""
                192.0.2.7 - - [21/Nov/2026:03:31:45 +0000] "GET /x\x22y\x5Cz HTTP/1.1" 200 123 \#
                "https://shop.example/?q=\x22x\x22" "a\x0D\x0Ab \xC3\xA9\x7F"

                """#)
        #expect(
            line(.combined, AccessRecord(), Texts.none)
                == "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 0 0 \"-\" \"-\"\n")
    }

    @Test func `the stamp of a second is not carried into another one`() {
        var writer = AccessLineWriter(format: .json, redaction: .nothing)
        for time in [1_795_231_905_999_999, 1_795_231_906_000_000, 1_795_231_905_001_000, 0] {
            var record = AccessRecord()
            record.wallMicroseconds = time
            var stamp = Buffer()
            WallTime.appendISO8601(microseconds: time, into: &stamp)
            var line = Buffer()
            Texts().lend { writer.append(record, $0, into: &line) }
            #expect(line.bytes.text.hasPrefix("{\"time\":\"\(stamp.bytes.text)\""))
        }
    }

    @Test func `any bytes give one line of strict JSON`() {
        var random = SystemRandomNumberGenerator()
        func bytes() -> [UInt8] {
            (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        }
        let redaction = Redaction(["*a*"])
        for _ in 0..<2000 {
            var texts = Texts.none
            texts.host = bytes()
            texts.uri = Array("/?a=".utf8) + bytes() + Array("&b=".utf8) + bytes()
            texts.userAgent = bytes()
            texts.referer = bytes()
            let written = Array(line(.json, AccessRecord(), texts, redaction).utf8)
            #expect(written.last == 0x0A)
            #expect(written.count { $0 == 0x0A } == 1)
            guard let json = JSON(written.dropLast()) else {
                Issue.record("no JSON: \(texts)")
                continue
            }
            // Text comes back as it was.
            if let agent = String(validating: texts.userAgent, as: UTF8.self), !agent.isEmpty {
                #expect(json["user_agent"] == .string(agent))
            }
            let combined = line(.combined, AccessRecord(), texts, redaction)
            #expect(combined.utf8.allSatisfy { $0 == 0x0A || (0x20..<0x7F).contains($0) })
            #expect(combined.utf8.count { $0 == 0x22 } == 6)
        }
    }

    @Test(arguments: [
        ("/a?token=s3cret", "/a?token=***"),
        ("/a?x=1&Token=s3cret&y=2", "/a?x=1&Token=***&y=2"),
        ("/a?t%6Fken=s3cret", "/a?t%6Fken=***"),
        ("/a?token=a&token=b", "/a?token=***&token=***"),
        ("/a?token=a=b;c=d&e=f", "/a?token=***&e=f"),
        ("/a?x=1;token=s3cret", "/a?x=1;token=***"),
        ("/a?&&token=", "/a?&&token=***"),
        ("/a?token", "/a?token"),
        ("/a?token&b=1", "/a?token&b=1"),
        ("/a?tokens=1", "/a?tokens=1"),
        ("/a?xtoken=1", "/a?xtoken=1"),
        ("/token=1", "/token=1"),
        ("/a?sid_1=x&sid_=y&sid=z", "/a?sid_1=***&sid_=***&sid=z"),
        ("/a?user%5Bpass%5D=x", "/a?user%5Bpass%5D=***"),
        ("/a?one+two=x&%zz=1&%=2&%7=3", "/a?one+two=***&%zz=1&%=2&%7=3"),
        ("/a?q=1?token=2", "/a?q=1?token=2"),
        ("https://h/p?token=x&é=ü", "https://h/p?token=***&é=ü"),
    ])
    func `values of named parameters are not written`(_ uri: String, _ shown: String) {
        let redaction = Redaction(["TOKEN", "sid_*", "*[pass]", "one two"])
        var texts = Texts()
        texts.uri = Array(uri.utf8)
        texts.referer = Array(uri.utf8)
        let json = JSON(Array(line(.json, AccessRecord(), texts, redaction).utf8.dropLast()))
        #expect(json?["uri"] == .string(shown))
        #expect(json?["referer"] == .string(shown))
        if uri.utf8.allSatisfy({ $0 < 0x7F }) {
            let combined = line(.combined, AccessRecord(), texts, redaction)
            #expect(combined.contains("\"GET \(shown)\" 0 0 \"\(shown)\""))
        }
    }

    private func line(
        _ format: AccessLineWriter.Format, _ record: AccessRecord, _ texts: Texts,
        _ redaction: Redaction = .nothing
    ) -> String {
        var writer = AccessLineWriter(format: format, redaction: redaction)
        var buffer = Buffer()
        texts.lend { writer.append(record, $0, into: &buffer) }
        return buffer.bytes.text
    }
}

/// Owns what a request lends.
struct Texts {
    var requestID = Array("01HX".utf8)
    var clientIP = Array("192.0.2.7".utf8)
    var host = Array("shop.example".utf8)
    var method = Array("GET".utf8)
    var uri = Array("/media/a.jpg?width=200".utf8)
    var origin = Array("127.0.0.1:9001".utf8)
    var imageParameters = Array("width=200".utf8)
    var userAgent = Array("curl/8".utf8)
    var referer = Array("https://shop.example/?q=\"x\"".utf8)

    static let none = Texts(
        requestID: [], clientIP: [], host: [], method: [], uri: [], origin: [],
        imageParameters: [], userAgent: [], referer: [])

    func lend(_ body: (borrowing AccessTexts) -> Void) {
        body(
            AccessTexts(
                requestID: requestID.span, clientIP: clientIP.span, host: host.span,
                method: method.span, uri: uri.span, origin: origin.span,
                imageParameters: imageParameters.span, userAgent: userAgent.span,
                referer: referer.span))
    }
}
