import PorticoBytes
import Testing

@testable import PorticoServer

@Suite("PROXY headers, versions 1 and 2")
struct ProxyHeaderTests {
    private func read(_ bytes: some Collection<UInt8>) -> ProxyHeader.Progress {
        let bytes = Array(bytes)
        return ProxyHeader.read(bytes.span)
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// Version and command, family, the rest with its length before it.
    private static func binary(
        _ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let count = length ?? rest.count
        return signature + [command, family, UInt8(count >> 8), UInt8(count & 255)] + rest
    }

    private static let v4: [UInt8] = [192, 0, 2, 1, 192, 0, 2, 2, 0xDC, 0x04, 0x01, 0xBB]
    private static let v6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [2]
        + [0xDC, 0x04, 0x01, 0xBB]

    private static let good: [([UInt8], String?)] = [
        (Array("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n".utf8), "192.0.2.1:56324"),
        (Array("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n".utf8), "[2001:db8::1]:56324"),
        (Array("PROXY TCP4 192.0.2.1 192.0.2.2 0 65535\r\n".utf8), "192.0.2.1:0"),
        (Array("PROXY UNKNOWN\r\n".utf8), nil),
        (Array("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n".utf8), nil),
        (binary(0x21, 0x11, v4), "192.0.2.1:56324"),
        (binary(0x21, 0x21, v6), "[2001:db8::1]:56324"),
        // Extensions after the addresses.
        (binary(0x21, 0x11, v4 + [0x04, 0x00, 0x02, 0x61, 0x62]), "192.0.2.1:56324"),
        // The balancer's own check, with and without addresses; and an unspecified family.
        (binary(0x20, 0x00, []), nil),
        (binary(0x20, 0x11, v4), nil),
        (binary(0x21, 0x00, []), nil),
    ]

    @Test func `a whole header names the source and leaves what follows`() {
        for (header, source) in Self.good {
            let expected = ProxyHeader.Progress.header(
                source: source.flatMap(SocketAddress.init), consumed: header.count)
            #expect(read(header) == expected)
            #expect(read(header + Array("GET /".utf8)) == expected)
        }
    }

    @Test func `a header cut anywhere is waited for`() {
        for (header, _) in Self.good {
            for cut in 0..<header.count {
                #expect(read(header.prefix(cut)) == .needsMore)
            }
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROXY\r\n", "PROXY \r\n", "proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
        "PROXY TCP4\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 1\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\n",
        "PROXY TCP4  192.0.2.1 192.0.2.2 56324 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 56324 65536\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 443\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2  443\r\n",
        "PROXY TCP4 192.0.2.256 192.0.2.2 1 443\r\n", "PROXY TCP4 192.0.2.1 nobody 1 443\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 1 443\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 443\r\n", "PROXY UDP4 192.0.2.1 192.0.2.2 1 443\r\n",
        "PROXY UNKNOWNS\r\n",
    ])
    func `a malformed line is refused`(_ line: String) {
        #expect(read(Array(line.utf8)) == .malformed)
    }

    @Test func `a line without an end is not waited for beyond its longest form`() {
        let line = Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 0x61, count: 200)
        #expect(read(line.prefix(100)) == .needsMore)
        #expect(read(line) == .malformed)
        #expect(read(line + [0x0D, 0x0A]) == .malformed)
    }

    @Test func `a malformed binary header is refused`() {
        for header in [
            Self.binary(0x11, 0x11, Self.v4), Self.binary(0x31, 0x11, Self.v4),
            Self.binary(0x22, 0x11, Self.v4), Self.binary(0x21, 0x12, Self.v4),
            Self.binary(0x21, 0x31, Self.v4), Self.binary(0x21, 0x11, Array(Self.v4.dropLast())),
            Self.binary(0x21, 0x21, Self.v4), Self.binary(0x21, 0x11, Self.v4, length: 5000),
            Array(Self.signature.dropLast()) + [0x0B, 0x21, 0x11, 0, 0],
        ] {
            #expect(read(header) == .malformed)
        }
    }
}
