package import PorticoBytes
package import PorticoSettings

/// `[[listen]]`: one listening socket for clients.
package struct ListenSettings: Equatable, Sendable {
    /// Port 0 is any free one; the ready line says which.
    package var address = SocketAddress(IPAddress(v4: 0x7F00_0001), port: 8080)
    package var tls = false
    /// Offers h2 beside http/1.1 by ALPN; means nothing without `tls`.
    package var http2 = true
    /// HTTP/2 by prior knowledge (RFC 9113 §3.3), on a listener without TLS.
    package var h2c = false
    /// Each connection begins with a PROXY header, v1 or v2; from a peer outside of
    /// `trustedProxies` it is closed without an answer.
    package var proxyProtocol = false
    /// Whose PROXY header and X-Forwarded-For, -Proto and -Host are believed.
    package var trustedProxies = NetworkList()

    package init() {}

    package init(from section: inout Section) {
        section.read(
            "address", into: &address,
            expected: "an IP address with a port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"",
            SocketAddress.init)
        section.read("tls", into: &tls)
        section.read("http2", into: &http2)
        section.read("h2c", into: &h2c)
        section.read("proxy_protocol", into: &proxyProtocol)
        section.read("trusted_proxies", into: &trustedProxies)
        section.finish()
        if h2c && tls {
            section.report(
                .conflict("h2c is for listeners without TLS; with TLS, http2 = true does"),
                at: "h2c")
        }
        if proxyProtocol && trustedProxies.isEmpty {
            section.report(
                .conflict(
                    "proxy_protocol needs trusted_proxies, such as [\"10.0.0.0/8\"]: "
                        + "who may say which client it is?"),
                at: "proxy_protocol")
        }
    }
}
