import PorticoBytes
import PorticoLoop
import PorticoTLS

extension ScratchFolder {
    /// Writes `name.crt` and `name.key` for the names, signed by itself or by the issuer.
    func writeCertificate(
        _ name: String, for names: [String], by issuer: String? = nil, isAuthority: Bool = false,
        withIssuer: Bool = false
    ) throws {
        let now = wallNow() / 1_000_000
        var draft = CertificateDraft(names: names, begins: now - 3600, ends: now + 86_400)
        draft.isAuthority = isAuthority
        var signer: Certificate?
        if let issuer {
            signer = try Certificate(
                chainFile: self["\(issuer).crt"], keyFile: self["\(issuer).key"])
        }
        guard var made = draft.signed(by: signer) else { throw Trouble("no certificate") }
        if withIssuer, let issuer {
            made.certificatePEM += try Files.read(self["\(issuer).crt"])
        }
        try Files.replace(self["\(name).crt"], with: made.certificatePEM)
        try Files.replace(self["\(name).key"], with: made.keyPEM)
    }
}
