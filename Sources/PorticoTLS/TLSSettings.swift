package import PorticoSettings

/// `[tls]`: what listeners with TLS offer.
package struct TLSSettings: Equatable, Sendable {
    package enum Version: String, CaseIterable, Sendable {
        case v12 = "1.2"
        case v13 = "1.3"
    }

    package var minVersion = Version.v12
    /// Chosen by SNI from the names inside; the first where none fits. None at all: a self-signed
    /// development certificate.
    package var certificates: [CertificateSettings] = []

    package init() {}

    package init(from section: inout Section) {
        section.read("min_version", into: &minVersion)
        certificates = section.sections("certificates").map { table in
            var table = table
            return CertificateSettings(from: &table)
        }
        section.finish()
    }
}

/// A certificate with its chain, and its key: paths of PEM files.
package struct CertificateSettings: Equatable, Sendable {
    package var cert = ""
    package var key = ""

    package init(from section: inout Section) {
        section.require(
            "cert", expected: "the path of a PEM file with the certificate and its chain")
        section.require("key", expected: "the path of a PEM file with the private key")
        section.readPath("cert", into: &cert)
        section.readPath("key", into: &key)
        section.finish()
    }
}
