import HTTP1Properties
import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP1

@Suite("Response heads (RFC 9112 §4)")
struct ResponseReaderTests {
    static let lines: [(String, UInt16, String, HTTPVersion)] = [
        ("HTTP/1.1 200 OK\r\n", 200, "OK", HTTPVersion.http11),
        ("HTTP/1.0 404 Not  Here\t\r\n", 404, "Not  Here\t", .http10),
        ("HTTP/1.1 599 \r\n", 599, "", .http11), ("HTTP/1.1 100\r\n", 100, "", .http11),
        ("HTTP/1.7 200 \u{e9}\r\n", 200, "\u{e9}", .http11),
    ]

    @Test(arguments: lines)
    func `a status line is read into its parts`(
        _ line: String, _ status: UInt16, _ reason: String, _ version: HTTPVersion
    ) throws {
        let head = try readResponse(line + "X: y\r\n\r\n")
        #expect(head.status == status)
        #expect(head.version == version)
        #expect(head.fields[head.reason].array == bytes(reason))
        #expect(head.fields.value(at: 0).text == "y")
        let input = bytes(line + "X: y\r\n\r\n")
        for cut in 0...input.count {
            let violation = ResponseProperties.violation(by: input, cut: cut)
            #expect(violation == nil)
        }
    }

    static let faults: [(String, ResponseFault)] = [
        ("\r\nHTTP/1.1 200 OK\r\n", .badStatusLine), ("XTTP/1.1 200 OK\r\n", .badStatusLine),
        ("http/1.1 200 OK\r\n", .badStatusLine), ("<html>", .badStatusLine), ("\0", .badStatusLine),
        ("HTTP/1.1 abc OK\r\n", .badStatusLine), ("HTTP/1.1 99 X\r\n", .badStatusLine),
        ("HTTP/1.1 2000 OK\r\n", .badStatusLine), ("HTTP/1.1 -20 OK\r\n", .badStatusLine),
        ("HTTP/1.1  200 OK\r\n", .badStatusLine), ("HTTP/1.1\t200 OK\r\n", .badStatusLine),
        ("HTTP/1.10 200 OK\r\n", .badStatusLine), ("HTTP/11 200 OK\r\n", .badStatusLine),
        ("HTTP/1.1 200\tOK\r\n", .badStatusLine),
        ("HTTP/2.0 200 OK\r\n", .unsupportedVersion), ("HTTP/0.9 200 OK\r\n", .unsupportedVersion),
        ("HTTP/1.1 000 X\r\n", .badStatus), ("HTTP/1.1 600 X\r\n", .badStatus),
        ("HTTP/1.1 200 a\0b\r\n", .badReason), ("HTTP/1.1 200 a\u{7f}\r\n", .badReason),
        ("HTTP/1.1 200 OK\n", .bareLineFeed), ("HTTP/1.1 200\n", .bareLineFeed),
        ("\n", .bareLineFeed),
        ("HTTP/1.1 200 OK\rX", .bareCarriageReturn), ("HTTP/1.1 200\rX", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nX: b\r\n c\r\n\r\n", .foldedLine),
        ("HTTP/1.1 200 OK\r\nX A: b\r\n\r\n", .badFieldName),
        ("HTTP/1.1 200 OK\r\nX: b\0c\r\n\r\n", .badFieldValue),
        ("HTTP/1.1 200 OK\r\nX: b\rSet-Cookie: e\r\n\r\n", .bareCarriageReturn),
        ("HTTP/1.1 200 OK\r\nX: b\nX-Inj: 1\r\n\r\n", .bareLineFeed),
    ]

    @Test(arguments: faults)
    func `what is ambiguous is refused`(_ text: String, _ fault: ResponseFault) {
        #expect(responseOutcome(text) == .fault(fault))
        let input = bytes(text)
        for cut in 0...input.count {
            let violation = ResponseProperties.violation(by: input, cut: cut)
            #expect(violation == nil)
        }
    }

    @Test func `an interim head is followed by the final one`() throws {
        let input = bytes("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
        var reader = ResponseReader(limits: HeadLimits())
        var head = ResponseHead()
        guard case .head(let consumed) = try reader.read(input.span, into: &head) else {
            Issue.record("not whole")
            return
        }
        #expect(head.isInterim)
        reader.reset()
        let rest = input.span.extracting(consumed...)
        #expect(try reader.read(rest, into: &head) == .head(consumed: rest.count))
        #expect(head.status == 200)
        #expect(head.fields.isEmpty)
    }

    @Test func `limits count to the byte`() {
        let text = "HTTP/1.1 200 OK\r\nX: 1\r\nY: 2\r\n\r\n"
        let count = text.utf8.count
        #expect(
            responseOutcome(text, limits: HeadLimits(bytes: count, lines: 2))
                == .head(consumed: count))
        #expect(
            responseOutcome(text, limits: HeadLimits(bytes: count - 1, lines: 2))
                == .fault(.headTooLong))
        #expect(
            responseOutcome(text, limits: HeadLimits(bytes: count, lines: 1))
                == .fault(.tooManyLines))
        #expect(
            responseOutcome("HTTP/1.1 200 OKOK", limits: HeadLimits(bytes: 17))
                == .fault(.headTooLong))
    }

    @Test func `every fault earns a 502`() {
        for fault in ResponseFault.allCases { #expect(fault.status == 502) }
    }
}
