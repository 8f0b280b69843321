internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoTelemetry
internal import PorticoWAF

/// One request before a firewall's rules. Made once and used for one request after the other: what
/// patterns and values need is kept.
final class Inspector {
    let firewall: Firewall
    var transaction: Transaction
    /// What the rules have taken of the present request.
    private(set) var spent = Duration.zero
    private var began = Instant(nanoseconds: 0)
    /// What the route leaves out of the rules.
    private(set) var routeExceptions = 0

    init(_ firewall: Firewall) {
        self.firewall = firewall
        transaction = Transaction(
            firewall.rules, firewall.settings, persistent: firewall.persistent)
    }

    func start(_ identity: RequestIdentity, at now: Instant) {
        spent = .zero
        began = now
        routeExceptions = 0
        transaction.start(identity, now: now)
    }

    func leaveOut(_ exclusions: RuleExclusions) {
        transaction.apply(exclusions)
        routeExceptions = transaction.exceptionCount
    }

    /// Runs a phase, and notes how long it takes.
    func run(
        at now: Instant, _ phase: (inout Transaction, Instant) -> Intervention?
    ) -> Intervention? {
        let start = monotonicNow()
        let verdict = phase(&transaction, now)
        spent += monotonicNow().since(start)
        return verdict
    }

    /// Method, target and version as received, and all fields.
    func describe(_ request: borrowing RequestHead) {
        if let line = Self.receivedLine(of: request) {
            transaction.setRequestLine(request.fields[line])
        } else {
            var line = Buffer()
            line.append(request.fields[request.methodRange])
            line.append(0x20)
            line.append(request.fields[request.targetRange])
            switch request.version {
            case .http10: line.append(" HTTP/1.0")
            case .http11: line.append(" HTTP/1.1")
            case .http2: line.append(" HTTP/2")
            }
            transaction.setRequestLine(line.bytes)
        }
        for index in 0..<request.fields.count {
            transaction.addRequestField(
                name: request.fields.name(at: index), value: request.fields.value(at: index))
        }
        // In HTTP/2 it stands in a pseudo-field (RFC 9113 §8.3.1); rules look for the field.
        if request.version == .http2, !request.fields.contains(.host) {
            let name: StaticString = "Host"
            var text = Buffer()
            text.append(name)
            transaction.addRequestField(
                name: text.bytes, value: request.fields[request.authority])
        }
    }

    /// The request line of HTTP/1, where the head's storage has it in one piece.
    private static func receivedLine(of request: borrowing RequestHead) -> ByteRange? {
        let end = Int(request.targetRange.upper) + 9
        guard request.version != .http2, end <= request.fields.storage.count,
            request.methodRange.upper + 1 == request.targetRange.lower,
            request.fields[ByteRange(Int(request.targetRange.upper), end - 3)].equals(" HTTP/")
        else { return nil }
        return ByteRange(Int(request.methodRange.lower), end)
    }

    func describe(_ response: borrowing ResponseHead) {
        let text: StaticString = response.version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
        transaction.setResponse(status: response.status, protocol: text)
        for index in 0..<response.fields.count {
            transaction.addResponseField(
                name: response.fields.name(at: index), value: response.fields.value(at: index))
        }
    }

    /// Whether what the rules have said holds for others too, who ask for the same.
    var speaksForOthers: Bool {
        transaction.looksAtAll && transaction.exceptionCount == routeExceptions
    }

    /// Phase 5, and the record with what the client gets; 0: nothing.
    func conclude(
        status: UInt16, host: Span<UInt8>, at now: Instant, _ counters: WorkerCounters
    ) -> AccessRecord.WAFOutcome {
        let start = monotonicNow()
        transaction.finish(now: now)
        if let log = firewall.log, transaction.hasRecord {
            var line = Buffer()
            transaction.appendRecord(
                to: &line, status: status, host: host, engineName: firewall.settings.name,
                now: began + spent + monotonicNow().since(start))
            log.append(&line, counters)
        }
        spent += monotonicNow().since(start)
        let outcome: AccessRecord.WAFOutcome =
            transaction.intervention != nil
            ? .blocked : transaction.isDetected ? .detected : .pass
        if let count = outcome.count { counters.increment(count) }
        counters.inspection.record(microseconds: spent.microseconds)
        return outcome
    }
}
