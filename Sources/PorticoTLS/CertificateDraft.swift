internal import CPorticoOpenSSL
internal import PorticoBytes

/// A certificate yet to be made, with a new key pair of its own.
package struct CertificateDraft: Sendable {
    package enum KeyKind: Sendable { case ecdsaP256, rsa2048 }

    package var commonName: String
    /// DNS names and addresses.
    package var names: [String]
    package var keyKind = KeyKind.ecdsaP256
    /// May issue others, and serves nobody itself.
    package var isAuthority = false
    /// Seconds since 1970.
    package var begins: Int64, ends: Int64

    package init(names: [String], begins: Int64, ends: Int64) {
        commonName = names.first ?? ""
        self.names = names
        self.begins = begins
        self.ends = ends
    }

    /// PEM, signed by the issuer or, without one, by itself. Nil for names that no certificate can
    /// hold.
    package func signed(
        by issuer: Certificate? = nil
    ) -> (certificatePEM: [UInt8], keyPEM: [UInt8])? {
        let lines = names.map { "\($0)\n" }.joined()
        var chain = Buffer()
        var key = Buffer()
        // SAFETY: the texts live for the length of the closures, the buffers for that of the call,
        // and the issuer is kept to its end.
        let made = unsafe commonName.withCString { commonName in
            unsafe lines.withCString { lines in
                var draft = unsafe portico_draft(
                    common_name: commonName, names: lines, is_rsa: keyKind == .rsa2048,
                    is_authority: isAuthority, begins: begins, ends: ends)
                return unsafe withUnsafeMutablePointer(to: &chain) { chain in
                    unsafe withUnsafeMutablePointer(to: &key) { key in
                        unsafe portico_draft_sign(
                            &draft, issuer?.handle, chain, key, appendToBuffer)
                    }
                }
            }
        }
        return withExtendedLifetime(issuer) {
            made ? (chain.bytes.array, key.bytes.array) : nil
        }
    }
}

/// What serves TLS where nobody has given a certificate. No browser trusts it.
package enum DevelopmentCertificate {
    package static let names = ["localhost", "*.localhost", "127.0.0.1", "::1"]

    /// ECDSA P-256, signed by itself, valid from the day before `now` (seconds since 1970) for
    /// `days` in all; at most 397, beyond which browsers refuse a certificate whoever signed it.
    package static func make(
        names: [String] = Self.names, now: Int64, days: Int = 365
    ) -> (certificatePEM: [UInt8], keyPEM: [UInt8])? {
        let begins = now - 86400
        let length = Int64(min(max(days, 2), 397)) * 86400
        return CertificateDraft(names: names, begins: begins, ends: begins + length).signed()
    }
}
