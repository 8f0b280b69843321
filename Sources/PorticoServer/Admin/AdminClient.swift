package import PorticoBytes
package import PorticoHTTP
internal import PorticoHTTP1
package import PorticoLoop
package import PorticoTLS
internal import Synchronization

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
    /// The host's name leads nowhere; the resolver's words.
    case unresolved(String)
    case insecure(TLSFault)
    /// What came is not HTTP, or more than a reply can be.
    case malformed
    /// The connection ended before the reply did.
    case cut

    /// For people.
    package var sentence: String {
        switch self {
        case .unreachable(let fault): fault.sentence
        case .unresolved(let reason): "the name is not resolved: \(reason)"
        case .insecure(.unverified(let code)):
            "its certificate is not believed: \(TLSFault.unverified(code: code).reason ?? "") "
                + "(--insecure takes any, such as the development certificate)"
        case .insecure(.plainHTTP): "what answers there does not speak TLS; use http://"
        case .insecure(let fault): "TLS: \(fault.reason ?? "the name is no host name")"
        case .malformed: "what answers there is no admin API"
        case .cut: "the connection ended before the answer did"
        }
    }
}

/// Asks a daemon's admin API, on behalf of the commands. Each question has a connection of its own.
package final class AdminClient: Sendable {
    private let url: AdminURL
    private let token: String?
    private let trust: ClientContext.Trust
    private let worker = Worker()

    /// Its worker runs, idle between questions, until the process ends.
    ///
    /// - Parameter trust: whose certificates are good, where the URL asks for TLS.
    package init(_ url: AdminURL, token: String?, trust: ClientContext.Trust = .system) {
        self.url = url
        self.token = token
        self.trust = trust
        let worker = worker
        startThread { worker.run() }
    }

    /// Asks, and has the calling thread wait for the reply.
    package func ask(
        _ question: AdminQuestion, within patience: Duration = .seconds(10)
    ) throws(AdminClientFault) -> AdminReply {
        let url = url
        let token = token
        let trust = trust
        let address = try url.resolved()
        final class Place: Sendable {
            let answer = Mutex<Result<AdminReply, AdminClientFault>>(.failure(.cut))
            let done = Semaphore()
        }
        let place = Place()
        worker.send { reactor in
            reactor.start {
                let conversation = AdminConversation(
                    url, at: address, token: token, trust: trust, on: reactor,
                    by: reactor.now + patience)
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
    private let address: SocketAddress
    private let token: String?
    private let trust: ClientContext.Trust
    private let reactor: Reactor
    /// For all of it.
    private let deadline: Instant

    /// `address`: where the URL's host is.
    package init(
        _ url: AdminURL, at address: SocketAddress, token: String?,
        trust: ClientContext.Trust = .system, on reactor: Reactor, by deadline: Instant
    ) {
        self.url = url
        self.address = address
        self.token = token
        self.trust = trust
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
            stream = try await Stream.connect(to: address, on: reactor, by: deadline)
        } catch {
            throw .unreachable(error)
        }
        guard url.isTLS else { return Transport(plain: stream) }
        guard let context = try? ClientContext(trust: trust) else {
            stream.close()
            throw .insecure(.broken(code: 0))
        }
        let engine: TLSEngine
        do throws(TLSFault) {
            engine = try TLSEngine(client: context, name: url.host)
        } catch {
            stream.close()
            throw .insecure(error)
        }
        let transport = Transport(stream, through: engine)
        do throws(TransportFault) {
            try await transport.handshake(by: deadline)
        } catch {
            transport.abort()
            throw AdminClientFault(error)
        }
        return transport
    }

    private func send(
        _ question: AdminQuestion, to transport: Transport
    ) async throws(AdminClientFault) {
        var output = question.written(to: url, token: token)
        do throws(TransportFault) {
            while try !transport.writeNow(&output) { try await transport.writable(by: deadline) }
        } catch {
            throw AdminClientFault(error)
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
            throw AdminClientFault(error)
        }
    }
}

extension AdminClientFault {
    init(_ fault: TransportFault) {
        switch fault {
        case .io(let fault): self = .unreachable(fault)
        case .tls(let fault): self = .insecure(fault)
        case .cut: self = .cut
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
