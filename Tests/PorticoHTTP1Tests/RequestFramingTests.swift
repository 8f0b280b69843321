import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP1

@Suite("Request framing and connection options (RFC 9112 §6.3, §9.3)")
struct RequestFramingTests {
    private func framing(
        _ lines: String, version: String = "1.1"
    ) throws(RequestFault) -> BodyFraming {
        try readRequest("POST / HTTP/\(version)\r\nHost: h\r\n\(lines)\r\n").bodyFraming()
    }

    @Test(arguments: [
        ("", BodyFraming.none), ("Content-Length: 0\r\n", .length(0)),
        ("Content-Length:\t 5 \t\r\n", .length(5)), ("content-length:05\r\n", .length(5)),
        ("Content-Length: 18446744073709551615\r\n", .length(.max)),
        ("Transfer-Encoding: chunked\r\n", .chunked),
        ("transfer-encoding:\t CHUNKED \r\n", .chunked),
        ("Content_Length: 5\r\n", .none),
    ])
    func `one framing field says how long the body is`(_ lines: String, _ expected: BodyFraming)
        throws
    {
        #expect(try framing(lines) == expected)
    }

    @Test(arguments: [
        "+5", "-5", "-0", "0x5", "5e0", "5 5", "5a", "a5", "", "5, 5", "5,6", ",5", "1_0", "(5)",
        "5;x",
        "\u{a0}5", "\u{d9}\u{a5}", "5.0", "18446744073709551616", "99999999999999999999999999",
    ])
    func `what is no plain number is no length`(_ value: String) {
        #expect(throws: RequestFault.badContentLength) {
            try framing("Content-Length: \(value)\r\n")
        }
    }

    static let contradictions: [(String, RequestFault)] = [
        ("Content-Length: 5\r\nContent-Length: 5\r\n", .repeatedContentLength),
        ("Content-Length: 5\r\nX: y\r\ncontent-length: 6\r\n", .repeatedContentLength),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", .lengthAndCoding),
        ("Transfer-Encoding: gzip\r\nContent-Length: 0\r\n", .lengthAndCoding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .badTransferCoding),
        ("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", .badTransferCoding),
        ("Transfer-Encoding: chunked, chunked\r\n", .badTransferCoding),
        ("Transfer-Encoding: chunked, identity\r\n", .badTransferCoding),
        ("Transfer-Encoding: , chunked\r\n", .badTransferCoding),
        ("Transfer-Encoding: chunked,\r\n", .badTransferCoding),
        ("Transfer-Encoding:\r\n", .badTransferCoding),
        ("Transfer-Encoding: \"chunked\"\r\n", .badTransferCoding),
        ("Transfer-Encoding: chunked;q=1\r\n", .badTransferCoding),
        ("Transfer-Encoding: chun ked\r\n", .badTransferCoding),
        ("Transfer-Encoding: \u{a0}chunked\r\n", .badTransferCoding),
        ("Transfer-Encoding: chun\u{e2}\u{84}\u{aa}ed\r\n", .badTransferCoding),
        ("Transfer-Encoding: gzip\r\n", .unknownTransferCoding),
        ("Transfer-Encoding: gzip, chunked\r\n", .unknownTransferCoding),
        ("Transfer-Encoding: identity\r\n", .unknownTransferCoding),
        ("Transfer-Encoding: xchunked\r\n", .unknownTransferCoding),
        ("Transfer-Encoding: 'chunked'\r\n", .unknownTransferCoding),
    ]

    @Test(arguments: contradictions)
    func `framing that two programs could read in two ways is refused`(
        _ lines: String, _ fault: RequestFault
    ) {
        #expect(throws: fault) { try framing(lines) }
    }

    @Test func `HTTP 1.0 has no transfer codings`() {
        #expect(throws: RequestFault.codingInHTTP10) {
            try framing("Transfer-Encoding: chunked\r\n", version: "1.0")
        }
    }

    @Test(arguments: [
        ("1.1", "", true), ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: foo, Close\r\n", false),
        ("1.1", "Connection: foo\r\nConnection: CLOSE\r\n", false),
        ("1.1", "Connection: closed\r\n", true), ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ])
    func `the version's default holds unless Connection says otherwise`(
        _ version: String, _ lines: String, _ keeps: Bool
    ) throws {
        let head = try readRequest("GET / HTTP/\(version)\r\nHost: h\r\n\(lines)\r\n")
        #expect(head.keepsAlive == keeps)
        #expect(head.wantsClose == !keeps)
    }

    @Test(arguments: [
        ("1.1", "", PorticoHTTP1.Expectation.none),
        ("1.1", "Expect: 100-Continue\r\n", .continue100),
        ("1.1", "Expect: 200-ok\r\n", .unknown), ("1.1", "Expect: 100-continue, x\r\n", .unknown),
        ("1.1", "Expect: x, 100-continue\r\n", .unknown),
        ("1.1", "Expect: y 100-continue\r\n", .unknown),
        ("1.1", "Expect:\r\n", .none), ("1.0", "Expect: 100-continue\r\n", .none),
    ])
    func `only 100-continue can be expected`(
        _ version: String, _ lines: String, _ expectation: PorticoHTTP1.Expectation
    ) throws {
        let head = try readRequest("POST / HTTP/\(version)\r\nHost: h\r\n\(lines)\r\n")
        #expect(head.expectation == expectation)
        #expect(head.expectsContinue == (expectation == .continue100))
    }

    static let handshake =
        "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

    @Test(arguments: [
        ("GET / HTTP/1.1", handshake, true), ("POST / HTTP/1.1", handshake, false),
        ("GET / HTTP/1.0", handshake, false),
        ("GET / HTTP/1.1", handshake + "Content-Length: 0\r\n", false),
        ("GET / HTTP/1.1", handshake + "Sec-WebSocket-Version: 13\r\n", false),
        ("GET / HTTP/1.1", handshake.replacing("13", with: "777"), false),
        ("GET / HTTP/1.1", handshake.replacing("dGhl", with: "x"), false),
        ("GET / HTTP/1.1", handshake.replacing("Upgrade: WebSocket", with: "Upgrade: h2c"), false),
        ("GET / HTTP/1.1", handshake.replacing(", Upgrade", with: ""), false),
    ])
    func `only a complete handshake upgrades to WebSocket`(
        _ line: String, _ lines: String, _ upgrades: Bool
    ) throws {
        #expect(
            try readRequest("\(line)\r\nHost: h\r\n\(lines)\r\n").upgradeToWebSocket == upgrades)
    }
}
