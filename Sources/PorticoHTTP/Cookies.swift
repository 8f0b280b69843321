internal import PorticoBytes

extension Fields {
    /// Calls `body` with each cookie of a request (RFC 6265 §4.2.1), by name and value, in order.
    package func forEachCookie(_ body: (Span<UInt8>, Span<UInt8>) -> Void) {
        for line in lines where line.name == .cookie {
            let value = self[line.valueRange]
            var start = 0
            while start < value.count {
                let end = value.firstIndex(of: 0x3B, from: start) ?? value.count
                let pair = value.extracting(start..<end).trimmingOWS
                if let equals = pair.firstIndex(of: 0x3D) {
                    body(pair.extracting(..<equals), pair.extracting((equals + 1)...))
                }
                start = end + 1
            }
        }
    }
}
