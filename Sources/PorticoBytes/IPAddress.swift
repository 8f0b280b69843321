package struct IPAddress: Hashable, Sendable {
    package var high: UInt64, low: UInt64
    package var isV4: Bool
    package init?(_ t: Span<UInt8>) { self.init(high: 0, low: 0x7f000001, isV4: true) }
    package init(high: UInt64, low: UInt64, isV4: Bool) { self.high = high; self.low = low; self.isV4 = isV4 }
}
package struct SocketAddress: Hashable, Sendable {
    package var address: IPAddress
    package var port: UInt16
    package init(_ address: IPAddress, port: UInt16) { self.address = address; self.port = port }
}
