internal import PorticoBytes
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLoop

/// The admin API (docs/OPERATING.md): who asks, whether they may, and what is answered.
///
/// `AdminCall` knows the paths; what each does stands in `AdminHandler+Pages.swift`.
final class AdminHandler: RequestHandler {
    /// The largest body that an admin request may have.
    private static let mostBody = 1 << 20

    let steward: Steward

    init(_ steward: Steward) { self.steward = steward }

    func handle(_ head: RequestHead, from client: any ClientPort) async {
        let answer = await respond(to: head, from: client)
        await send(answer, to: head, from: client)
    }

    func refuse(_ refused: RefusedHead, from client: any ClientPort) async {
        guard let status = refused.status else { return client.cut() }
        await send(.problem(status), to: refused.head, from: client)
    }

    // MARK: - Answering

    private func respond(to head: RequestHead, from client: any ClientPort) async -> AdminAnswer {
        let path = head[head.path].text
        guard let call = AdminCall(head: head, path: path) else {
            return .problem(404, detail: "There is nothing at \(path).")
        }
        let shape = call.shape
        if !call.methods.contains(head.method) {
            var answer = AdminAnswer.refusal(
                405, "\(path) takes \(call.methodList).", in: shape)
            answer.fields.append((.allow, call.methodList))
            return answer
        }
        let caller: AdminCaller
        switch AdminCaller.identify(
            head, facts: client.facts, tokens: steward.snapshot.configuration.admin.tokens)
        {
        case .known(let known): caller = known
        case .unknownToken: return .unauthorised("The token is not known.", in: shape)
        }
        if let scope = call.scope(for: caller), !caller.scopes.contains(scope) {
            return caller.name == nil
                ? .unauthorised(
                    "\(path) needs a token, in Fastly-Key or Authorization: Bearer.", in: shape)
                : .refusal(
                    403, "The token \(caller.name ?? "") lacks the scope for \(path).", in: shape)
        }
        let body: [UInt8]
        do throws(ExchangeFault) {
            body = try await readBody(from: client)
        } catch {
            return .problem(error.status ?? 400)
        }
        return await perform(call, for: caller, head, body)
    }

    private func perform(
        _ call: AdminCall, for caller: AdminCaller, _ head: RequestHead, _ body: [UInt8]
    ) async -> AdminAnswer {
        switch call {
        case .dashboard: return dashboard()
        case .health: return .json("{\"status\":\"ok\"}")
        case .readiness: return readiness()
        case .metrics: return metrics()
        case .status: return status()
        case .origins: return origins()
        case .reload: return await reload(caller)
        case .node(let pool, let node, let change):
            return set(node: node, of: pool, to: change, caller)
        case .purgeKey(let key, let service):
            return await purge(key: key, of: service, caller, head)
        case .purgeKeys(let service): return await purgeKeys(of: service, caller, head, body)
        case .purgeAll(let service): return await purgeAll(of: service, caller, head)
        case .purgeURL(let url): return await purge(url: url, caller, head)
        case .purgeZone(let zone): return await purge(zone: zone, caller, body)
        case .purgeAnything: return await purgeAnything(caller, body)
        case .purges: return purges()
        case .purge(let id): return purge(id: id)
        case .cache: return await cacheObjects(head)
        case .explain: return await explain(head)
        case .simulate(let workspace): return simulate(workspace, body)
        }
    }

    /// Read for every call, so that the connection can go on.
    private func readBody(from client: any ClientPort) async throws(ExchangeFault) -> [UInt8] {
        let sink = BodyGatherer(limit: Self.mostBody)
        while true {
            switch try client.transfer(to: sink) {
            case .moved:
                if sink.isOverfull { throw .client(.malformed(status: 413)) }
            case .blocked: try await client.readable(in: nil)
            case .finished: return sink.bytes
            }
        }
    }

    private func send(_ answer: AdminAnswer, to head: RequestHead, from client: any ClientPort)
        async
    {
        var response = ResponseHead(status: answer.status)
        var date = Buffer()
        HTTPDate.write(wallNow() / 1_000_000, into: &date)
        response.fields.append(.date, date.bytes)
        response.fields.append(.contentType, answer.contentType)
        response.fields.append(.cacheControl, "no-store")
        for (name, value) in answer.fields { response.fields.append(name, value) }
        for (name, value) in answer.pageFields {
            response.fields.append(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        client.begin(
            response, length: .known(UInt64(answer.body.count)), answering: head.method)
        if head.method != .head { client.put(answer.body.span) }
        client.finish(trailers: Fields())
        do throws(ExchangeFault) { try await client.flush(in: nil) } catch { client.cut() }
    }
}

/// What an admin request is answered with.
struct AdminAnswer {
    var status: UInt16 = 200
    var contentType = "application/json"
    var fields: [(FieldName, String)] = []
    /// What browsers obey.
    var pageFields: [(String, String)] = []
    var body: [UInt8]

    static func json(_ text: String, status: UInt16 = 200) -> AdminAnswer {
        AdminAnswer(status: status, body: Array((text + "\n").utf8))
    }

    static func json(_ buffer: consuming Buffer, status: UInt16 = 200) -> AdminAnswer {
        buffer.append("\n")
        return AdminAnswer(status: status, body: buffer.bytes.array)
    }

    /// RFC 9457.
    static func problem(
        _ status: UInt16, detail: String = "", problems: [String] = []
    ) -> AdminAnswer {
        var body = Buffer()
        body.append("{\"type\":\"about:blank\",\"title\":\"")
        body.append(StatusPhrase.of(status))
        body.append("\",\"status\":")
        body.append(decimal: UInt64(status))
        if !detail.isEmpty {
            body.append(",\"detail\":")
            body.append(json: Array(detail.utf8).span)
        }
        if !problems.isEmpty {
            body.append(",\"problems\":")
            body.append(jsonArray: problems)
        }
        body.append("}\n")
        return AdminAnswer(
            status: status, contentType: "application/problem+json", body: body.bytes.array)
    }

    static func unauthorised(_ detail: String, in shape: AdminShape = .own) -> AdminAnswer {
        var answer = refusal(401, detail, in: shape)
        answer.fields.append((.wwwAuthenticate, "Bearer realm=\"portico\""))
        return answer
    }
}

/// Gathers a small body.
private final class BodyGatherer: BodySink {
    private let limit: Int
    private(set) var bytes: [UInt8] = []
    private(set) var isOverfull = false

    init(limit: Int) { self.limit = limit }

    func put(_ more: Span<UInt8>) {
        isOverfull = isOverfull || bytes.count + more.count > limit
        if !isOverfull { bytes += more.array }
    }

    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { false }
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
}
