import PorticoBytes
import PorticoExchange
import PorticoHTTP
import PorticoHTTP1

/// A request's head as the reader makes it of a text.
func requestHead(_ text: String) throws -> RequestHead {
    var head = RequestHead()
    var reader = RequestReader(limits: HeadLimits())
    let bytes = Array((text + "\r\n\r\n").utf8)
    guard case .head = try reader.read(bytes.span, into: &head) else {
        throw Trouble("not a whole head: \(text)")
    }
    return head
}

/// What is known of a client that connects from `peer`.
func facts(peer: String) throws -> ClientFacts {
    guard let address = SocketAddress(peer) else { throw Trouble(peer) }
    return ClientFacts(
        peer: address, client: address.ip, local: address, isTrustedProxy: false, tls: nil)
}
