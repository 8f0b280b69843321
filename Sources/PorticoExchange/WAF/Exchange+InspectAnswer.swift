internal import PorticoBytes
internal import PorticoCache
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoWAF

/// The WAF's phases 3 and 4: what is answered, before its first byte leaves.
extension Exchange {
    /// Inspects an answer that is for this client alone, whose head stands in `response`; returns
    /// where its body is to be had from now on.
    func inspectAnswer(
        from origin: any OriginPort, length: BodyLength
    ) async throws(ExchangeFault) -> any BodySource {
        guard let inspector = inspectorOfAnswer() else { return origin }
        let head = response
        return try await inspect(
            head, hasBody: length != .none && request.method != .head, from: origin, inspector)
    }

    /// Whether a stored answer has to be inspected first.
    func mustInspect(_ stored: StoredResponse) -> Bool {
        guard let firewall = site?.firewall else { return false }
        return !stored.isApproved(by: firewall.digest)
    }

    /// Inspects an answer from the cache. What nothing is found against is marked: others who ask
    /// under the same rules get it at once.
    func inspect(
        _ stored: StoredResponse, head: ResponseHead?, from source: (any BodySource)?
    ) async throws(ExchangeFault) -> (any BodySource)? {
        guard let firewall = site?.firewall, let inspector = inspectorOfAnswer(),
            let source = source ?? self.source(of: stored)
        else { return source }
        let findings = inspector.transaction.findingCount
        let isWhole = request.method != .head
        let rest = try await inspect(
            head ?? stored.head, hasBody: isWhole && stored.head.statusAllowsBody, from: source,
            inspector)
        if isWhole, inspector.speaksForOthers, inspector.transaction.findingCount == findings,
            !inspector.transaction.isDetected
        {
            stored.approve(by: firewall.digest)
        }
        return rest
    }

    private func inspect(
        _ head: ResponseHead, hasBody: Bool, from source: any BodySource, _ inspector: Inspector
    ) async throws(ExchangeFault) -> any BodySource {
        inspector.describe(head)
        try obey(inspector.run(at: worker.reactor.now) { $0.inspectResponseHead(now: $1) })
        // Behind a 101 the bytes are the peers' own.
        if head.status == 101 { return source }
        var source = source
        var count = 0
        if hasBody, inspector.transaction.wantsResponseBody {
            let held = HeldBody(of: source)
            source = held
            let view = AnswerView(head, limit: inspector.firewall.settings.responseBodyBytes)
            try await held.hold(in: client.scope) { bytes in
                view.show(bytes) { inspector.transaction.append(responseBody: $0) }
            }
            count = view.count
        }
        try obey(
            try await decide(inspector, about: count) { $0.inspectResponseBody(now: $1) })
        return source
    }

    /// What a page includes is inspected when it comes from an origin, or has not been seen by
    /// these rules: for the most part, neither is so.
    private func inspectorOfAnswer() -> Inspector? {
        if let inspector { return inspector }
        guard depth > 0, !hasAnswered, let firewall = site?.firewall else { return nil }
        let inspector = begin(under: firewall)
        let request = request
        inspector.describe(request)
        // The page's own request has been judged already.
        _ = inspector.run(at: worker.reactor.now) { $0.inspectRequestHead(now: $1) }
        _ = inspector.run(at: worker.reactor.now) { $0.inspectRequestBody(now: $1) }
        return inspector
    }
}

/// An answer's body as the rules see it: without its content coding, up to a bound on both sides.
private final class AnswerView {
    private let limit: Int
    private var decoder: Coder?
    private let isLegible: Bool
    private var taken = 0
    /// Bytes that were shown.
    private(set) var count = 0

    init(_ head: borrowing ResponseHead, limit: Int) {
        self.limit = limit
        guard head.fields.contains(.contentEncoding) else {
            isLegible = true
            return
        }
        let range = head.fields.range(of: .contentEncoding)
        let token = head.fields[range].trimmingOWS
        if token.equalsFolded("identity") {
            isLegible = true
        } else if let coding = ContentCoding(token), let made = Coder(decoding: coding) {
            decoder = consume made
            isLegible = true
        } else {
            // Several codings, or one that nobody here knows.
            isLegible = false
        }
    }

    /// Whether more is wanted.
    func show(_ bytes: Span<UInt8>, _ look: (Span<UInt8>) -> Bool) -> Bool {
        guard isLegible else { return false }
        if decoder == nil {
            count += bytes.count
            return look(bytes)
        }
        taken += bytes.count
        do throws(Coder.Fault) {
            try decoder?.run(.go, bytes) { piece throws(Coder.Fault) in
                count += piece.count
                if !look(piece) { throw .tooLarge }
            }
        } catch {
            // Enough has been seen; or it is no such stream, and nobody can read on.
            return false
        }
        return taken < limit
    }
}
