internal import PorticoBytes

extension RequestHead {
    /// Whether the request asks to go on as a WebSocket (RFC 6455 §4.1): GET, not HTTP/1.0, and
    /// Upgrade named by Connection. Other protocols are not switched to. HTTP/2's way of asking
    /// (RFC 8441) has been put into these words before; its peers cannot say them.
    package var asksForWebSocket: Bool {
        method == .get && version != .http10 && fields.list(.upgrade, contains: "websocket")
            && fields.list(.connection, contains: "upgrade")
    }
}
