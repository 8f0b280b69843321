internal import PorticoBytes

extension RequestHead {
    /// Whether the request asks to go on as a WebSocket (RFC 6455 §4.1): GET, HTTP/1.1, and
    /// Upgrade named by Connection. Other protocols are not switched to.
    package var asksForWebSocket: Bool {
        method == .get && version == .http11 && fields.list(.upgrade, contains: "websocket")
            && fields.list(.connection, contains: "upgrade")
    }
}
