internal import PorticoLoop
internal import PorticoTLS

extension CertificateFault {
    /// For people: what is wrong with which file, and what would be right.
    package var sentence: String {
        switch kind {
        case .unreadableChain(let error), .unreadableKey(let error):
            "\(label): \(Process.reason(error))"
        case .noCertificate:
            "\(label): holds no certificate; a PEM file with -----BEGIN CERTIFICATE----- is wanted"
        case .malformedCertificate(let position):
            "\(label): certificate \(position) cannot be read"
        case .noKey:
            "\(label): holds no private key; a PEM file with -----BEGIN PRIVATE KEY----- is wanted"
        case .encryptedKey:
            "\(label): the key is encrypted; store it without a passphrase, readable by its owner only"
        case .unsupportedKey:
            "\(label): the key is neither RSA nor ECDSA nor Ed25519"
        case .weakKey(let bits):
            "\(label): a key of \(bits) bits is too weak; RSA needs 2048"
        case .keyMismatch:
            "\(label): the key does not belong to the certificate"
        case .chainOutOfOrder(let position):
            "\(label): certificate \(position) was not issued by the one after it; the server's own "
                + "comes first, then each issuer in turn"
        case .noUsableNames:
            "\(label): names neither a host nor an address"
        case .refused:
            "\(label): \(reason ?? "OpenSSL does not take it")"
        }
    }
}

extension Certificate.Warning {
    var sentence: String {
        switch self {
        case .expired: "the certificate has expired"
        case .notYetValid: "the certificate is not valid yet"
        }
    }
}
