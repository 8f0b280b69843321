/// An address and a port: `1.2.3.4:80` or `[::1]:80`.
package struct SocketAddress: Hashable, Sendable {
    package var ip: IPAddress
    package var port: UInt16

    package init(_ ip: IPAddress, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    package init?(_ text: String) { self.init(Array(text.utf8).span) }

    /// Reads the address, then the port in decimal; version 6 only in brackets, since `::1:80`
    /// could be either.
    package init?(_ text: Span<UInt8>) {
        var colon = text.count
        while colon > 0, text[colon - 1] != 0x3A { colon -= 1 }
        guard colon > 0, text.count - colon <= 5,
            let port = text.extracting(colon..<text.count).decimal, port <= UInt16.max
        else { return nil }
        let host = text.extracting(0..<(colon - 1))
        let bracketed = host.count >= 2 && host[0] == 0x5B && host[host.count - 1] == 0x5D
        let bare = bracketed ? host.extracting(1..<(host.count - 1)) : host
        guard (bare.firstIndex(of: 0x3A) != nil) == bracketed, let ip = IPAddress(bare)
        else { return nil }
        self.init(ip, port: UInt16(port))
    }
}

extension SocketAddress: CustomStringConvertible {
    package var description: String {
        var buffer = Buffer(capacity: 56)
        buffer.append(self)
        return buffer.bytes.text
    }
}
