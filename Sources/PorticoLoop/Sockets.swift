internal import CPorticoLinux
internal import PorticoBytes

extension px_address {
    init(_ socket: SocketAddress) {
        self.init()
        port = socket.port
        family = socket.address.isV4 ? 4 : 6
        unsafe withUnsafeMutableBytes(of: &bytes) { raw in
            if socket.address.isV4 {
                unsafe raw.storeBytes(of: UInt32(truncatingIfNeeded: socket.address.low).bigEndian, as: UInt32.self)
            } else {
                unsafe raw.storeBytes(of: socket.address.high.bigEndian, as: UInt64.self)
                unsafe raw.storeBytes(of: socket.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
    }
}

extension SocketAddress {
    init(_ raw: px_address) {
        var raw = raw
        let address = unsafe withUnsafeBytes(of: &raw.bytes) { bytes in
            if raw.family == 4 {
                return unsafe IPAddress(high: 0, low: UInt64(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))), isV4: true)
            }
            return unsafe IPAddress(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), isV4: false)
        }
        self.init(address, port: raw.port)
    }
}
