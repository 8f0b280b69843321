package import PorticoBytes
package import PorticoHTTP
internal import PorticoHTTP1
package import PorticoLoop
package import PorticoTLS
internal import Synchronization

/// Where the admin API of a running daemon is: `http://127.0.0.1:8081`, or `https://edge:8081`.
package struct AdminURL: Equatable, Sendable {
    package let address: SocketAddress
    /// For the Host field.
    package let authority: String
    /// The name that the daemon's certificate must be for; nil without TLS.
    package let secureName: String?

    /// Why a text does not name an admin API that the commands speak to.
    package enum Fault: Error, Equatable, Sendable {
        case malformed
        /// The system does not know the name.
        case unresolved
        /// A token would cross the network in the clear.
        case notLoopback
    }

    /// Asks the system's resolver for a name, and waits for it.
    package init(_ text: String) throws(Fault) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://") else { throw .malformed }
        var authority = text.dropFirst(isSecure ? 8 : 7)
        if authority.last == "/" { authority = authority.dropLast() }
        guard let parts = Authority(Array(authority.utf8).span) else { throw .malformed }
        let port = parts.port ?? (isSecure ? 443 : 80)
        let host = String(decoding: authority.utf8.prefix(parts.hostCount), as: UTF8.self)
        let isNamed = host == "localhost"
        let numeric = SocketAddress("\(isNamed ? "127.0.0.1" : host):\(port)")
        guard port > 0, isSecure || numeric != nil else { throw .malformed }
        if !isSecure, numeric?.ip.isLoopback == false { throw .notLoopback }
        if let numeric { address = numeric } else { address = try Self.resolved(host, port) }
        self.authority = String(authority)
        secureName = isSecure ? String(host.drop { $0 == "[" }.prefix { $0 != "]" }) : nil
    }

    private static func resolved(_ host: String, _ port: UInt16) throws(Fault) -> SocketAddress {
        guard let found = try? resolve(host, port: port), let first = found.first else {
            throw .unresolved
        }
        return first
    }

    /// The API of a daemon on this machine, as its configuration says it.
    package init(local address: SocketAddress) {
        self.address = address
        authority = address.description
        secureName = nil
    }
}

/// A question to the admin API.
package struct AdminQuestion: Sendable {
    package var method = Method.get
    /// With its query, if there is one, and percent-encoded.
    package var path: String
    package var fields: [(FieldName, String)] = []
    package var body: [UInt8] = []

    package init(_ path: String) { self.path = path }
}

/// What the daemon answered.
package struct AdminReply: Equatable, Sendable {
    package let status: UInt16
    package let body: [UInt8]

    /// The `detail` of a problem (RFC 9457), if that is what came.
    package var detail: String? { JSONValue(body.span)?["detail"]?.text }
}

package enum AdminClientFault: Error, Equatable, Sendable {
    case unreachable(IOFault)
    /// TLS could not be begun; most often its certificate is not trusted, or is for another name.
    case untrusted(TLSFault)
    /// What came is not HTTP, or more than a reply can be.
    case malformed
    /// The connection ended before the reply did.
    case cut

    /// For people.
    package var sentence: String {
        switch self {
        case .unreachable(let fault): fault.sentence
        case .untrusted(let fault): "TLS: \(fault)"
        case .malformed: "what answers there is no admin API"
        case .cut: "the connection ended before the answer did"
        }
    }
}

/// Asks a daemon's admin API, on behalf of the commands. Each question has a connection of its own.
package final class AdminClient: Sendable {
    private let url: AdminURL
    private let token: String?
    private let context: ClientContext?
    private let worker = Worker()

    /// Its worker runs, idle between questions, until the process ends. `context`: whom to trust
    /// over TLS.
    package init(_ url: AdminURL, token: String?, context: ClientContext? = nil) {
        self.url = url
        self.token = token
        self.context = context
        let worker = worker
        startThread { worker.run() }
    }

    /// Asks, and has the calling thread wait for the reply.
    package func ask(
        _ question: AdminQuestion, within patience: Duration = .seconds(10)
    ) throws(AdminClientFault) -> AdminReply {
        let url = url
        let token = token
        let context = context
        final class Place: Sendable {
            let answer = Mutex<Result<AdminReply, AdminClientFault>>(.failure(.cut))
            let done = Semaphore()
        }
        let place = Place()
        worker.send { reactor in
            reactor.start {
                let conversation = AdminConversation(
                    url, token: token, context, on: reactor, by: reactor.now + patience)
                let result: Result<AdminReply, AdminClientFault>
                do throws(AdminClientFault) {
                    result = .success(try await conversation.ask(question))
                } catch {
                    result = .failure(error)
                }
                place.answer.withLock { $0 = result }
                place.done.signal()
            }
        }
        place.done.wait()
        return try place.answer.withLock { $0 }.get()
    }
}

/// One question and its answer, on a worker.
package struct AdminConversation {
    private static let readSize = 16 << 10

    private let url: AdminURL
    private let token: String?
    private let context: ClientContext?
    private let reactor: Reactor
    /// For all of it.
    private let deadline: Instant

    package init(
        _ url: AdminURL, token: String?, _ context: ClientContext? = nil, on reactor: Reactor,
        by deadline: Instant
    ) {
        self.url = url
        self.token = token
        self.context = context
        self.reactor = reactor
        self.deadline = deadline
    }

    package func ask(
        _ question: AdminQuestion
    ) async throws(AdminClientFault) -> AdminReply {
        let transport = try await connect()
        defer { transport.close() }
        try await send(question, to: transport)
        var reader = AdminReplyReader(to: question.method)
        var input = Buffer()
        while true {
            let count = try await receive(from: transport, into: &input)
            if let reply = try reader.read(&input) { return reply }
            if count == 0 { return try reader.end() }
        }
    }

    private func connect() async throws(AdminClientFault) -> Transport {
        let stream: Stream
        do throws(IOFault) {
            stream = try await Stream.connect(to: url.address, on: reactor, by: deadline)
        } catch {
            throw .unreachable(error)
        }
        guard let name = url.secureName else { return Transport(plain: stream) }
        guard let context, let engine = try? TLSEngine(client: context, name: name) else {
            stream.close()
            throw .untrusted(.invalidName)
        }
        let transport = Transport(stream, through: engine)
        do throws(TransportFault) {
            try await transport.handshake(by: deadline)
            return transport
        } catch {
            stream.close()
            throw Self.fault(of: error)
        }
    }

    private func send(
        _ question: AdminQuestion, to transport: Transport
    ) async throws(AdminClientFault) {
        var output = question.written(to: url, token: token)
        do throws(TransportFault) {
            while try !transport.writeNow(&output) { try await transport.writable(by: deadline) }
        } catch {
            throw Self.fault(of: error)
        }
    }

    /// Appends what comes next; 0 is the end.
    private func receive(
        from transport: Transport, into input: inout Buffer
    ) async throws(AdminClientFault) -> Int {
        do throws(TransportFault) {
            while true {
                if let count = try transport.readNow(into: &input, upTo: Self.readSize) {
                    return count
                }
                try await transport.readable(by: deadline)
            }
        } catch {
            throw Self.fault(of: error)
        }
    }

    private static func fault(of fault: TransportFault) -> AdminClientFault {
        switch fault {
        case .io(let fault): .unreachable(fault)
        case .tls(let fault): .untrusted(fault)
        case .cut: .cut
        }
    }
}

extension AdminQuestion {
    /// As it goes over the wire.
    func written(to url: AdminURL, token: String?) -> Buffer {
        var head = RequestHead()
        let word: StaticString = method == .post ? "POST" : "GET"
        let line = Array("\(word)\(path)".utf8)
        let start = head.fields.adopt(line.span)
        head.methodRange = ByteRange(start, start + word.utf8CodeUnitCount)
        head.path = ByteRange(start + word.utf8CodeUnitCount, start + line.count)
        head.fields.append(.host, url.authority)
        head.fields.append(.userAgent, "portico")
        head.fields.append(.connection, "close")
        if let token { head.fields.append(.authorization, "Bearer \(token)") }
        for (name, value) in fields { head.fields.append(name, value) }
        if method == .post { head.fields.append(.contentLength, "\(body.count)") }
        var output = Buffer()
        HeadWriter.writeRequest(head, into: &output)
        output.append(body.span)
        return output
    }
}

/// Reads one reply, from its status line to its body's end.
struct AdminReplyReader {
    /// A status page with thousands of nodes is far below.
    static let mostBody: UInt64 = 16 << 20

    private let method: Method
    private var reader = ResponseReader(limits: HeadLimits())
    private var head = ResponseHead()
    private var body: BodyReader?
    private var content: [UInt8] = []

    init(to method: Method) { self.method = method }

    /// Consumes what has come; nil while there is more to come.
    mutating func read(_ input: inout Buffer) throws(AdminClientFault) -> AdminReply? {
        while body == nil {
            if input.isEmpty { return nil }
            guard try readHead(&input) else { return nil }
        }
        while true {
            do throws(BodyFault) {
                switch try body?.read(input.bytes) {
                case nil: return nil
                case .data(let range, let consumed):
                    input.withBytes(in: range) { content += $0.array }
                    input.consume(consumed)
                case .needsMore(let consumed):
                    input.consume(consumed)
                    return nil
                case .end: return AdminReply(status: head.status, body: content)
                }
            } catch {
                throw .malformed
            }
        }
    }

    /// The daemon has closed.
    mutating func end() throws(AdminClientFault) -> AdminReply {
        guard var rest = body else { throw .cut }
        do throws(BodyFault) { try rest.endOfInput() } catch { throw .cut }
        return AdminReply(status: head.status, body: content)
    }

    /// Whether the final head is complete; interim ones are passed over.
    private mutating func readHead(_ input: inout Buffer) throws(AdminClientFault) -> Bool {
        do throws(ResponseFault) {
            guard case .head(let consumed) = try reader.read(input.bytes, into: &head) else {
                return false
            }
            input.consume(consumed)
            if head.isInterim {
                reader.reset()
                head.reset()
                return true
            }
            body = BodyReader(
                try head.bodyFraming(to: method), limit: Self.mostBody,
                trailerLimits: HeadLimits())
            return true
        } catch {
            throw .malformed
        }
    }
}
