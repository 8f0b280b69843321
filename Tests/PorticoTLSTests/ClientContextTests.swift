import PorticoBytes
import Testing

@testable import PorticoTLS

@Suite("Origins' certificates")
struct ClientContextTests {
    private func fault(
        name: String, server: Certificate, trust: ClientContext.Trust = .pem(Sample.authorityPEM)
    ) throws -> TLSFault? {
        let conversation = try Conversation(
            TLSEngine(client: ClientContext(trust: trust), name: name),
            TLSEngine(server: Sample.server([server])))
        do throws(TLSFault) {
            try conversation.run()
            return nil
        } catch {
            // The server is told why.
            #expect(conversation.fromClient.isEmpty == false)
            return error
        }
    }

    @Test(arguments: ["shop.example", "www.shop.example", "WWW.shop.example"])
    func `an origin with its name and a known authority is believed`(_ name: String) throws {
        #expect(try fault(name: name, server: Sample.shop) == nil)
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1"])
    func `an origin is believed by its address`(_ name: String) throws {
        #expect(try fault(name: name, server: Sample.other) == nil)
        #expect(try fault(name: name, server: Sample.shop) == .unverified(code: 64))
    }

    @Test func `an origin with another name is not believed`() throws {
        let fault = try #require(try fault(name: "other.example", server: Sample.shop))
        #expect(fault == .unverified(code: 62))
        #expect(fault.reason == "hostname mismatch" && fault.party == .peer && !fault.mayPass)
    }

    @Test func `an unknown authority is not believed`() throws {
        let fault = try #require(
            try fault(
                name: "shop.example", server: Sample.shop, trust: .pem(Sample.pem("Other Root"))))
        #expect(fault == .unverified(code: 20))
        #expect(fault.reason == "unable to get local issuer certificate")
        #expect(
            try self.fault(name: "localhost", server: Sample.development, trust: .system)
                != nil)
    }

    @Test func `an expired certificate is not believed`() throws {
        let fault = try #require(try fault(name: "shop.example", server: Sample.expired))
        #expect(fault == .unverified(code: 10) && fault.reason == "certificate has expired")
    }

    @Test func `whoever asks for no verification gets none`() throws {
        #expect(try fault(name: "other.example", server: Sample.expired, trust: .anyone) == nil)
    }

    @Test(arguments: ["", "two words", "näme.example", "line\nfeed"])
    func `what is no name is not asked for`(_ name: String) throws {
        let context = try Sample.client()
        do throws(TLSFault) {
            _ = try TLSEngine(client: context, name: name)
            Issue.record("taken")
        } catch {
            #expect(error == .invalidName && error.party == .us)
        }
    }

    @Test func `authorities that cannot be read are named`() {
        #expect(throws: CertificateFault(kind: .noCertificate, label: "does/not/exist.pem")) {
            try ClientContext(trust: .file("does/not/exist.pem"))
        }
        #expect(throws: CertificateFault(kind: .noCertificate, label: "pem")) {
            try ClientContext(trust: .pem(Array("nothing".utf8)))
        }
    }
}
