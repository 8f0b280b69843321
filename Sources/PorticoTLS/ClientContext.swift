internal import CPorticoOpenSSL
internal import PorticoBytes

/// How origins are spoken to over TLS, and which of them are believed. Immutable, and shared by all
/// workers.
@safe package final class ClientContext: Sendable {
    /// Whose signature makes an origin's certificate good.
    package enum Trust: Equatable, Sendable {
        /// The authorities of the operating system.
        case system
        /// Those of a PEM file.
        case file(String)
        /// Those of PEM in memory.
        case pem([UInt8])
        /// Everybody: the connection is private from those who listen, not from those who meddle.
        case anyone
    }

    // SAFETY: OpenSSL contexts may be used from many threads once they are set up.
    nonisolated(unsafe) let handle: OpaquePointer

    /// `protocols` best first. TLS 1.2 is the least that is spoken.
    package init(
        trust: Trust = .system, protocols: [ApplicationProtocol] = [.http11]
    ) throws(CertificateFault) {
        let (kind, authorities, label) =
            switch trust {
            case .system: (PORTICO_TRUST_SYSTEM, [UInt8](), "system")
            case .file(let path): (PORTICO_TRUST_FILE, Array(path.utf8), path)
            case .pem(let bytes): (PORTICO_TRUST_PEM, bytes, "pem")
            case .anyone: (PORTICO_TRUST_ALL, [], "")
            }
        let alpn = ApplicationProtocol.wire(protocols)
        // SAFETY: the shim copies what it needs before it returns.
        let made = unsafe authorities.withUnsafeBufferPointer { authorities in
            unsafe alpn.withUnsafeBufferPointer { alpn in
                unsafe portico_client_make(
                    kind, authorities.baseAddress, authorities.count, alpn.baseAddress, alpn.count)
            }
        }
        guard let made = unsafe made else {
            throw CertificateFault(kind: .noCertificate, label: label)
        }
        unsafe handle = made
    }

    deinit { unsafe portico_client_free(handle) }

    /// For tests, before the first use: an old client. `signatures` are OpenSSL's names of signature
    /// algorithms, colons between them; nil leaves them as they are.
    func restrict(to version: TLSVersion, signatures: String? = nil) {
        let done = unsafe portico_client_restrict(handle, version == .tls12, signatures ?? "")
        precondition(done, "OpenSSL does not know such a restriction")
    }
}
