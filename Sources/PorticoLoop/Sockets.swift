internal import CPorticoLinux
internal import PorticoBytes

extension px_address {
    init(_ socket: SocketAddress) {
        self.init()
        port = socket.port
        unsafe withUnsafeMutableBytes(of: &bytes) { raw in
            // SAFETY: the field has 16 bytes.
            if let v4 = socket.ip.v4 {
                unsafe raw.storeBytes(of: v4.bigEndian, as: UInt32.self)
            } else {
                unsafe raw.storeBytes(of: socket.ip.high.bigEndian, as: UInt64.self)
                unsafe raw.storeBytes(
                    of: socket.ip.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
        }
        family = socket.ip.isV4 ? 4 : 6
    }
}

extension SocketAddress {
    init(_ raw: px_address) {
        let ip = unsafe withUnsafeBytes(of: raw.bytes) { bytes in
            // SAFETY: the field has 16 bytes.
            if raw.family == 4 {
                return unsafe IPAddress(
                    v4: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
            }
            return unsafe IPAddress(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
        self.init(ip, port: raw.port)
    }
}
