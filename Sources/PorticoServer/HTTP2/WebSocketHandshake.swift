internal import PorticoBytes
internal import PorticoHTTP

/// A WebSocket asked for over HTTP/2 (RFC 8441), in the words of RFC 6455: so that whoever stands
/// behind sees one kind of handshake.
enum WebSocketHandshake {
    /// The request as HTTP/1.1 would say it.
    static func request(_ connect: RequestHead) -> RequestHead {
        var head = connect
        var bytes = Buffer()
        bytes.append("GET")
        let start = head.fields.adopt(bytes.bytes)
        head.method = .get
        head.methodRange = ByteRange(start, start + 3)
        head.fields.remove(.secWebSocketKey)
        head.fields.append(.connection, "Upgrade")
        head.fields.append(.upgrade, "websocket")
        head.fields.append(.secWebSocketKey) { value in
            for byte in key() { value.write(byte) }
        }
        return head
    }

    /// 16 random bytes in Base64. It keeps caches and mistaken peers out, nothing else (RFC 6455
    /// §10.3).
    private static func key() -> [UInt8] {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var generator = SystemRandomNumberGenerator()
        let bits = (generator.next() as UInt64, generator.next() as UInt64)
        var key: [UInt8] = []
        for index in 0..<21 {
            let word = index < 10 ? bits.0 : bits.1
            key.append(alphabet[Int(word >> UInt64(index % 10 * 6) & 63)])
        }
        // The last sextet has two bits of the sixteenth byte.
        key.append(alphabet[Int(bits.1 >> 62 & 3) << 4])
        return key + Array("==".utf8)
    }
}
