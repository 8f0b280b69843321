package import PorticoBytes
internal import PorticoCache
package import PorticoHTTP
internal import PorticoLoop
package import PorticoOrigins
package import PorticoTelemetry

/// One request, from its head to its log line. Each step is a file of its own.
package final class Exchange {
    package let worker: ExchangeWorker
    package let client: any ClientPort
    /// The policy under which the request began, and will end.
    let policy: Policy
    package internal(set) var request: RequestHead
    let requestID: InlineArray<32, UInt8>
    let givenID: ByteRange
    let began: Instant

    var site: Site?
    /// What holds the request against the site's rules until its answer begins; nil: nothing does.
    var inspector: Inspector?
    /// The request's body, where the rules have held its beginning back.
    var heldBody: HeldBody?
    /// Which codings the client takes, where the site compresses.
    var codings: AcceptEncoding?
    /// How many pages stand around this one, each including the next.
    var depth = 0
    /// Shared with the page that includes this one; nil: this is no part of another.
    var includeBudget: PageAssembly.Budget?
    var response: ResponseHead
    var record = ExchangeRecord()
    /// What Cache-Status says; nil: nothing.
    var cacheStatus: CacheStatus?
    /// When the origin was last asked.
    var asked: Instant
    /// Whether the client has been given the head of a final response.
    var hasAnswered = false

    package init(_ request: RequestHead, from client: any ClientPort, on worker: ExchangeWorker) {
        self.request = request
        self.client = client
        self.worker = worker
        policy = worker.policy
        response = ResponseHead(with: worker.takeSpare())
        began = worker.reactor.now
        asked = began
        requestID = worker.requestIDs.next()
        let said = request.fields.range(of: .xRequestID)
        givenID =
            client.facts.isTrustedProxy && RequestIDs.isWellFormed(request[said]) ? said : .empty
    }

    package func run() async {
        beginRecord()
        do throws(ExchangeFault) {
            if isPurge {
                try await purge()
                return finish()
            }
            let site = try findSite()
            try inspectHead(to: site)
            try judgeHost()
            if let wait = try admit(to: site) { try await hold(for: wait) }
            if let location = try redirection(of: site) {
                try await redirect(to: location)
            } else {
                try judgeMethod()
                let route = try route(within: site)
                if inspector != nil { try await inspectBody() }
                try await serve(by: route)
            }
        } catch {
            await refuse(because: error)
        }
        finish()
    }

    private func finish() {
        finishRecord()
        worker.giveBack(&response.fields)
    }

    /// Answers a request that the protocol's reader refused; nil: closes without an answer, since
    /// no client of that kind would understand one.
    ///
    /// - Parameter received: the head as far as it came, where it could not be read.
    package func run(refusing status: UInt16?, received: [UInt8] = []) async {
        beginRecord()
        var fault = ExchangeFault.refused(status.map { .malformed(status: $0) } ?? .dropped)
        do throws(ExchangeFault) { try inspectRefused(received) } catch { fault = error }
        await refuse(because: fault)
        finishRecord()
    }

    /// The id that goes to the origin, to the client and into the log.
    func withID<R>(_ body: (Span<UInt8>) -> R) -> R {
        let (own, request) = (requestID, request)
        return givenID.isEmpty ? body(own.span) : body(request[givenID])
    }
}

/// What one request's steps note for its log line and the counters.
package struct ExchangeRecord {
    package var status: UInt16 = 0
    package var node: Node?
    package var retries = 0
    /// Seconds after which a client may ask again when no node could be reached.
    package var retryAfter = 1
    /// When the first byte of a response stood ready for the client.
    package var firstByte: Instant?
    package var originTime: Duration?
    package var cache = AccessRecord.CacheOutcome.none
    package var fault: ExchangeFault?
    /// Whether the request went beyond a rate limit, and which one refused it.
    package var isRateLimited = false
    var rateRefusal: RateRefusal?
    package var waf = AccessRecord.WAFOutcome.none
    package var wafScore = 0
}
