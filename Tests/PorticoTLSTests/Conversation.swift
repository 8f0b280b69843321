import PorticoBytes

@testable import PorticoTLS

/// A client and a server with a wire between them that delivers in pieces.
final class Conversation {
    var client: TLSEngine, server: TLSEngine
    /// What each has read.
    var atClient = Buffer(), atServer = Buffer()
    /// What each has sent and the wire still holds.
    var fromClient = Buffer(), fromServer = Buffer()
    /// What has arrived and is not yet consumed.
    var clientInbox = Buffer(), serverInbox = Buffer()
    /// Bytes that have arrived so far.
    var atClientSoFar = 0, atServerSoFar = 0
    /// How many bytes the wire delivers at once, given how many it has delivered before.
    var piece: (Int) -> Int = { _ in .max }
    /// How much plaintext one call may yield.
    var limit = 4096

    init(_ client: consuming TLSEngine, _ server: consuming TLSEngine) {
        self.client = client
        self.server = server
    }

    /// Delivers until both are silent.
    func run() throws(TLSFault) {
        client.startHandshake(sending: &fromClient)
        while !fromClient.isEmpty || !fromServer.isEmpty {
            let forServer = min(fromClient.count, piece(atServerSoFar))
            Self.move(forServer, &fromClient, &serverInbox)
            atServerSoFar += forServer
            try Self.drain(&server, &serverInbox, &atServer, &fromServer, limit)
            let forClient = min(fromServer.count, piece(atClientSoFar))
            Self.move(forClient, &fromServer, &clientInbox)
            atClientSoFar += forClient
            try Self.drain(&client, &clientInbox, &atClient, &fromClient, limit)
        }
    }

    func clientSays(_ bytes: [UInt8], room: Int = 1 << 20) throws(TLSFault) -> Int {
        try client.send(bytes.span, sending: &fromClient, upTo: room)
    }

    func serverSays(_ bytes: [UInt8], room: Int = 1 << 20) throws(TLSFault) -> Int {
        try server.send(bytes.span, sending: &fromServer, upTo: room)
    }

    // What the expectations of tests cannot ask of a noncopyable engine by themselves.
    var serverAgreed: Negotiated? { server.negotiated }
    var clientAgreed: Negotiated? { client.negotiated }
    var session: [UInt8]? { client.session }
    var serverSawClose: Bool { server.isClosedByPeer }
    var clientSawClose: Bool { client.isClosedByPeer }
    func serverCovers(_ host: String) -> Bool { server.covers(host: Array(host.utf8).span) }
    var textAtServer: String { atServer.text }
    var textAtClient: String { atClient.text }
    var alert: [UInt8] { fromServer.array }

    private static func drain(
        _ engine: inout TLSEngine, _ inbox: inout Buffer, _ plaintext: inout Buffer,
        _ out: inout Buffer, _ limit: Int
    ) throws(TLSFault) {
        while try engine.receive(&inbox, into: &plaintext, sending: &out, upTo: limit) == .full {}
    }

    private static func move(_ count: Int, _ from: inout Buffer, _ to: inout Buffer) {
        to.append(from.bytes.extracting(first: count))
        from.consume(count)
    }
}

extension Buffer {
    var text: String { bytes.text }
    var array: [UInt8] { bytes.array }
}

extension CertificateNames {
    func covers(_ host: String) -> Bool { covers(Array(host.utf8).span) }
}

/// Certificates that the tests share; making them is what takes time.
enum Sample {
    /// Within the validity of what is made below, whatever the clock says.
    static let past: Int64 = 946_684_800
    static let future: Int64 = 4_102_444_800

    static let authority = authority(named: "Test Root")
    static let authorityPEM = pem("Test Root")
    static let shop = certificate(["shop.example", "*.shop.example"])
    static let shopRSA = certificate(["shop.example", "*.shop.example"], key: .rsa2048)
    static let other = certificate(["other.example", "192.0.2.1", "2001:db8::1"])
    static let expired = certificate(["shop.example"], ends: past + 86400)
    static let development: Certificate = {
        let made = DevelopmentCertificate.make(now: (past + future) / 2, days: 365)!
        return read(made, label: "development")
    }()
    static let tickets = TicketKeys(now: Instant(nanoseconds: 0))

    private static let roots = ["Test Root", "Other Root"].map { name in
        var draft = CertificateDraft(names: [], begins: past, ends: future)
        draft.commonName = name
        draft.isAuthority = true
        return (name: name, made: draft.signed()!)
    }

    static func pem(_ name: String) -> [UInt8] {
        roots.first { $0.name == name }!.made.certificatePEM
    }

    /// An authority has a name but none that a server could use, so it is read by its common name.
    static func authority(named name: String) -> Certificate {
        let made = roots.first { $0.name == name }!.made
        return read(made, label: name)
    }

    static func made(
        _ names: [String], key: CertificateDraft.KeyKind = .ecdsaP256, ends: Int64 = future
    ) -> (certificatePEM: [UInt8], keyPEM: [UInt8]) {
        var draft = CertificateDraft(names: names, begins: past, ends: ends)
        draft.keyKind = key
        return draft.signed(by: authority)!
    }

    static func certificate(
        _ names: [String], key: CertificateDraft.KeyKind = .ecdsaP256, ends: Int64 = future
    ) -> Certificate {
        read(made(names, key: key, ends: ends), label: names[0])
    }

    private static func read(
        _ made: (certificatePEM: [UInt8], keyPEM: [UInt8]), label: String
    ) -> Certificate {
        do {
            return try Certificate(
                chain: made.certificatePEM.span, key: made.keyPEM.span, label: label)
        } catch {
            fatalError("a sample is wrong: \(error)")
        }
    }

    static func server(
        _ certificates: [Certificate] = [shop], minimum: TLSVersion = .tls12,
        protocols: [ApplicationProtocol] = [.http11], tickets: TicketKeys = tickets
    ) throws -> ServerContext {
        try ServerContext(
            certificates: certificates, minimumVersion: minimum, protocols: protocols,
            tickets: tickets)
    }

    static func client(
        _ version: TLSVersion = .tls13, signatures: String? = nil,
        trust: ClientContext.Trust = .pem(authorityPEM),
        protocols: [ApplicationProtocol] = [.http11]
    ) throws -> ClientContext {
        let context = try ClientContext(trust: trust, protocols: protocols)
        context.restrict(to: version, signatures: signatures)
        return context
    }

    /// After the handshake.
    static func conversation(
        _ version: TLSVersion = .tls13, server: ServerContext? = nil, name: String = "shop.example",
        resuming session: [UInt8] = []
    ) throws -> Conversation {
        let conversation = try Conversation(
            TLSEngine(client: client(version), name: name, resuming: session),
            TLSEngine(server: server ?? Self.server()))
        try conversation.run()
        return conversation
    }
}
