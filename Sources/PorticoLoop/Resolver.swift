internal import CPorticoLinux
package import PorticoBytes

/// What the system's resolver said of a name.
package struct ResolveFault: Error, Equatable, Sendable {
    package let reason: String
}

/// Addresses of a name, by the system's resolver. Blocks: for the pool.
package func resolve(_ name: String, port: UInt16) throws(ResolveFault) -> [SocketAddress] {
    var found = [px_address](repeating: px_address(), count: 32)
    var reason: UnsafePointer<CChar>?
    let count = unsafe px_resolve(name, port, &found, Int32(found.count), &reason)
    if count < 0 {
        throw ResolveFault(reason: unsafe reason.map { unsafe String(cString: $0) } ?? "unknown")
    }
    return found.prefix(Int(count)).map { SocketAddress($0) }
}
