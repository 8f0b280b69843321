import PorticoBytes
import PorticoTLS
import Testing

@Suite("TLS with the daemon", .ownThreads)
struct TLSTests {
    private let folder: ScratchFolder
    private let origin: Origin
    private let daemon: Daemon

    /// Two certificates of one authority, the second with its issuer.
    init() throws {
        folder = try ScratchFolder()
        origin = try Origin.echo()
        try folder.writeCertificate("ca", for: ["Test authority"], isAuthority: true)
        try folder.writeCertificate("a", for: ["a.example"], by: "ca")
        try folder.writeCertificate(
            "b", for: ["b.example", "*.b.example"], by: "ca", withIssuer: true)
        var settings = Settings(origin)
        settings.listeners = ["tls = true"]
        settings.more = Self.certificates
        daemon = try Daemon(settings, in: folder)
    }

    private static let certificates = """
        [tls]
        certificates = [{ cert = "a.crt", key = "a.key" }, { cert = "b.crt", key = "b.key" }]
        """

    /// What openssl says of a connection on which one request is made.
    private func openssl(_ arguments: String..., port: UInt16? = nil) throws -> String {
        try folder.write(
            "request", "GET /tls HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        let result = try Command.run(
            [
                "openssl", "s_client", "-connect", "127.0.0.1:\(port ?? daemon.port)", "-CAfile",
                folder["ca.crt"], "-ign_eof",
            ] + arguments, input: folder["request"])
        return result.output + result.errors
    }

    @Test(arguments: [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
    func `both versions are spoken and the chain is verified`(
        _ option: String, _ version: String
    ) throws {
        let said = try openssl(option, "-servername", "a.example", "-verify_return_error")
        #expect(said.contains("New, \(version), Cipher is"))
        #expect(said.contains("Verify return code: 0 (ok)"))
        #expect(said.contains("GET /tls HTTP/1.1\n"))
        #expect(said.contains("\nx-forwarded-proto: https\n"))
    }

    @Test func `older versions are refused`() throws {
        let said = try openssl("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
        #expect(!said.contains("New, TLSv1.1"))
        #expect(!said.contains("GET /tls"))
    }

    @Test func `1.2 is refused where 1.3 is the least`() throws {
        var settings = Settings(origin)
        settings.listeners = ["tls = true"]
        settings.more = "[tls]\nmin_version = \"1.3\"\n"
        let strict = try Daemon(settings)
        #expect(try !openssl("-tls1_2", port: strict.port).contains("GET /tls"))
        #expect(try openssl("-tls1_3", port: strict.port).contains("GET /tls"))
    }

    @Test(arguments: [
        ("a.example", "CN = a.example", 1), ("b.example", "CN = b.example", 2),
        ("shop.b.example", "CN = b.example", 2), ("other.example", "CN = a.example", 1),
    ])
    func `the name asked for chooses the certificate and its chain`(
        _ name: String, _ subject: String, _ count: Int
    ) throws {
        let said = try openssl("-servername", name, "-showcerts")
        #expect(said.contains("subject=\(subject)"))
        #expect(said.components(of: "-----BEGIN CERTIFICATE-----") == count)
    }

    @Test func `a 1.2 session is taken up again`() throws {
        let said = try Command.run(
            "openssl", "s_client", "-connect", "127.0.0.1:\(daemon.port)", "-tls1_2", "-reconnect"
        ).output
        #expect(said.components(of: "Reused, TLSv1.2") == 5)
    }

    @Test func `a 1.3 session is taken up again`() throws {
        _ = try openssl("-tls1_3", "-sess_out", folder["session"])
        let said = try openssl("-tls1_3", "-sess_in", folder["session"])
        #expect(said.contains("Reused, TLSv1.3"))
        #expect(said.contains("GET /tls HTTP/1.1\n"))
        #expect(try daemon.metric("portico_tls_handshakes_total{result=\"resumed\"}") == 1)
    }

    @Test func `the protocol is agreed on`() throws {
        #expect(try openssl("-alpn", "http/1.1").contains("ALPN protocol: http/1.1"))
        #expect(try openssl().contains("No ALPN negotiated"))
    }

    @Test func `curl trusts the authority, and nothing else`() throws {
        let known = try daemon.curl(
            "--cacert", folder["ca.crt"], "--resolve", "a.example:\(daemon.port):127.0.0.1",
            "https://a.example:\(daemon.port)/x", "https://a.example:\(daemon.port)/y", "-w",
            "%{num_connects} ")
        #expect(known.status == 0)
        #expect(known.output.contains("GET /x HTTP/1.1\nhost: a.example:\(daemon.port)\n"))
        #expect(known.output.hasSuffix("0 "))
        #expect(try daemon.curl("https://{}/").status == 60)
        #expect(try daemon.curl("-k", "https://{}/").status == 0)
    }

    @Test func `a host that the certificate does not cover is misdirected`() throws {
        let resolve = "a.example:\(daemon.port):127.0.0.1"
        let answer = try daemon.curl(
            "--cacert", folder["ca.crt"], "--resolve", resolve, "-H", "Host: b.example",
            "https://a.example:\(daemon.port)/", "-o", "/dev/null", "-w", "%{http_code}")
        #expect(answer.output == "421")
    }

    /// Its rest never comes: the worker looked for it without an end, and in the end without rest.
    @Test func `a part of a record does not keep an idle connection`() throws {
        var settings = Settings(origin)
        settings.listeners = ["tls = true"]
        settings.more = "\(Self.certificates)\n[limits]\nheader_timeout = \"1s\""
        let daemon = try Daemon(settings, in: folder)
        let wire = try daemon.connect()
        var client = try TLSEngine(
            client: ClientContext(trust: .file(folder["ca.crt"])), name: "a.example")
        var inbox = Buffer()
        var plain = Buffer()
        var out = Buffer()
        client.startHandshake(sending: &out)
        while true {
            try wire.send(out.bytes.array)
            out.removeAll()
            if client.isHandshakeFinished { break }
            try #require(try wire.receive())
            inbox.append(wire.bytes.span)
            wire.forget(wire.bytes.count)
            _ = try client.receive(&inbox, into: &plain, sending: &out, upTo: 1)
        }
        try wire.send([0x17, 0x03, 0x03])
        while try wire.receive() {}
    }

    @Test func `without a certificate one is made for development`() throws {
        var settings = Settings(origin)
        settings.listeners = ["tls = true"]
        let daemon = try Daemon(settings)
        #expect(try daemon.curl("-k", "https://{}/").status == 0)
        let made = daemon.folder["var/development.crt"]
        let answer = try daemon.curl(
            "--cacert", made, "--resolve", "localhost:\(daemon.port):127.0.0.1",
            "https://localhost:\(daemon.port)/")
        #expect(answer.status == 0)
    }

    @Test func `who speaks plain HTTP is told that this is HTTPS`() throws {
        let wire = try daemon.connect()
        let answer = try wire.get("/")
        #expect(answer.status == 400)
        #expect(answer.body == "This port speaks HTTPS; use https://.\n")
        #expect(try wire.textToEnd() == "")
    }

    @Test func `a plain and a TLS listener on port 0 each have a port of their own`() throws {
        var settings = Settings(origin)
        settings.listeners = ["", "tls = true", ""]
        let daemon = try Daemon(settings)
        #expect(Set(daemon.ports).count == 3)
        for _ in 0..<8 {
            #expect(try Wire(to: daemon.ports[0]).get("/").status == 200)
            #expect(
                try daemon.curl("-k", "https://127.0.0.1:\(daemon.ports[1])/").status == 0)
            #expect(try Wire(to: daemon.ports[2]).get("/").status == 200)
        }
    }
}

extension String {
    /// How often `mark` stands in it.
    fileprivate func components(of mark: String) -> Int {
        var count = 0
        var rest = Substring(self)
        while let first = rest.firstRange(of: mark) {
            count += 1
            rest = rest[first.upperBound...]
        }
        return count
    }
}
