import PorticoBytes
import PorticoHTTP
import PorticoHTTP1
import Testing

@testable import PorticoHTTP2

@Suite("Heads of requests (RFC 9113 §8.2, §8.3)")
struct HeadReaderTests {
    private static func read(
        _ fields: [(String, String)], ends: Bool = true
    ) throws -> SessionStream {
        let rig = try Rig()
        try rig.receive(.headers(1, fields, ends: ends))
        return rig.streams[0]
    }

    private static func changed(_ name: String, _ value: String?) -> [(String, String)] {
        get.compactMap { $0.0 == name ? value.map { (name, $0) } : $0 }
    }

    @Test func `a plain head is taken apart`() throws {
        let stream = try Self.read(
            Self.changed(":path", "/a/b?c=d") + [("accept", "*/*"), ("te", "trailers")])
        let head = stream.request
        #expect(stream.refusal == nil && head.version == .http2 && head.method == .get)
        #expect(head[head.path].text == "/a/b" && head[head.query ?? .empty].text == "c=d")
        #expect(head[head.authority].text == "a.test" && head[head.host].text == "a.test")
        #expect(stream.path == "/a/b?c=d" && head.fields.count == 2)
    }

    static let refused: [([(String, String)], UInt16)] = [
        (get + [("X-Upper", "v")], 400), (get + [("x a", "v")], 400), (get + [("", "v")], 400),
        (get + [("x:a", "v")], 400), (get + [("x\0", "v")], 400), (get + [("x\r\ny", "v")], 400),
        (get + [("x", "v\r\nhost: b")], 400), (get + [("x", "a\nb")], 400),
        (get + [("x", "a\rb")], 400), (get + [("x", "a\0")], 400), (get + [("x", "a\u{7F}")], 400),
        (get + [("x", " a")], 400), (get + [("x", "a\t")], 400),
        (get + [("connection", "close")], 400), (get + [("keep-alive", "1")], 400),
        (get + [("proxy-connection", "x")], 400), (get + [("upgrade", "h2c")], 400),
        (get + [("transfer-encoding", "chunked")], 400), (get + [("te", "gzip")], 400),
        (get + [("te", "trailers, gzip")], 400), (get + [("http2-settings", "x")], 400),
        (get + [(":foo", "x")], 400), (get + [(":status", "200")], 400),
        (get + [(":path", "/x")], 400), (get + [(":authority", "b")], 400),
        ([("x", "y")] + get, 400), (changed(":method", nil), 400), (changed(":scheme", nil), 400),
        (changed(":path", nil), 400), (changed(":path", ""), 400), (changed(":path", "x"), 400),
        (changed(":path", "*"), 400), (changed(":path", "/a b"), 400),
        (changed(":path", "/a#b"), 400), (changed(":path", "/\u{E9}"), 400),
        (changed(":path", "http://a.test/"), 400), (changed(":method", "GE T"), 400),
        (changed(":method", ""), 400), (changed(":method", "CONNECT"), 400),
        (changed(":method", "TRACE"), 405), ([(":method", "CONNECT"), (":authority", "a:1")], 405),
        (changed(":scheme", "ftp"), 400), (changed(":scheme", "https://x/"), 400),
        (changed(":authority", nil), 400), (changed(":authority", ""), 400),
        (changed(":authority", "u@a.test"), 400), (changed(":authority", "a,b"), 400),
        (changed(":authority", "a.test:99999"), 400), (get + [("host", "b.test")], 400),
        (get + [("host", "a.test"), ("host", "a.test")], 400),
        (get + [("content-length", "5")], 400), (get + [("content-length", "x")], 400),
        (get + [("content-length", "-1")], 400), (get + [("content-length", "")], 400),
        (get + [("content-length", "0"), ("content-length", "0")], 400),
        (get + [(":protocol", "websocket")], 400),
        (changed(":method", String(repeating: "A", count: 65)), 501),
        (changed(":path", "/" + String(repeating: "a", count: 16384)), 414),
        (get + (0..<129).map { ("x-\($0)", "v") }, 431),
        (get + (0..<2).map { ("x-\($0)", String(repeating: "a", count: 40000)) }, 431),
    ]

    @Test(arguments: refused.indices)
    func `a bad head earns its status`(_ row: Int) throws {
        let (fields, status) = Self.refused[row]
        let bytes = Frame.section(fields)
        let rig = try Rig()
        // In as many frames as it takes.
        var sent = min(16384, bytes.count)
        try rig.receive(
            Frame(
                type: 1, flags: sent == bytes.count ? 5 : 1, stream: 1,
                payload: Array(bytes[..<sent])))
        while sent < bytes.count {
            let next = min(16384, bytes.count - sent)
            try rig.receive(
                Frame(
                    type: 9, flags: sent + next == bytes.count ? 4 : 0, stream: 1,
                    payload: Array(bytes[sent..<(sent + next)])))
            sent += next
        }
        #expect(rig.streams.first?.refusal?.status == status, "\(fields.suffix(2))")
    }

    @Test(arguments: [
        ("u=0", Priority(0, false)), ("i", Priority(3, true)), ("u=7, i", Priority(7, true)),
        ("u=9", Priority(3, false)), ("u=1, i=?0", Priority(1, false)), ("u=1,,", Priority()),
        ("x=1, u=2;p", Priority(2, false)),
    ])
    func `a Priority field says how soon`(_ text: String, _ expected: Priority) {
        var fields = Fields()
        fields.append(.priority, Array(text.utf8).span)
        #expect(Priority(fields) == expected)
    }

    /// What HTTP/1.1's reader refuses of a head that both can say, this one refuses too; and what it
    /// takes, both read alike.
    @Test func `no head passes that HTTP/1.1 would refuse`() throws {
        var generator = Lottery(seed: 7)
        let pieces = [
            "GET", "POST", "OPTIONS", "G@T", "TRACE", "/", "/a?b", "*", "//x", "/%zz", "/a#b",
            "/\u{80}",
            "a.test", "a.test:80", "[::1]", "[::1", "a..b", "u@h", "x", "host", "content-length",
            "transfer-encoding", "te", "expect", "cookie", "1", "0", "5, 5", "+5", "chunked",
            "trailers", "a\tb", "a\u{1}b", "\u{FF}", "a b", "", "x_y", "(", "\"",
        ]
        var refusedByBoth = 0
        var takenByBoth = 0
        for _ in 0..<20000 {
            let pick = { (choices: [String]) in
                generator.next(5) == 0
                    ? pieces[generator.next(pieces.count)] : choices[generator.next(choices.count)]
            }
            let method = pick(["GET", "POST"])
            let target = pick(["/", "/a/b?c", "/x%20y"])
            let authority = pick(["a.test", "a.test:8080", "[::1]:80"])
            var fields: [(String, String)] = []
            for _ in 0..<generator.next(3) {
                fields.append((pick(["accept", "x-y", "cookie"]), pick(["*/*", "v w", "a=b"])))
            }
            // The empty target and white space within are HTTP/1.1's own delimiters.
            if target.isEmpty || target.contains(" ") || method.contains(" ") { continue }
            let http1 = Self.http1(method, target, authority, fields)
            let stream = try Self.read(
                [
                    (":method", method), (":scheme", "http"), (":authority", authority),
                    (":path", target),
                ] + fields, ends: false)
            if let http1 {
                if stream.refusal != nil { continue }
                takenByBoth += 1
                let head = stream.request
                #expect(http1[http1.path].text == head[head.path].text)
                #expect(http1[http1.host].text == head[head.host].text)
                #expect(http1.method == head.method)
            } else {
                refusedByBoth += 1
                #expect(
                    stream.refusal != nil, "\(method) \(target) \(authority) \(fields)")
            }
        }
        #expect(takenByBoth > 1000 && refusedByBoth > 1000)
    }

    /// What HTTP/1.1's reader makes of it; nil if it refuses.
    private static func http1(
        _ method: String, _ target: String, _ authority: String, _ fields: [(String, String)]
    ) -> RequestHead? {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(authority)\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        let bytes = (text + "\r\n").unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        var reader = RequestReader(limits: HeadLimits())
        var head = RequestHead()
        do throws(RequestFault) {
            guard case .head = try reader.read(bytes.span, into: &head) else { return nil }
            _ = try head.bodyFraming()
            return head
        } catch {
            return nil
        }
    }
}

extension Priority {
    init(_ urgency: UInt32, _ isIncremental: Bool) {
        self.init()
        self.urgency = urgency
        self.isIncremental = isIncremental
    }
}

/// The same numbers each time.
private struct Lottery {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
