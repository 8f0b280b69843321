package import PorticoBytes
internal import PorticoSettings

/// Where a node is: an address, or a name that the resolver knows.
package enum OriginHost: Hashable, Sendable {
    case address(IPAddress)
    case name(String)
}

/// One node of a pool: `"10.0.0.1:80"`, `"[::1]:80"`, `"app.internal:80"`, or a table.
package struct NodeSettings: Equatable, Sendable {
    package var host: OriginHost
    package var port: UInt16
    /// Its share of the requests, against those of the others.
    package var weight = 1
    /// Asked only while no other node is up.
    package var backup = false
    package var tls = false
    /// The name asked for and verified over TLS; empty: the host's own.
    package var sni = ""
    /// A PEM file with the authorities that vouch for it; empty: those of the system.
    package var ca = ""

    package init(_ host: OriginHost, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; version 6 in brackets.
    package init?(_ text: String) {
        if let address = SocketAddress(text) {
            self.init(.address(address.ip), port: address.port)
        } else {
            guard let colon = text.lastIndex(of: ":"), isHostName(String(text[..<colon])),
                text[colon...].utf8.count <= 6,
                let port = Array(text[colon...].utf8.dropFirst()).span.decimal, port <= 65_535
            else { return nil }
            self.init(.name(text[..<colon].lowercased()), port: UInt16(port))
        }
        if port == 0 { return nil }
    }

    /// Nil, with the fault reported, when there is no telling which node is meant.
    init?(from value: SettingsValue, protocol: OriginProtocol) {
        let expected = "host:port, such as \"127.0.0.1:9001\", \"[::1]:80\" or \"app.internal:80\""
        if value.isString {
            guard let node = value.parsed(expected: expected, NodeSettings.init) else { return nil }
            self = node
            tls = `protocol` == .h2
            return
        }
        guard var section = value.section() else { return nil }
        section.require("address", expected: expected)
        let node = section.value("address")?.parsed(expected: expected, NodeSettings.init)
        var read = node ?? NodeSettings(.name(""), port: 0)
        read.tls = `protocol` == .h2
        section.read("weight", into: &read.weight, within: 1...1000)
        section.read("backup", into: &read.backup)
        section.read("tls", into: &read.tls)
        section.read("sni", into: &read.sni, expected: "a host name") {
            $0.isEmpty || isHostName($0) ? $0 : nil
        }
        section.readPath("ca", into: &read.ca)
        section.finish()
        if read.tls != (`protocol` == .h2), `protocol` != .http1 {
            section.report(
                .conflict(
                    `protocol` == .h2
                        ? "protocol = \"h2\" is over TLS; without it, protocol = \"h2c\""
                        : "protocol = \"h2c\" is without TLS; with it, protocol = \"h2\""),
                at: "tls")
        }
        if node == nil { return nil }
        self = read
    }

    /// As settings and the admin API name it: `host:port`.
    package var address: String {
        switch host {
        case .address(let ip): SocketAddress(ip, port: port).description
        case .name(let name): "\(name):\(port)"
        }
    }
}
