import HTTP1Properties
import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP1

@Suite("Request heads (RFC 9112 §3, §5)")
struct RequestReaderTests {
    static let ordinary = """
        GET /a/b?c=d HTTP/1.1\r
        Host: example.test:8080\r
        Accept:text/html\r
        X-Padded: \t a b \t \r
        X-Empty:\r
        X-Text: caf\u{e9}\r
        \r

        """

    @Test func `a head is read into its parts`() throws {
        let head = try readRequest(Self.ordinary)
        #expect(head.method == .get)
        #expect(head.version == .http11)
        #expect(head.form == .origin)
        #expect(head[head.targetRange].text == "/a/b?c=d")
        #expect(head[head.path].text == "/a/b")
        #expect(head[try #require(head.query)].text == "c=d")
        #expect(head[head.authority].text == "example.test:8080")
        #expect(head[head.host].text == "example.test")
        #expect(head.fields.count == 5)
        #expect(head.fields.name(at: 1).text == "Accept")
        #expect(head.fields.lines[1].name == .accept)
        #expect(head.fields.value(at: 1).text == "text/html")
        #expect(head.fields.value(at: 2).text == "a b")
        #expect(head.fields.lines[3].valueRange.isEmpty)
        #expect(head.fields.value(at: 4).array == bytes("caf\u{e9}"))
    }

    static let wholes: [String] = [
        ordinary, "\r\n\r\nOPTIONS * HTTP/1.0\r\n\r\n",
        "POST http://h/ HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
    ]

    @Test(arguments: wholes)
    func `a head cut anywhere reads the same as a whole one`(_ text: String) {
        let input = bytes(text)
        for cut in 0...input.count {
            let violation = RequestProperties.violation(by: input, cut: cut)
            #expect(violation == nil)
        }
    }

    static let faults: [(String, RequestFault)] = [
        ("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .emptyLines),
        ("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", .bareLineFeed),
        ("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", .bareCarriageReturn),
        (" GET / HTTP/1.1\r\n", .badMethod), ("GET\t/\tHTTP/1.1\r\n", .badMethod),
        ("GET: / HTTP/1.1\r\n", .badMethod), ("G@T / HTTP/1.1\r\n", .badMethod),
        ("G\u{c9}T / HTTP/1.1\r\n", .badMethod), ("GET\r\n", .badMethod), ("GET\n", .bareLineFeed),
        ("G\0T / HTTP/1.1\r\n", .badMethod), ("\u{16}\u{3}\u{1}", .badMethod),
        (String(repeating: "A", count: 65) + " / HTTP/1.1\r\n", .methodTooLong),
        ("CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", .methodNotAllowed),
        ("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", .methodNotAllowed),
        ("GET  / HTTP/1.1\r\n", .badTarget), ("GET /a\tb HTTP/1.1\r\n", .badTarget),
        ("GET /a\0 HTTP/1.1\r\n", .badTarget), ("GET /\u{e9} HTTP/1.1\r\n", .badTarget),
        ("GET /a\u{7f} HTTP/1.1\r\n", .badTarget), ("GET /\r\n", .badTarget),
        ("GET /\n", .bareLineFeed), ("GET /a#b HTTP/1.1\r\n", .badTarget),
        ("GET / HTTP/1.1 \r\n", .badVersion), ("GET / HTTP/1.1x\r\n", .badVersion),
        ("GET / http/1.1\r\n", .badVersion), ("GET / HTTP/1\r\n", .badVersion),
        ("GET / HTTP/01.1\r\n", .badVersion), ("GET / HTTP/1.10\r\n", .badVersion),
        ("GET / HTTP/0.9\r\n", .badVersion), ("GET / HTTP/-1.1\r\n", .badVersion),
        ("GET / HTTPS/1.1\r\n", .badVersion), ("GET / x HTTP/1.1\r\n", .badVersion),
        ("GET / \r\n", .badVersion), ("GET / HTTP/1.1\n", .bareLineFeed),
        ("GET / HTTP/1.1\r\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\rHost", .bareCarriageReturn),
        ("GET / HTTP/2.0\r\n", .unsupportedVersion),
        ("PRI * HTTP/2.0\r\n\r\n", .unsupportedVersion),
        ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", .foldedLine),
        ("GET / HTTP/1.1\r\nHost: h\r\n\tb\r\n\r\n", .foldedLine),
        ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\n: h\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nNoColon\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nX\rY: b\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nX\0: b\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\n\u{e9}: b\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nX(Y): b\r\n\r\n", .badFieldName),
        ("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\nX: a\u{7f}b\r\n\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\nX: a\u{1b}b\r\n\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\nX: a\u{b}\r\n\r\n", .badFieldValue),
        ("GET / HTTP/1.1\r\nX: a\rb\r\n\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\nX: a\r\rb\r\n\r\n", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\nX: a\nb\r\n\r\n", .bareLineFeed),
        ("GET / HTTP/1.1\r\nHost: h\r\n\n", .bareLineFeed),
        ("GET / HTTP/1.1\r\nHost: h\r\n\rX", .bareCarriageReturn),
        ("GET / HTTP/1.1\r\n\r\n", .missingHost),
        ("GET http://h/ HTTP/1.1\r\n\r\n", .missingHost),
        ("GET / HTTP/1.1\r\nHost: h\r\nhost: h\r\n\r\n", .repeatedHost),
        ("GET / HTTP/1.0\r\nHost: h\r\nHost: g\r\n\r\n", .repeatedHost),
        ("GET / HTTP/1.1\r\nHost: h g\r\n\r\n", .badHost),
        ("GET http://h/ HTTP/1.1\r\nHost: a,b\r\n\r\n", .badHost),
    ]

    @Test(arguments: faults)
    func `what is ambiguous is refused as soon as it is seen`(_ text: String, _ fault: RequestFault)
    {
        #expect(requestOutcome(text) == .fault(fault))
        let input = bytes(text)
        for cut in 0...input.count {
            let violation = RequestProperties.violation(by: input, cut: cut)
            #expect(violation == nil)
        }
    }

    @Test func `lines that end in LF alone do not wait for more`() {
        #expect(requestOutcome("GET / HTTP/1.1\n") == .fault(.bareLineFeed))
        #expect(requestOutcome("GET / HTTP/1.1\r\nHost: h\n") == .fault(.bareLineFeed))
    }

    @Test(arguments: [
        ("1.0", HTTPVersion.http10), ("1.1", .http11), ("1.2", .http11), ("1.9", .http11),
    ])
    func `a higher minor version counts as 1.1`(_ text: String, _ version: HTTPVersion) throws {
        #expect(try readRequest("GET / HTTP/\(text)\r\nHost: h\r\n\r\n").version == version)
    }

    @Test func `HTTP 1.0 may lack a Host`() throws {
        let head = try readRequest("GET / HTTP/1.0\r\n\r\n")
        #expect(head.host.isEmpty)
        #expect(head.authority.isEmpty)
    }

    @Test func `a request has begun with its first byte that is no line end`() throws {
        var reader = RequestReader(limits: HeadLimits())
        var head = RequestHead()
        let input = bytes("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        for count in 0...4 {
            _ = try reader.read(input.span.extracting(..<count), into: &head)
            #expect(!reader.hasBegun)
        }
        _ = try reader.read(input.span.extracting(..<5), into: &head)
        #expect(reader.hasBegun)
        #expect(try reader.read(input.span, into: &head) == .head(consumed: input.count))
        reader.reset()
        #expect(!reader.hasBegun)
    }

    @Test func `pipelined heads are read one by one into the same head`() throws {
        let input = bytes(
            "GET /1 HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: b\r\n\r\n")
        var reader = RequestReader(limits: HeadLimits())
        var head = RequestHead()
        #expect(try reader.read(input.span, into: &head) == .head(consumed: 34))
        #expect(head[head.path].text == "/1")
        reader.reset()
        #expect(try reader.read(input.span.extracting(34...), into: &head) == .head(consumed: 29))
        #expect(head.method == .head)
        #expect(head[head.path].text == "/2")
        #expect(head[head.host].text == "b")
        #expect(head.fields.count == 1)
    }

    @Test func `limits count to the byte`() {
        let text = "GET /aa HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n"
        let count = text.utf8.count
        func outcome(_ bytes: Int, _ lines: Int, _ target: Int) -> RequestProperties.Outcome {
            requestOutcome(
                text, limits: HeadLimits(bytes: bytes, lines: lines, targetBytes: target))
        }
        #expect(outcome(count, 2, 3) == .head(consumed: count))
        #expect(outcome(count - 1, 2, 3) == .fault(.headTooLong))
        #expect(outcome(count, 1, 3) == .fault(.tooManyLines))
        #expect(outcome(count, 2, 2) == .fault(.targetTooLong))
    }

    @Test func `limits strike before the line ends`() {
        let limits = HeadLimits(bytes: 100, lines: 2, targetBytes: 10)
        #expect(requestOutcome("GET /123456789", limits: limits) == .needsMore)
        #expect(requestOutcome("GET /1234567890", limits: limits) == .fault(.targetTooLong))
        let begin = "GET / HTTP/1.1\r\nX: "
        let fill = String(repeating: "a", count: 100 - begin.utf8.count)
        #expect(requestOutcome(begin + fill.dropLast(), limits: limits) == .needsMore)
        #expect(requestOutcome(begin + fill, limits: limits) == .fault(.headTooLong))
    }

    @Test func `every fault earns a client error or says what we cannot do`() {
        for fault in RequestFault.allCases {
            #expect([400, 405, 414, 431, 501, 505].contains(fault.status), "\(fault)")
        }
        #expect(RequestFault.targetTooLong.status == 414)
        #expect(RequestFault.headTooLong.status == 431)
        #expect(RequestFault.unsupportedVersion.status == 505)
        #expect(RequestFault.unknownTransferCoding.status == 501)
        #expect(RequestFault.methodNotAllowed.status == 405)
    }
}
