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
    let facts: ClientFacts
    /// The policy under which the request began, and will end.
    let policy: Policy
    /// As its client sent it.
    let received: RequestHead
    /// As the cache and an origin are to see it. Constant, and so lent to each step without a
    /// copy: neither does `let request = request` make one, which spans of it need.
    package let request: RequestHead
    let requestID: InlineArray<32, UInt8>
    let givenID: ByteRange
    let began: Instant

    /// Whose host the request names; `site` once it may be asked.
    let found: Site?
    var site: Site?
    /// What holds the request against the site's rules until its answer begins; nil: nothing does.
    var inspector: Inspector?
    /// The request's body, where the rules have held its beginning back.
    var heldBody: HeldBody?
    /// The client has been told to send its body: no origin is to tell it again.
    var hasContinued = false
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
    var imageStage = ImageStage.open

    package init(_ received: RequestHead, from client: any ClientPort, on worker: ExchangeWorker) {
        self.received = received
        self.client = client
        facts = client.facts
        self.worker = worker
        policy = worker.policy
        let found = policy.sites.find(host: received[received.host])
        (request, codings) = Self.narrow(received, for: found)
        self.found = found
        response = ResponseHead(with: worker.takeSpare())
        began = worker.reactor.now
        asked = began
        requestID = worker.requestIDs.next()
        let said = received.fields.range(of: .xRequestID)
        givenID =
            facts.isTrustedProxy && RequestIDs.isWellFormed(received[said]) ? said : .empty
    }

    /// Fetches something else on behalf of `parent`, under its policy and its id. `request` must be
    /// made of its head.
    init(_ request: RequestHead, from client: any ClientPort, as parent: Exchange) {
        received = request
        self.request = request
        self.client = client
        facts = client.facts
        found = parent.found
        worker = parent.worker
        policy = parent.policy
        site = parent.site
        response = ResponseHead(with: parent.worker.takeSpare())
        began = parent.began
        asked = began
        requestID = parent.requestID
        givenID = parent.givenID
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
    /// Of a picture, in normal form; nil: none was asked for.
    package var imageParameters: [UInt8]?
    package var imageSourceBytes = 0
    /// Nil: none was made, or found.
    package var imageBytes: Int?
}
