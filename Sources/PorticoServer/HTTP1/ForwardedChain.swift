internal import PorticoBytes
internal import PorticoHTTP

/// Whom a chain of trusted proxies names as the client.
enum ForwardedChain {
    /// The last address, read from the right, that is not a trusted proxy; the leftmost if all
    /// are. What cannot be read ends the walk: the proxy that wrote it is the client.
    static func client(
        of fields: borrowing Fields, peer: IPAddress, trusted: NetworkList
    ) -> IPAddress {
        var client = peer
        for index in stride(from: fields.count - 1, through: 0, by: -1)
        where fields.lines[index].name == .xForwardedFor {
            let value = fields.value(at: index)
            var end = value.count
            while end >= 0 {
                var start = end
                while start > 0, value[start - 1] != 0x2C { start -= 1 }
                let member = value.extracting(start..<end).trimmingOWS
                end = start - 1
                if member.isEmpty { continue }
                guard let address = address(member) else { return client }
                client = address
                if !trusted.contains(address) { return client }
            }
        }
        return client
    }

    /// An address, perhaps with a port or in brackets, as some proxies write it.
    private static func address(_ member: Span<UInt8>) -> IPAddress? {
        if let plain = IPAddress(member) { return plain }
        return SocketAddress(member)?.ip
    }
}
