import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP1

@Suite("Response framing (RFC 9112 §6.3)")
struct ResponseFramingTests {
    private func head(_ line: String, _ lines: String) throws(ResponseFault) -> ResponseHead {
        try readResponse("HTTP/\(line)\r\n\(lines)\r\n")
    }

    static let framings: [(String, String, Method, BodyFraming)] = [
        ("1.1 200", "", .get, .untilClose), ("1.1 200", "Content-Length: 5\r\n", .get, .length(5)),
        ("1.1 200", "Content-Length: 5\r\n", .head, .none), ("1.1 204", "", .get, .none),
        ("1.1 304", "Content-Length: 5\r\n", .get, .none), ("1.1 103", "", .get, .none),
        ("1.1 101", "", .get, .none), ("1.1 204", "Content-Length: 4\r\n", .get, .none),
        ("1.1 200", "Transfer-Encoding: Chunked\r\n", .get, .chunked),
        ("1.1 200", "Transfer-Encoding: chunked\r\n", .head, .none),
        ("1.0 200", "", .get, .untilClose),
        ("1.1 200", "Content-Length: 5\r\nContent-Length: 5\r\n", .get, .length(5)),
        ("1.1 200", "Content-Length: 5 , 5\r\n", .get, .length(5)),
    ]

    @Test(arguments: framings)
    func `status, method and fields say how long the body is`(
        _ line: String, _ lines: String, _ method: Method, _ expected: BodyFraming
    ) throws {
        #expect(try head(line, lines).bodyFraming(to: method) == expected)
    }

    @Test func `equal lengths go on as one line`() throws {
        let head = try head("1.1 200", "Content-Length: 5, 5\r\nX: y\r\nContent-Length: 05\r\n")
        #expect(head.fields.count == 2)
        #expect(head.fields[head.fields.range(of: .contentLength)].text == "5")
    }

    @Test(arguments: [
        "", "+5", "abc", "5.0", "5;a", "5, 6", "5,", "99999999999999999999999",
        "5\r\nContent-Length: 50",
    ])
    func `a length that is no one number is refused`(_ value: String) {
        #expect(throws: ResponseFault.badContentLength) {
            try head("1.1 200", "Content-Length: \(value)\r\n")
        }
    }

    static let contradictions: [(String, String, ResponseFault)] = [
        ("1.1 200", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
        ("1.1 304", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
        (
            "1.1 200", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            .badTransferCoding
        ),
        ("1.1 200", "Transfer-Encoding: gzip, chunked\r\n", .unknownTransferCoding),
        ("1.0 200", "Transfer-Encoding: chunked\r\n", .codingInHTTP10),
    ]

    @Test(arguments: contradictions)
    func `contradicting framing is refused`(_ line: String, _ lines: String, _ fault: ResponseFault)
        throws
    {
        let head = try head(line, lines)
        #expect(throws: fault) { try head.bodyFraming(to: .get) }
    }

    @Test(arguments: [
        ("1.1 204", "Content-Length: 4\r\n", true),
        ("1.1 204", "Transfer-Encoding: chunked\r\n", true),
        ("1.1 204", "Content-Length: 0\r\n", false), ("1.1 204", "", false),
        ("1.1 304", "Content-Length: 4\r\n", false), ("1.1 100", "Content-Length: 4\r\n", true),
    ])
    func `a body where none can be ends the connection`(
        _ line: String, _ lines: String, _ forbidden: Bool
    ) throws {
        let head = try head(line, lines)
        #expect(head.hasForbiddenBody == forbidden)
        #expect(head.keepsAlive == !forbidden)
    }

    @Test(arguments: [
        ("1.1 200", "", true), ("1.1 200", "Connection: x, close\r\n", false),
        ("1.0 200", "", false),
        ("1.0 200", "Connection: keep-alive\r\n", true),
    ])
    func `the connection is kept as its version and fields say`(
        _ line: String, _ lines: String, _ keeps: Bool
    ) throws {
        #expect(try head(line, lines).keepsAlive == keeps)
    }
}
