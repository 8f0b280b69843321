internal import CPorticoOpenSSL
internal import PorticoBytes

/// A certificate with the chain that is sent along and its private key, read and found coherent.
@safe package final class Certificate: Sendable {
    package enum Kind: Int, CaseIterable, Sendable { case rsa, rsaPSS, ecdsa, ed25519, ed448 }

    /// True of now, and no reason not to start.
    package enum Warning: Equatable, Sendable {
        /// Seconds since 1970.
        case expired(since: Int64)
        case notYetValid(until: Int64)
    }

    /// What the caller calls it: its path, mostly.
    package let label: String
    package let names: CertificateNames
    package let kind: Kind
    /// Seconds since 1970.
    package let begins: Int64, ends: Int64

    // SAFETY: the object behind is only read after it has been made, and OpenSSL counts references
    // to its parts atomically.
    nonisolated(unsafe) let handle: OpaquePointer

    /// From PEM in memory: the leaf, then each certificate's issuer in turn, the root left out.
    package convenience init(
        chain: Span<UInt8>, key: Span<UInt8>, label: String
    ) throws(CertificateFault) {
        var result = portico_certificate_result()
        // SAFETY: the shim copies what it needs before it returns.
        let made = unsafe chain.withUnsafeBufferPointer { chain in
            unsafe key.withUnsafeBufferPointer { key in
                unsafe portico_certificate_read(
                    chain.baseAddress, chain.count, key.baseAddress, key.count, &result)
            }
        }
        try unsafe self.init(made, result, label)
    }

    /// From PEM files, which may be one and the same.
    package convenience init(
        chainFile: String, keyFile: String
    ) throws(CertificateFault) {
        var result = portico_certificate_result()
        let made = unsafe portico_certificate_open(chainFile, keyFile, &result)
        try unsafe self.init(made, result, chainFile)
    }

    private init(
        _ made: OpaquePointer?, _ result: portico_certificate_result, _ label: String
    ) throws(CertificateFault) {
        guard let made = unsafe made else {
            throw CertificateFault(kind: Self.kind(of: result), label: label)
        }
        var names = CertificateNames()
        unsafe withUnsafeMutablePointer(to: &names) { names in
            // SAFETY: the owner is `names`, and both functions are called only within this call.
            unsafe portico_certificate_names(
                made, names,
                { owner, bytes, count in
                    let text = unsafe UnsafeBufferPointer(start: bytes, count: count)
                    unsafe owner.assumingMemoryBound(to: CertificateNames.self).pointee
                        .add(dns: String(decoding: text, as: UTF8.self))
                },
                { owner, bytes, count in
                    let address = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
                    unsafe owner.assumingMemoryBound(to: CertificateNames.self).pointee
                        .add(address: address)
                })
        }
        if names.isEmpty {
            unsafe portico_certificate_free(made)
            throw CertificateFault(kind: .noUsableNames, label: label)
        }
        self.label = label
        self.names = names
        kind =
            switch unsafe portico_certificate_kind(made) {
            case PORTICO_KEY_RSA: .rsa
            case PORTICO_KEY_RSA_PSS: .rsaPSS
            case PORTICO_KEY_ED25519: .ed25519
            case PORTICO_KEY_ED448: .ed448
            default: .ecdsa
            }
        begins = unsafe portico_certificate_begins(made)
        ends = unsafe portico_certificate_ends(made)
        unsafe handle = made
    }

    deinit { unsafe portico_certificate_free(handle) }

    /// `now` in seconds since 1970.
    package func warning(at now: Int64) -> Warning? {
        if now > ends { return .expired(since: ends) }
        return now < begins ? .notYetValid(until: begins) : nil
    }

    /// Tells this leaf from every other one that is alive.
    var identity: UnsafeRawPointer { unsafe portico_certificate_identity(handle) }

    private static func kind(of result: portico_certificate_result) -> CertificateFault.Kind {
        let position = Int(result.position)
        return switch result.status {
        case PORTICO_CERTIFICATE_CHAIN_UNREADABLE: .unreadableChain(errno: result.detail)
        case PORTICO_CERTIFICATE_KEY_UNREADABLE: .unreadableKey(errno: result.detail)
        case PORTICO_CERTIFICATE_MISSING: .noCertificate
        case PORTICO_CERTIFICATE_KEY_MISSING: .noKey
        case PORTICO_CERTIFICATE_KEY_ENCRYPTED: .encryptedKey
        case PORTICO_CERTIFICATE_KEY_UNSUPPORTED: .unsupportedKey
        case PORTICO_CERTIFICATE_KEY_WEAK: .weakKey(bits: Int(result.detail))
        case PORTICO_CERTIFICATE_KEY_DIFFERS: .keyMismatch
        case PORTICO_CERTIFICATE_OUT_OF_ORDER: .chainOutOfOrder(position: position)
        default: .malformedCertificate(position: position)
        }
    }
}
