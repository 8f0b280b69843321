import PorticoBytes
import Testing

@testable import PorticoTLS

@Suite("TLS engine")
struct TLSEngineTests {
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a handshake leads to one version, cipher and protocol on both sides`(
        _ version: TLSVersion
    ) throws {
        let conversation = try Sample.conversation(version)
        let server = try #require(conversation.serverAgreed)
        let client = try #require(conversation.clientAgreed)
        #expect(server.version == version && client.version == version)
        #expect(server.cipher == client.cipher && server.cipher.contains("GCM"))
        #expect(server.applicationProtocol == .http11 && client.applicationProtocol == .http11)
        #expect(server.name == "shop.example")
        #expect(!server.isResumed && !server.isFallback)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a wire cut anywhere carries the same as a whole one`(_ version: TLSVersion) throws {
        let (server, client) = (try Sample.server(), try Sample.client(version))
        var (cut, last) = (0, 1)
        while cut < last {
            cut += 1
            let conversation = try Conversation(
                TLSEngine(client: client, name: "shop.example"), TLSEngine(server: server))
            conversation.piece = { [cut] before in before < cut ? cut - before : .max }
            try conversation.run()
            #expect(try conversation.clientSays(Array("ping".utf8)) == 4)
            #expect(try conversation.serverSays(Array("pong".utf8)) == 4)
            try conversation.run()
            conversation.client.close(sending: &conversation.fromClient)
            conversation.server.close(sending: &conversation.fromServer)
            try conversation.run()
            #expect(conversation.textAtServer == "ping")
            #expect(conversation.textAtClient == "pong")
            #expect(conversation.clientSawClose && conversation.serverSawClose)
            last = max(conversation.atClientSoFar, conversation.atServerSoFar)
        }
        #expect(last > 800)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a wire that delivers byte by byte carries everything`(_ version: TLSVersion) throws {
        let conversation = try Conversation(
            TLSEngine(client: Sample.client(version), name: "shop.example"),
            TLSEngine(server: Sample.server()))
        conversation.piece = { _ in 1 }
        try conversation.run()
        #expect(try conversation.clientSays(Array("byte by byte".utf8)) == 12)
        try conversation.run()
        #expect(conversation.textAtServer == "byte by byte")
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a megabyte goes both ways through small rooms`(_ version: TLSVersion) throws {
        let conversation = try Sample.conversation(version)
        conversation.limit = 1000
        conversation.piece = { _ in 1777 }
        let sent = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
        var (there, back) = (0, 0)
        while there < sent.count || back < sent.count {
            let (goes, comes) = (
                Array(sent[there...].prefix(20000)), Array(sent[back...].prefix(20000))
            )
            there += try conversation.clientSays(goes, room: 5000)
            back += try conversation.serverSays(comes, room: 33000)
            #expect(conversation.fromClient.count <= 5000)
            #expect(conversation.fromServer.count <= 33000)
            try conversation.run()
        }
        #expect(conversation.atServer.array == sent)
        #expect(conversation.atClient.array == sent)
    }

    @Test func `a limit holds back what is decrypted, and another call yields it`() throws {
        let conversation = try Sample.conversation()
        #expect(try conversation.serverSays([UInt8](repeating: 7, count: 100)) == 100)
        var wire = Buffer()
        swap(&wire, &conversation.fromServer)
        var plaintext = Buffer()
        var out = Buffer()
        for read in stride(from: 30, through: 90, by: 30) {
            #expect(
                try conversation.client.receive(&wire, into: &plaintext, sending: &out, upTo: 30)
                    == .full)
            #expect(plaintext.count == read && wire.isEmpty)
        }
        #expect(
            try conversation.client.receive(&wire, into: &plaintext, sending: &out, upTo: 30)
                == .needsMore)
        #expect(plaintext.count == 100 && out.isEmpty)
    }

    @Test func `an incomplete record stays with the caller`() throws {
        let conversation = try Sample.conversation()
        #expect(try conversation.serverSays([UInt8](repeating: 7, count: 100)) == 100)
        conversation.fromServer.dropLast(1)
        var plaintext = Buffer()
        var out = Buffer()
        let held = conversation.fromServer.count
        #expect(
            try conversation.client.receive(
                &conversation.fromServer, into: &plaintext, sending: &out, upTo: 4096) == .needsMore
        )
        #expect(conversation.fromServer.count == held && plaintext.capacity == 0)
    }

    @Test func `nothing is sent before the handshake is finished`() throws {
        var engine = TLSEngine(server: try Sample.server())
        var out = Buffer()
        #expect(try engine.send(Array("early".utf8).span, sending: &out, upTo: 4096) == 0)
        engine.close(sending: &out)
        #expect(out.isEmpty && !engine.isHandshakeFinished)
    }

    @Test func `a closing peer is told from a cut wire, and can still be answered`() throws {
        let conversation = try Sample.conversation()
        #expect(try conversation.clientSays(Array("last".utf8)) == 4)
        conversation.client.close(sending: &conversation.fromClient)
        let closed = conversation.fromClient.count
        conversation.client.close(sending: &conversation.fromClient)
        #expect(conversation.fromClient.count == closed)
        #expect(!conversation.serverSawClose)
        try conversation.run()
        #expect(conversation.textAtServer == "last")
        #expect(conversation.serverSawClose && !conversation.clientSawClose)
        #expect(try conversation.serverSays(Array("answer".utf8)) == 6)
        try conversation.run()
        #expect(conversation.textAtClient == "answer")
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "G", "POST /x", "PRI * HTTP/2.0", "HTTP/1.1 400", "PUT /",
        "X / HTTP/1.1",
    ])
    func `HTTP without TLS is recognised and answered with nothing`(_ text: String) throws {
        var engine = TLSEngine(server: try Sample.server())
        var wire = Buffer()
        var plaintext = Buffer()
        var out = Buffer()
        wire.append(text)
        #expect(throws: TLSFault.plainHTTP) {
            try engine.receive(&wire, into: &plaintext, sending: &out, upTo: 4096)
        }
        #expect(out.isEmpty && wire.bytes.text == text)
        #expect(throws: TLSFault.plainHTTP) {
            try engine.receive(&wire, into: &plaintext, sending: &out, upTo: 4096)
        }
    }

    @Test func `an origin that speaks HTTP without TLS is recognised`() throws {
        var engine = try TLSEngine(client: Sample.client(), name: "shop.example")
        var wire = Buffer()
        var plaintext = Buffer()
        var out = Buffer()
        engine.startHandshake(sending: &out)
        wire.append("HTTP/1.1 400 Bad Request\r\n")
        #expect(throws: TLSFault.plainHTTP) {
            try engine.receive(&wire, into: &plaintext, sending: &out, upTo: 4096)
        }
    }

    @Test(arguments: [
        [0x80, 0x2E, 1, 0, 2] + [UInt8](repeating: 0, count: 43),
        [0x16, 3, 1, 0xFF, 0xFF, 1, 2, 3],
        [0x16, 3, 1, 0, 4, 9, 9, 9, 9], [0x17, 3, 3, 0, 1, 0], [0x16, 2, 0, 0, 1, 0],
        [UInt8](repeating: 0, count: 64), [0x53, 0x53, 0x48, 0x2D, 0x32, 0x2E, 0x30],
    ])
    func `garbage is refused with an alert`(_ garbage: [UInt8]) throws {
        var engine = TLSEngine(server: try Sample.server())
        var wire = Buffer()
        var plaintext = Buffer()
        var out = Buffer()
        wire.append(garbage.span)
        let fault = #expect(throws: TLSFault.self) {
            try engine.receive(&wire, into: &plaintext, sending: &out, upTo: 4096)
        }
        guard case .refused = fault else {
            Issue.record("not refused: \(String(describing: fault))")
            return
        }
        #expect(fault?.party == .peer && fault?.reason?.isEmpty == false)
        #expect(out.isEmpty || out.bytes[0] == 21)
        #expect(plaintext.count == 0)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a byte that was changed on the wire ends the connection`(_ version: TLSVersion) throws {
        let conversation = try Sample.conversation(version)
        #expect(try conversation.clientSays(Array("account 1234".utf8)) == 12)
        var bytes = conversation.fromClient.array
        bytes[bytes.count - 3] ^= 1
        conversation.fromClient.removeAll()
        conversation.fromClient.append(bytes.span)
        #expect(throws: TLSFault.self) { try conversation.run() }
        #expect(conversation.textAtServer == "")
        #expect(conversation.alert[0] == (version == .tls12 ? 21 : 23))
        #expect(throws: TLSFault.self) { try conversation.serverSays([1]) }
        // The alert tells the client.
        conversation.fromClient.removeAll()
        var plaintext = Buffer()
        #expect(throws: TLSFault.alerted(20)) {
            try conversation.client.receive(
                &conversation.fromServer, into: &plaintext, sending: &conversation.fromClient,
                upTo: 100)
        }
    }

    @Test(arguments: [(UInt8(0), UInt8(1)), (40, 2), (48, 2), (90, 2)])
    func `a peer that gives up during the handshake is told from one that errs`(
        _ alert: UInt8, _ level: UInt8
    ) throws {
        var engine = try TLSEngine(client: Sample.client(), name: "shop.example")
        var wire = Buffer()
        var plaintext = Buffer()
        var out = Buffer()
        engine.startHandshake(sending: &out)
        wire.append([21, 3, 3, 0, 2, level, alert].span)
        let fault = #expect(throws: TLSFault.alerted(alert)) {
            try engine.receive(&wire, into: &plaintext, sending: &out, upTo: 4096)
        }
        #expect(fault?.reason?.isEmpty == false && fault?.reason != "unknown error")
        #expect(fault?.party == .peer && fault?.mayPass == true)
    }

    @Test func `what is not asked for by the protocol list is refused`() throws {
        let conversation = try Conversation(
            TLSEngine(client: Sample.client(protocols: [.h2]), name: "shop.example"),
            TLSEngine(server: Sample.server()))
        #expect(throws: TLSFault.self) { try conversation.run() }
        #expect(conversation.alert == [21, 3, 3, 0, 2, 2, 120])
    }

    @Test(arguments: [
        (
            [ApplicationProtocol.h2, .http11], [ApplicationProtocol.http11, .h2],
            ApplicationProtocol.h2
        ),
        ([.http11], [.h2, .http11], .http11), ([.h2, .http11], [], .none), ([], [.h2], .none),
    ])
    func `the server's best protocol of those offered is chosen`(
        _ server: [ApplicationProtocol], _ client: [ApplicationProtocol],
        _ chosen: ApplicationProtocol
    ) throws {
        let conversation = try Conversation(
            TLSEngine(client: Sample.client(protocols: client), name: "shop.example"),
            TLSEngine(server: Sample.server(protocols: server)))
        try conversation.run()
        #expect(conversation.serverAgreed?.applicationProtocol == chosen)
        #expect(conversation.clientAgreed?.applicationProtocol == chosen)
    }

    @Test func `a client below the least version is refused`() throws {
        let conversation = try Conversation(
            TLSEngine(client: Sample.client(.tls12), name: "shop.example"),
            TLSEngine(server: Sample.server(minimum: .tls13)))
        #expect(throws: TLSFault.self) { try conversation.run() }
        #expect(conversation.alert.suffix(2) == [2, 70])
    }
}

@Suite("Resumption")
struct ResumptionTests {
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a ticket resumes as long as its key is among the last three`(_ version: TLSVersion) throws
    {
        let keys = TicketKeys(period: .seconds(3600), now: Instant(nanoseconds: 0))
        let server = try Sample.server([Sample.shop, Sample.other], tickets: keys)
        let first = try Sample.conversation(version, server: server)
        let session = try #require(first.session)
        for (hour, resumes) in [(0, true), (1, true), (2, true), (3, false)] {
            keys.rotate(at: Instant(nanoseconds: 0) + .seconds(3600 * hour))
            // As after a reload: another context with the same keys.
            let server = try Sample.server([Sample.shop, Sample.other], tickets: keys)
            let next = try Sample.conversation(version, server: server, resuming: session)
            #expect(next.serverAgreed?.isResumed == resumes)
            #expect(next.clientAgreed?.isResumed == resumes)
            #expect(next.serverAgreed?.name == "shop.example")
            #expect(next.serverCovers("www.shop.example"))
            #expect(!next.serverCovers("other.example"))
            #expect(try next.clientSays(Array("again".utf8)) == 5)
            try next.run()
            #expect(next.textAtServer == "again")
        }
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a ticket is good for the name under which it was given`(_ version: TLSVersion) throws {
        let server = try Sample.server([Sample.shop, Sample.other])
        let session = try #require(Sample.conversation(version, server: server).session)
        for (name, resumes) in [
            ("shop.example", true), ("SHOP.example", true), ("www.shop.example", false),
        ] {
            let next = try Sample.conversation(
                version, server: server, name: name, resuming: session)
            #expect(next.serverAgreed?.isResumed == resumes, "\(name)")
        }
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `what an old key opened is sealed anew`(_ version: TLSVersion) throws {
        let keys = TicketKeys(period: .seconds(3600), now: Instant(nanoseconds: 0))
        let server = try Sample.server(tickets: keys)
        var session = try #require(Sample.conversation(version, server: server).session)
        for hour in 1...6 {
            keys.rotate(at: Instant(nanoseconds: 0) + .seconds(3600 * hour))
            let next = try Sample.conversation(version, server: server, resuming: session)
            #expect(next.serverAgreed?.isResumed == true, "hour \(hour)")
            session = try #require(next.session)
        }
    }

    @Test func `keys that nobody rotated for long are all replaced`() throws {
        let keys = TicketKeys(period: .seconds(3600), now: Instant(nanoseconds: 0))
        let server = try Sample.server(tickets: keys)
        let session = try #require(Sample.conversation(server: server).session)
        keys.rotate(at: Instant(nanoseconds: 0) + .seconds(86400))
        let next = try Sample.conversation(server: server, resuming: session)
        #expect(next.serverAgreed?.isResumed == false)
    }

    @Test(arguments: [[], [1, 2, 3], [UInt8](repeating: 0x30, count: 200)])
    func `a session that is none costs a full handshake`(_ session: [UInt8]) throws {
        let next = try Sample.conversation(resuming: session)
        #expect(next.serverAgreed?.isResumed == false)
    }
}
