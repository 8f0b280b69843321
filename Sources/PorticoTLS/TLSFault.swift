internal import CPorticoOpenSSL

/// Why a TLS connection cannot go on. It ends with this; where there is a fatal alert to be sent, it
/// is already among the outgoing bytes.
package enum TLSFault: Error, Equatable, Sendable {
    /// The peer began with text where a TLS record must stand: HTTP without TLS, most likely.
    case plainHTTP
    /// The peer's bytes were refused; the code is OpenSSL's, and tells what was wrong with them.
    case refused(code: UInt64)
    /// The peer ended the connection with this alert (RFC 8446 §6.2).
    case alerted(UInt8)
    /// The origin's certificate is not believed; the code is that of X509_V_ERR.
    case unverified(code: UInt64)
    /// The origin's name is neither a host name nor an address.
    case invalidName
    /// OpenSSL failed; the code is its own.
    case broken(code: UInt64)

    /// Whose doing it is.
    package enum Party: Equatable, Sendable { case peer, us }

    package var party: Party {
        switch self {
        case .plainHTTP, .refused, .alerted, .unverified: .peer
        case .invalidName, .broken: .us
        }
    }

    /// Whether the same try, made again or at another node, can end better.
    package var mayPass: Bool {
        switch self {
        case .refused, .alerted, .broken: true
        case .plainHTTP, .unverified, .invalidName: false
        }
    }

    /// OpenSSL's own words for the code, for logs; nil where the case says it all.
    package var reason: String? {
        switch self {
        // SAFETY: OpenSSL's texts are constants.
        case .refused(let code), .broken(let code):
            unsafe String(cString: portico_error_text(code))
        case .alerted(0): "closed before the handshake was finished"
        case .alerted(let alert):
            // OpenSSL names received alerts by reasons from 1000 of its library 20 (TLS).
            unsafe String(cString: portico_error_text(20 << 23 | (1000 + UInt64(alert))))
        case .unverified(let code):
            unsafe String(cString: portico_verify_text(code))
        case .plainHTTP, .invalidName: nil
        }
    }
}

/// Why a certificate cannot be used.
package struct CertificateFault: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case unreadableChain(errno: Int32)
        case unreadableKey(errno: Int32)
        case noCertificate
        /// Counted from 1, in the order of the file.
        case malformedCertificate(position: Int)
        case noKey
        case encryptedKey
        case unsupportedKey
        /// Less than 112 bits of strength, which are RSA 2048.
        case weakKey(bits: Int)
        case keyMismatch
        /// The issuer of the certificate at this position, counted from 1, is not the one after it.
        case chainOutOfOrder(position: Int)
        /// Neither a DNS name nor an address among its names.
        case noUsableNames
        /// OpenSSL does not take it; the code is its own.
        case refused(code: UInt64)
    }

    package let kind: Kind
    /// What the caller calls the certificate: its path, mostly.
    package let label: String

    package init(kind: Kind, label: String) {
        self.kind = kind
        self.label = label
    }

    /// OpenSSL's own words, where the certificate was refused.
    package var reason: String? {
        guard case .refused(let code) = kind else { return nil }
        // SAFETY: OpenSSL's texts are constants.
        return unsafe String(cString: portico_error_text(code))
    }
}
