import HTTP1Properties
import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP1

@Suite("Bodies (RFC 9112 §6, §7.1)")
struct BodyReaderTests {
    private func read(_ text: String, _ framing: BodyFraming = .chunked, limit: UInt64 = 1 << 20)
        -> BodyProperties.Outcome
    {
        let input = bytes(text)
        let limits = HeadLimits(bytes: 100, lines: 2)
        let whole = BodyProperties.read(
            input, in: [input.count], framing, limit: limit, trailerLimits: limits)
        for cut in 0...input.count {
            let pieces = BodyProperties.read(
                input, in: [cut, input.count], framing, limit: limit, trailerLimits: limits)
            #expect(pieces.data == whole.data, "cut at \(cut)")
            #expect(pieces.end == whole.end, "cut at \(cut)")
        }
        return whole
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        ("A\r\n0123456789\r\n000\r\n\r\n", "0123456789"),
        ("0005\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!"),
        ("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "hello"),
        ("5 \t;a\u{e9}\tb\r\nhello\r\n0\r\n\r\n", "hello"),
        ("2\r\n\r\n\r\n0\r\nX: y\r\n\r\n", "\r\n"),
        ("0000000000000001\r\nx\r\n0\r\n\r\n", "x"),
    ])
    func `chunks are put together`(_ text: String, _ data: String) {
        let outcome = read(text + "GET")
        #expect(outcome.data == bytes(data))
        #expect(outcome.end == .end(rest: 3))
    }

    static let manyExtensions = String(
        repeating: "1;" + String(repeating: "a", count: 4000) + "\r\nx\r\n", count: 20)

    static let faults: [(String, BodyFault)] = [
        ("-5\r\n", .badChunkSize), ("+5\r\n", .badChunkSize), ("0x5\r\n", .badChunkSize),
        ("0_5\r\n", .badChunkSize), ("5g\r\n", .badChunkSize), ("\r\n", .badChunkSize),
        (" 5\r\n", .badChunkSize),
        ("5,5\r\n", .badChunkSize), ("5.0\r\n", .badChunkSize), ("5\0\r\n", .badChunkSize),
        (";a\r\n", .badChunkSize),
        ("10000000000000005\r\n", .badChunkSize), ("00000000000000005\r\n", .badChunkSize),
        ("ffffffffffffffff\r\n", .tooLarge), ("5 \r\nhello", .badChunkExtension),
        ("5 a\r\n", .badChunkExtension),
        ("5;a=\0\r\n", .badChunkExtension), ("5;\u{7f}\r\n", .badChunkExtension),
        ("\n", .bareLineFeed),
        ("5\n", .bareLineFeed), ("5 \n", .bareLineFeed), ("5;a\nhello", .bareLineFeed),
        ("5\rX", .bareCarriageReturn),
        ("5;a\rb\r\n", .bareCarriageReturn), ("5\r\nhello\n", .bareLineFeed),
        ("5\r\nhello0\r\n", .missingChunkEnd),
        ("5\r\nhelloXX", .missingChunkEnd), ("5\r\nhello\r0", .bareCarriageReturn),
        ("0\r\n\rX", .bareCarriageReturn),
        ("0\r\n\n", .bareLineFeed), ("0\r\nX\r\n", .badTrailer),
        ("0\r\nX: y\r\n z\r\n", .badTrailer),
        ("0\r\nX: \0\r\n", .badTrailer), ("0\r\nX: y\n", .bareLineFeed),
        ("0\r\nX: y\r!", .bareCarriageReturn),
        ("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", .trailersTooLong),
        ("0\r\nA: " + String(repeating: "a", count: 97), .trailersTooLong),
        ("5;" + String(repeating: "a", count: 5000) + "\r\n", .chunkExtensionsTooLong),
        (manyExtensions, .chunkExtensionsTooLong),
    ]

    @Test(arguments: faults)
    func `chunk framing that could be read in two ways is refused`(
        _ text: String, _ fault: BodyFault
    ) {
        if text.utf8.count < 1000 {
            #expect(read(text).end == .fault(fault))
        } else {
            let input = bytes(text)
            #expect(
                BodyProperties.read(input, in: [input.count], .chunked, limit: 1 << 20).end
                    == .fault(fault))
        }
    }

    @Test func `trailers that Portico would have acted upon are dropped`() {
        let input = bytes(
            "0\r\nX-T: 1\r\nContent-Length: 50\r\nHost: evil\r\nAuthorization: x\r\ntransfer-encoding: x\r\n"
                + "Server-Timing: db\r\nSet-Cookie: a\r\nCache-Control: no-store\r\nWWW-Authenticate: x\r\n\r\n"
        )
        let outcome = BodyProperties.read(
            input, in: [input.count], .chunked, trailerLimits: HeadLimits())
        #expect(outcome.end == .end(rest: 0))
        #expect(outcome.trailers.count == 2)
        #expect(outcome.trailers.name(at: 0).text == "X-T")
        #expect(outcome.trailers.value(at: 0).text == "1")
        #expect(outcome.trailers.name(at: 1).text == "Server-Timing")
    }

    @Test func `a body of known length ends where it should`() throws {
        #expect(read("helloGET", .length(5)).data == bytes("hello"))
        #expect(read("helloGET", .length(5)).end == .end(rest: 3))
        #expect(read("hel", .length(5)).end == .needsMore)
        #expect(read("GET", .length(0)).end == .end(rest: 3))
        #expect(read("GET", .none).end == .end(rest: 3))
        var reader = BodyReader(.length(5), limit: 10, trailerLimits: HeadLimits())
        #expect(reader.remaining == 5)
        #expect(try reader.read(bytes("abc").span) == .data(ByteRange(0, 3), consumed: 3))
        #expect(reader.remaining == 2)
        #expect(!reader.isFinished)
        #expect(try reader.read(bytes("de").span) == .data(ByteRange(0, 2), consumed: 2))
        #expect(reader.remaining == 0)
        #expect(reader.isFinished)
        #expect(try reader.read(bytes("").span) == .end(consumed: 0))
    }

    @Test func `no byte over the limit is handed out`() {
        #expect(read("hello", .length(5), limit: 5).end == .end(rest: 0))
        #expect(read("hello", .length(5), limit: 4).end == .fault(.tooLarge))
        #expect(read("hello", .length(5), limit: 4).data.isEmpty)
        #expect(read("hello", .untilClose, limit: 5).end == .needsMore)
        #expect(read("hello!", .untilClose, limit: 5).end == .fault(.tooLarge))
        #expect(read("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", limit: 5).end == .end(rest: 0))
        #expect(read("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", limit: 4).end == .fault(.tooLarge))
        #expect(BodyFault.tooLarge.status == 413)
    }

    @Test func `only a body that ends with the connection may end with it`() throws {
        var open = BodyReader(.untilClose, limit: 10, trailerLimits: HeadLimits())
        #expect(open.remaining == nil)
        _ = try open.read(bytes("abc").span)
        try open.endOfInput()
        #expect(open.isFinished)
        for (framing, text) in [
            (BodyFraming.length(5), "hell"), (.chunked, ""), (.chunked, "5"), (.chunked, "5\r\nhe"),
            (.chunked, "1\r\nx\r\n"), (.chunked, "0\r\n"), (.chunked, "0\r\n\r"),
            (.chunked, "0\r\nA: b\r\n"),
        ] {
            var reader = BodyReader(framing, limit: 10, trailerLimits: HeadLimits())
            let input = bytes(text)
            var start = 0
            while case .data(_, let consumed) = try reader.read(input.span.extracting(start...)) {
                start += consumed
            }
            #expect(throws: BodyFault.truncated) { try reader.endOfInput() }
        }
        var done = BodyReader(.length(1), limit: 10, trailerLimits: HeadLimits())
        _ = try done.read(bytes("x").span)
        try done.endOfInput()
    }

    @Test func `every fault earns a client error`() {
        for fault in BodyFault.allCases { #expect([400, 413, 431].contains(fault.status)) }
    }
}
