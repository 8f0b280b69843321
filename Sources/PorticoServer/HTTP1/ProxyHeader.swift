internal import PorticoBytes

/// The PROXY protocol, versions 1 and 2: who stands behind a load balancer (HAProxy's
/// proxy-protocol.txt). Read from trusted peers only.
enum ProxyHeader {
    enum Progress: Equatable {
        case needsMore
        case malformed
        /// `source` is nil for the balancer's own checks (UNKNOWN, LOCAL).
        case header(source: SocketAddress?, consumed: Int)
    }

    /// Version 2's fixed part, addresses and as much of extensions as is reasonable.
    static let most = 4096
    /// Version 1's longest line (§2.1).
    private static let longestLine = 107

    static func read(_ input: Span<UInt8>) -> Progress {
        if input.isEmpty { return .needsMore }
        return input[0] == 0x0D ? readBinary(input) : readLine(input)
    }

    /// "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" (§2.1).
    private static func readLine(_ input: Span<UInt8>) -> Progress {
        let start: StaticString = "PROXY "
        for index in 0..<min(input.count, 6) where unsafe input[index] != start.utf8Start[index] {
            return .malformed
        }
        guard let end = input.firstIndex(of: 0x0A) else {
            return input.count > longestLine ? .malformed : .needsMore
        }
        guard end < longestLine, end > 6, input[end - 1] == 0x0D else { return .malformed }
        let words = input.extracting(6..<(end - 1))
        var parts: [Range<Int>] = []
        var begin = 0
        while begin <= words.count {
            let stop = words.firstIndex(of: 0x20, from: begin) ?? words.count
            parts.append(begin..<stop)
            begin = stop + 1
        }
        if words.extracting(parts[0]).equals("UNKNOWN") {
            return .header(source: nil, consumed: end + 1)
        }
        let isV4 = words.extracting(parts[0]).equals("TCP4")
        guard isV4 || words.extracting(parts[0]).equals("TCP6"), parts.count == 5,
            let ip = IPAddress(words.extracting(parts[1])), ip.isV4 == isV4,
            IPAddress(words.extracting(parts[2])) != nil,
            let port = words.extracting(parts[3]).decimal, port <= 65535,
            words.extracting(parts[4]).decimal ?? 65536 <= 65535
        else { return .malformed }
        return .header(source: SocketAddress(ip, port: UInt16(port)), consumed: end + 1)
    }

    /// Signature, version and command, family, length, addresses, extensions (§2.2).
    private static func readBinary(_ input: Span<UInt8>) -> Progress {
        let signature: InlineArray<12, UInt8> = [
            0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
        ]
        for index in 0..<min(input.count, 12) where input[index] != signature[index] {
            return .malformed
        }
        if input.count < 16 { return .needsMore }
        let length = Int(input[14]) << 8 | Int(input[15])
        guard input[12] >> 4 == 2, length + 16 <= most else { return .malformed }
        if input.count < 16 + length { return .needsMore }
        switch (input[12] & 15, input[13]) {
        case (0, _):
            return .header(source: nil, consumed: 16 + length)
        case (1, 0x11) where length >= 12:
            return source(input, addressLength: 4, length)
        case (1, 0x21) where length >= 36:
            return source(input, addressLength: 16, length)
        case (1, 0x00):
            return .header(source: nil, consumed: 16 + length)
        default:
            return .malformed
        }
    }

    private static func source(
        _ input: Span<UInt8>, addressLength: Int, _ length: Int
    ) -> Progress {
        let ports = 16 + 2 * addressLength
        guard let ip = IPAddress(octets: input.extracting(16..<(16 + addressLength))) else {
            return .malformed
        }
        let port = UInt16(input[ports]) << 8 | UInt16(input[ports + 1])
        return .header(source: SocketAddress(ip, port: port), consumed: 16 + length)
    }
}
