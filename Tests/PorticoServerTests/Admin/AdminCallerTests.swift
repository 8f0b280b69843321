import PorticoTLS
import Testing

@testable import PorticoServer

@Suite("Who asks the admin API")
struct AdminCallerTests {
    private static let tokens = [("shop", "secret", AdminScopes.purge), ("ops", "other", .admin)]
        .map { name, secret, scopes in
            var token = AdminTokenSettings()
            token.name = name
            token.digest = Digest.sha256(Array(secret.utf8).span)
            token.scopes = scopes
            return token
        }

    /// Nil: a token came that nobody has given out.
    private func caller(
        _ fields: String..., host: String = "127.0.0.1:8081", peer: String = "127.0.0.1:5000"
    ) throws -> AdminCaller? {
        let head = try requestHead(
            (["GET / HTTP/1.1", "Host: \(host)"] + fields).joined(separator: "\r\n"))
        switch AdminCaller.identify(head, facts: try facts(peer: peer), tokens: Self.tokens) {
        case .known(let caller): return caller
        case .unknownToken: return nil
        }
    }

    @Test(arguments: [
        "Fastly-Key: secret", "Authorization: Bearer secret", "Authorization: bearer  secret ",
        "fastly-key:secret",
    ])
    func `a token is known by its secret`(_ field: String) throws {
        let caller = try #require(try caller(field))
        #expect(caller.name == "shop")
        #expect(caller.scopes == .purge)
    }

    @Test func `the second token is found as well`() throws {
        #expect(try caller("Fastly-Key: other")?.name == "ops")
        #expect(try caller("Fastly-Key: other")?.scopes == .admin)
    }

    @Test(arguments: [
        "Fastly-Key: Secret", "Fastly-Key: secret2", "Authorization: Bearer secre",
    ])
    func `a wrong secret is nobody's`(_ field: String) throws {
        #expect(try caller(field) == nil)
    }

    @Test(arguments: ["Authorization: Basic secret", "Authorization: Bearer", "X-Key: secret"])
    func `what is no token counts as none`(_ field: String) throws {
        let caller = try #require(try caller(field))
        #expect(caller.name == nil && caller.scopes == [])
    }

    @Test(arguments: ["127.0.0.1:8081", "localhost", "LocalHost:8081", "[::1]:8081", "10.0.0.1"])
    func `a loopback peer that names an address is local`(_ host: String) throws {
        #expect(try caller(host: host)?.isLocal == true)
        #expect(try caller(host: host, peer: "[::1]:5000")?.isLocal == true)
        #expect(try caller(host: host, peer: "192.0.2.1:5000")?.isLocal == false)
    }

    @Test(arguments: ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example"])
    func `a page that rebinds its name is not local`(_ host: String) throws {
        #expect(try caller(host: host)?.isLocal == false)
    }

    @Test(arguments: [
        "X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 proxy",
        "X-Forwarded-Host: localhost", "X-Forwarded-Proto: http",
    ])
    func `what a proxy passes on is not local`(_ field: String) throws {
        #expect(try caller(field)?.isLocal == false)
    }

    @Test func `the audit log gets name and address`() throws {
        #expect(try caller("Fastly-Key: secret")?.description == "shop from 127.0.0.1")
        #expect(try caller()?.description == "local from 127.0.0.1")
    }
}
