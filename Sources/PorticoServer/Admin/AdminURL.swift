package import PorticoBytes
internal import PorticoLoop

/// Where the admin API of a running daemon is: `http://127.0.0.1:8081`, `https://edge1.example:8081`.
package struct AdminURL: Equatable, Sendable {
    package let isTLS: Bool
    /// A name or an address, as a certificate has it.
    package let host: String
    package let port: UInt16
    /// For the Host field.
    package let authority: String

    /// Why a text does not name an admin API that the commands speak to.
    package enum Fault: Error, Equatable, Sendable {
        case malformed
        /// A token would cross the network in the clear.
        case notLoopback
    }

    package init(_ text: String) throws(Fault) {
        isTLS = text.hasPrefix("https://")
        guard isTLS || text.hasPrefix("http://") else { throw .malformed }
        var authority = text.dropFirst(isTLS ? "https://".count : "http://".count)
        if authority.last == "/" { authority = authority.dropLast() }
        self.authority = String(authority)
        let end = authority.lastIndex(of: ":").flatMap { colon in
            // Within brackets it is the address's.
            authority[colon...].contains("]") ? nil : colon
        }
        if let end {
            guard let port = UInt16(authority[end...].dropFirst()), port > 0 else {
                throw .malformed
            }
            self.port = port
        } else {
            port = isTLS ? 443 : 80
        }
        let name = authority[..<(end ?? authority.endIndex)]
        if name.first == "[" {
            host = String(name.dropFirst().dropLast())
            guard name.last == "]", let ip = IPAddress(host), !ip.isV4 else { throw .malformed }
        } else {
            host = String(name)
            guard Self.isName(host) else { throw .malformed }
        }
        if isTLS { return }
        if let ip = IPAddress(host) {
            if !ip.isLoopback { throw .notLoopback }
        } else if host != "localhost" {
            throw .notLoopback
        }
    }

    /// The API of a daemon on this machine, as its configuration says it.
    package init(local address: SocketAddress) {
        isTLS = false
        host = address.ip.description
        port = address.port
        authority = address.description
    }

    /// What a host name, or an address of version 4, is made of.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.count < 254
            && text.utf8.allSatisfy {
                ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x2E
            }
    }

    /// Where that is. A name other than localhost is asked of the system's resolver, which blocks.
    package func resolved() throws(AdminClientFault) -> SocketAddress {
        if let ip = IPAddress(host) { return SocketAddress(ip, port: port) }
        if host == "localhost" { return SocketAddress(IPAddress(v4: 0x7F00_0001), port: port) }
        let found: [SocketAddress]
        do throws(ResolveFault) {
            found = try resolve(host, port: port)
        } catch {
            throw .unresolved(error.reason)
        }
        guard let first = found.first else { throw .unresolved("it has no address") }
        return first
    }
}
