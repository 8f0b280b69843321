internal import PorticoBytes

/// Cookie fields of requests (RFC 6265 §4.2.1).
enum Cookies {
    /// Calls `body` with the value of each cookie of this name in a field's value, in their order.
    static func forEach(
        of name: Span<UInt8>, in value: Span<UInt8>, _ body: (Span<UInt8>) -> Void
    ) {
        var start = 0
        while start < value.count {
            let end = value.firstIndex(of: 0x3B, from: start) ?? value.count
            let pair = value.extracting(start..<end).trimmingOWS
            if let equals = pair.firstIndex(of: 0x3D), pair.extracting(..<equals).equals(name) {
                body(pair.extracting((equals + 1)...))
            }
            start = end + 1
        }
    }
}
