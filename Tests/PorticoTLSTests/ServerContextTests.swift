import PorticoBytes
import Testing

@testable import PorticoTLS

@Suite("Certificates by name")
struct ServerContextTests {
    /// The subject of whatever the server answered with, by what it covers.
    private func answer(
        _ server: ServerContext, _ name: String, client: ClientContext
    ) throws -> (cipher: String, shop: Bool, other: Bool, isFallback: Bool) {
        let conversation = try Conversation(
            TLSEngine(client: client, name: name), TLSEngine(server: server))
        try conversation.run()
        let negotiated = try #require(conversation.serverAgreed)
        return (
            negotiated.cipher, conversation.serverCovers("shop.example"),
            conversation.serverCovers("other.example"),
            negotiated.isFallback
        )
    }

    @Test(arguments: [
        ("other.example", true, false), ("OTHER.example", true, false),
        ("shop.example", false, false), ("www.shop.example", false, false),
        ("a.b.shop.example", false, true), ("elsewhere.example", false, true),
        ("192.0.2.1", false, true),
    ])
    func `a name chooses exactly, by wildcard, or falls back`(
        _ name: String, _ other: Bool, _ isFallback: Bool
    ) throws {
        let server = try Sample.server([Sample.shop, Sample.other])
        let answer = try answer(server, name, client: Sample.client(trust: .anyone))
        #expect(answer.other == other && answer.shop != other && answer.isFallback == isFallback)
    }

    @Test func `an exact name wins over a wildcard`() throws {
        let server = try Sample.server([Sample.shop, Sample.certificate(["www.shop.example"])])
        let client = try Sample.client()
        #expect(try answer(server, "www.shop.example", client: client).shop == false)
        #expect(try answer(server, "cdn.shop.example", client: client).shop == true)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13], [true, false])
    func `a client gets ECDSA if it can, else RSA`(_ version: TLSVersion, _ rsaFirst: Bool) throws {
        let certificates =
            rsaFirst ? [Sample.shopRSA, Sample.shop] : [Sample.shop, Sample.shopRSA]
        let server = try Sample.server(certificates + [Sample.other])
        let rsaOnly = "rsa_pss_rsae_sha256:RSA+SHA256"
        for (signatures, expected) in [(nil, Sample.shop), (rsaOnly, Sample.shopRSA)] {
            for name in ["shop.example", "nobody.example"] {
                let conversation = try Conversation(
                    TLSEngine(
                        client: Sample.client(version, signatures: signatures, trust: .anyone),
                        name: name), TLSEngine(server: server))
                try conversation.run()
                #expect(
                    unsafe conversation.server.certificateIdentity == expected.identity,
                    "\(name), \(signatures ?? "any")")
            }
        }
    }

    @Test func `a client that knows only RSA is refused where there is none`() throws {
        let conversation = try Conversation(
            TLSEngine(
                client: Sample.client(.tls12, signatures: "RSA+SHA256"), name: "shop.example"),
            TLSEngine(server: Sample.server()))
        #expect(throws: TLSFault.self) { try conversation.run() }
        #expect(conversation.alert == [21, 3, 3, 0, 2, 2, 40])
    }

    @Test func `hosts are covered by the names of the certificate`() {
        let names = Sample.other.names
        for host in [
            "other.example", "Other.Example", "other.example.", "192.0.2.1", "[2001:DB8:0::1]",
        ] {
            #expect(names.covers(host), "\(host)")
        }
        for host in [
            "", ".", "a.other.example", "192.0.2.2", "[::1]", "example", "other.example\0",
        ] {
            #expect(!names.covers(host), "\(host)")
        }
        for host in ["a.shop.example", "shop.example", "A.SHOP.EXAMPLE"] {
            #expect(Sample.shop.names.covers(host), "\(host)")
        }
        for host in [".shop.example", "a.b.shop.example", "*.example"] {
            #expect(!Sample.shop.names.covers(host), "\(host)")
        }
    }
}

@Suite("Certificates")
struct CertificateTests {
    private func kind(chain: [UInt8], key: [UInt8]) -> CertificateFault.Kind? {
        do throws(CertificateFault) {
            _ = try Certificate(chain: chain.span, key: key.span, label: "x")
            return nil
        } catch {
            return error.kind
        }
    }

    @Test func `what is wrong with a certificate is named`() {
        let leaf = Sample.made(["a.example"])
        let another = Sample.made(["b.example"])
        let text = Array("no certificate at all\n".utf8)
        let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        let encrypted = Array(
            """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgoIBbpubYKZwICCAAw
            DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECFilmMn+8HSfmIH/Tzn+zsEQO+O
            oOn2d9WBOlD633FPWxaD4n9BJ3vCsK1EFjJulY4vBP5gqK/EkYPCRIqicSWMtp/M
            kA8753TTMtdr+dLNQVY=
            -----END ENCRYPTED PRIVATE KEY-----

            """.utf8)
        let root = Sample.authorityPEM
        #expect(kind(chain: leaf.certificatePEM, key: leaf.keyPEM) == nil)
        #expect(kind(chain: leaf.certificatePEM + root, key: leaf.keyPEM) == nil)
        #expect(
            kind(chain: leaf.keyPEM + leaf.certificatePEM, key: leaf.certificatePEM + leaf.keyPEM)
                == nil)
        #expect(kind(chain: [], key: leaf.keyPEM) == .noCertificate)
        #expect(kind(chain: text, key: leaf.keyPEM) == .noCertificate)
        #expect(
            kind(chain: leaf.certificatePEM + broken, key: leaf.keyPEM)
                == .malformedCertificate(position: 2))
        #expect(kind(chain: leaf.certificatePEM, key: []) == .noKey)
        #expect(kind(chain: leaf.certificatePEM, key: text) == .noKey)
        #expect(kind(chain: leaf.certificatePEM, key: encrypted) == .encryptedKey)
        #expect(kind(chain: leaf.certificatePEM, key: another.keyPEM) == .keyMismatch)
        #expect(
            kind(chain: leaf.certificatePEM + another.certificatePEM, key: leaf.keyPEM)
                == .chainOutOfOrder(position: 1))
        #expect(
            kind(chain: leaf.certificatePEM + root + another.certificatePEM, key: leaf.keyPEM)
                == .chainOutOfOrder(position: 2))
    }

    @Test func `a certificate without a name that a host could have is of no use`() throws {
        var draft = CertificateDraft(names: [], begins: Sample.past, ends: Sample.future)
        draft.commonName = "*"
        let made = try #require(draft.signed())
        #expect(kind(chain: made.certificatePEM, key: made.keyPEM) == .noUsableNames)
    }

    @Test func `a file that cannot be read is named`() {
        do throws(CertificateFault) {
            _ = try Certificate(chainFile: "does/not/exist.pem", keyFile: "neither.pem")
            Issue.record("read")
        } catch {
            #expect(
                error
                    == CertificateFault(
                        kind: .unreadableChain(errno: 2), label: "does/not/exist.pem"))
        }
    }

    @Test func `validity is judged at the moment given`() {
        let certificate = Sample.expired
        #expect(certificate.begins == Sample.past && certificate.ends == Sample.past + 86400)
        #expect(certificate.warning(at: Sample.past + 1) == nil)
        #expect(certificate.warning(at: Sample.past - 1) == .notYetValid(until: Sample.past))
        #expect(
            certificate.warning(at: Sample.past + 86401) == .expired(since: Sample.past + 86400))
    }

    @Test func `the development certificate serves localhost by name and address`() throws {
        let made = try #require(DevelopmentCertificate.make(now: 1_800_000_000, days: 1000))
        let certificate = try Certificate(
            chain: made.certificatePEM.span, key: made.keyPEM.span, label: "development")
        #expect(certificate.kind == .ecdsa)
        #expect(certificate.begins == 1_800_000_000 - 86400)
        #expect(certificate.ends - certificate.begins == 397 * 86400)
        for host in ["localhost", "shop.localhost", "127.0.0.1", "[::1]"] {
            #expect(certificate.names.covers(host), "\(host)")
        }
        #expect(DevelopmentCertificate.make(names: [""], now: 0) == nil)
    }

    @Test func `the kinds of keys are told apart`() {
        #expect(Sample.shop.kind == .ecdsa && Sample.shopRSA.kind == .rsa)
    }
}
