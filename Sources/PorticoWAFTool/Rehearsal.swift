package import PorticoBytes
internal import PorticoHTTP
internal import PorticoHTTP1
package import PorticoWAF

/// One request against the rules without a server: what Portico would answer in front of an origin
/// that answers as `origin` says.
package struct Rehearsal: ~Copyable {
    package struct Answer: Sendable {
        /// 0: closed without an answer.
        package var status: UInt16 = 200
        package var bytes: [UInt8] = []
        /// Ids of the rules that logged.
        package var ids: [Int] = []
        /// The audit record, empty if there is none.
        package var record: [UInt8] = []
        package var score = 0
        package var isBlocked = false
        /// Blocked, or it would be in a mode that blocks.
        package var isDetected = false
        /// The engine's own messages.
        package var errors: [String] = []
        package var cookies: [(String, String)] = []
        /// What the rules looked at, where that was asked for.
        package var watch: RuleWatch?

        /// As in the audit log, and `refused` for what the HTTP parser does not take.
        package var action: String {
            isBlocked
                ? "blocked" : isDetected ? "detected" : isRefused ? "refused" : "passed"
        }
        /// The HTTP parser does not take it.
        package var isRefused = false
    }

    /// What an origin answers.
    package struct OriginAnswer: Sendable {
        package var status: UInt16
        package var fields: [(name: String, value: String)]
        package var body: [UInt8]

        package init(status: UInt16 = 200, fields: [(String, String)] = [], body: [UInt8] = []) {
            self.status = status
            self.fields = fields.map { (name: $0.0, value: $0.1) }
            self.body = body
        }
    }

    /// Method, target and body of a request that was let through.
    package typealias Origin =
        @Sendable (
            _ method: String, _ target: String, _ body: [UInt8]
        ) -> OriginAnswer

    private var transaction: Transaction
    private let origin: Origin
    private var count: UInt64 = 0
    /// What the request's route is not held against.
    package var exclusions: RuleExclusions?

    package init(
        _ rules: RuleSet, _ settings: WAFSettings,
        origin: @escaping Origin = ReflectingOrigin.answer
    ) {
        transaction = Transaction(rules, settings, persistent: PersistentStore())
        self.origin = origin
    }

    /// `raw` holds a head and a body; what follows them is not looked at.
    ///
    /// - Parameter watch: where the rules' steps are written down; comes back with the answer.
    package mutating func run(
        _ raw: [UInt8], client: IPAddress = IPAddress(v4: 0x7F00_0001),
        now: Instant = Instant(nanoseconds: 1), watch: RuleWatch? = nil
    ) -> Answer {
        count += 1
        var identity = RequestIdentity()
        identity.client = client
        identity.server = IPAddress(v4: 0x7F00_0001)
        identity.serverPort = 80
        identity.uniqueID = Array("rehearsal-\(count)".utf8)
        identity.epochSeconds = 1_767_225_600
        transaction.watch = watch
        transaction.start(identity, now: now)
        if let exclusions { transaction.apply(exclusions) }
        transaction.setRawHead(raw.span)
        var answer = Answer()
        exchange(raw, now, &answer)
        transaction.finish(now: now)
        answer.ids = transaction.matchedRuleIDs
        answer.score = transaction.score
        answer.isBlocked = transaction.intervention != nil
        if transaction.hasRecord {
            var line = Buffer()
            let host: [UInt8] = []
            transaction.appendRecord(
                to: &line, status: answer.status, host: host.span, engineName: "test", now: now)
            answer.record = line.bytes.array
        }
        answer.watch = transaction.watch
        transaction.watch = nil
        answer.errors = transaction.engineErrors
        answer.isDetected = transaction.isDetected
        return answer
    }

    private mutating func exchange(_ raw: [UInt8], _ now: Instant, _ answer: inout Answer) {
        if let stop = transaction.inspectRequestHead(now: now) { return block(stop, &answer) }
        var reader = RequestReader(limits: HeadLimits())
        var head = RequestHead()
        var consumed = 0
        let framing: BodyFraming
        do throws(RequestFault) {
            switch try reader.read(raw.span, into: &head) {
            case .needsMore:
                answer.isRefused = true
                answer.status = 408
                return
            case .head(let count): consumed = count
            }
            framing = try head.bodyFraming()
        } catch {
            // What the parser refuses, the rules have seen, phase 2 without a body.
            if let stop = transaction.inspectRequestBody(now: now) { return block(stop, &answer) }
            answer.isRefused = true
            answer.status =
                error == .badVersion && !transaction.namesProtocol ? 0 : error.status
            return
        }
        if head.authority.isEmpty, head.version == .http11 {
            answer.isRefused = true
            answer.status = 400
            return
        }
        var body: [UInt8] = []
        guard Self.readBody(raw[consumed...], framing, into: &body) else {
            answer.isRefused = true
            answer.status = 400
            return
        }
        _ = transaction.append(requestBody: body.span)
        if let stop = transaction.inspectRequestBody(now: now) { return block(stop, &answer) }
        let reply = origin(
            head[head.methodRange].text, head[head.targetRange].text, body)
        respond(reply, now, &answer)
    }

    private mutating func respond(
        _ reply: OriginAnswer, _ now: Instant, _ answer: inout Answer
    ) {
        transaction.setResponse(status: reply.status, protocol: "HTTP/1.1")
        var text = "HTTP/1.1 \(reply.status) \r\n"
        for (name, value) in reply.fields {
            let (nameBytes, valueBytes) = (Array(name.utf8), Array(value.utf8))
            transaction.addResponseField(name: nameBytes.span, value: valueBytes.span)
            text += "\(name): \(value)\r\n"
            if name.lowercased() == "set-cookie" {
                let pair = value.split(separator: ";").first ?? ""
                let halves = pair.split(separator: "=", maxSplits: 1)
                if halves.count == 2 {
                    answer.cookies.append((String(halves[0]), String(halves[1])))
                }
            }
        }
        if let stop = transaction.inspectResponseHead(now: now) { return block(stop, &answer) }
        if transaction.wantsResponseBody { _ = transaction.append(responseBody: reply.body.span) }
        if let stop = transaction.inspectResponseBody(now: now) { return block(stop, &answer) }
        answer.status = reply.status
        answer.bytes = Array(text.utf8) + [0x0D, 0x0A] + reply.body
    }

    private func block(_ stop: Intervention, _ answer: inout Answer) {
        switch stop {
        case .deny(let status): answer.status = status
        case .redirect(let status, _): answer.status = status
        case .drop: answer.status = 0
        }
    }

    /// False if the body is broken or does not end.
    private static func readBody(
        _ raw: ArraySlice<UInt8>, _ framing: BodyFraming, into body: inout [UInt8]
    ) -> Bool {
        var reader = BodyReader(framing, limit: 64 << 20, trailerLimits: HeadLimits())
        var rest = Array(raw)
        while true {
            guard let step = try? reader.read(rest.span) else { return false }
            switch step {
            case .needsMore: return false
            case .data(let range, let consumed):
                body += rest[range.range]
                rest.removeFirst(consumed)
            case .end: return true
            }
        }
    }
}

/// An origin that answers what a POST to /reflect asks for, and 200 to everything else: what CRS's
/// tests of answers expect.
package enum ReflectingOrigin {
    package static let answer: Rehearsal.Origin = { method, target, body in
        guard method == "POST",
            target == "/reflect" || target.hasPrefix("/reflect/")
                || target.hasPrefix("/reflect?")
        else { return Rehearsal.OriginAnswer() }
        guard let wish = JSONValue(body.span), case .object = wish else {
            return Rehearsal.OriginAnswer(
                status: 400, body: Array("Invalid JSON in request body".utf8))
        }
        var reply = Rehearsal.OriginAnswer()
        reply.status = wish["status"]?.integer.flatMap(UInt16.init(exactly:)) ?? 200
        for member in wish["headers"]?.members ?? [] {
            reply.fields.append((name: member.name, value: member.value.text ?? ""))
        }
        reply.body = Array((wish["body"]?.text ?? "").utf8)
        if let encoded = wish["encodedBody"]?.text, !encoded.isEmpty {
            reply.body = Base64Text.decode(encoded) ?? []
        }
        if !reply.body.isEmpty,
            !reply.fields.contains(where: { $0.name.lowercased() == "content-type" })
        {
            reply.fields.append((name: "Content-Type", value: type(of: reply.body)))
        }
        reply.fields.append((name: "Content-Length", value: "\(reply.body.count)"))
        return reply
    }

    /// Guessed as browsers do.
    private static func type(of body: [UInt8]) -> String {
        let start = Array(body.drop { [0x09, 0x0A, 0x0C, 0x0D, 0x20].contains($0) }.prefix(16))
            .span.text.lowercased()
        let tags = [
            "!doctype html", "html", "head", "script", "iframe", "h1", "div", "font", "table", "a",
            "style", "title", "b", "body", "br", "p",
        ]
        for tag in tags where start.hasPrefix("<" + tag + " ") || start.hasPrefix("<" + tag + ">") {
            return "text/html; charset=utf-8"
        }
        if start.hasPrefix("<!--") { return "text/html; charset=utf-8" }
        if start.hasPrefix("<?xml") { return "text/xml; charset=utf-8" }
        let isBinary = body.prefix(512).contains {
            $0 < 9 || $0 == 11 || (14..<27).contains($0) || (28..<32).contains($0)
        }
        return isBinary ? "application/octet-stream" : "text/plain; charset=utf-8"
    }
}
