internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP

/// What one request wants of the cache: its key, its rules, what was found, and whether it leads.
final class CacheCall {
    let cache: ResponseCache
    let site: PurgeSite
    let typeKeys: Bool
    let rules: RequestRules
    let isHTTPS: Bool
    let style: KeyRules.Style
    let key: [UInt8]
    let written: CacheKey
    let hash: KeyHash
    /// The last purge before the fetch.
    private(set) var fence: UInt64
    /// The last change by an unsafe request before the fetch.
    private(set) var changes: UInt64
    /// What is stored for the request, perhaps stale.
    private(set) var found: FoundResponse?
    /// Why the request goes forward, if it does.
    var forward = CacheStatus.Forward.uriMiss
    var permit: FlightPermit?
    /// Whether the client's conditions and ranges are judged here: then the origin is asked for
    /// all of it.
    var takesConditions = false
    let isBackground: Bool
    private var hasAskedDisk = false

    init(
        _ cache: ResponseCache, of site: PurgeSite, typeKeys: Bool = false,
        for request: borrowing RequestHead, _ rules: RequestRules, isHTTPS: Bool,
        style: KeyRules.Style = .plain, isBackground: Bool = false, suffix: [UInt8] = []
    ) {
        self.cache = cache
        self.site = site
        self.typeKeys = typeKeys
        self.rules = rules
        self.isHTTPS = isHTTPS
        self.isBackground = isBackground
        var buffer = Buffer()
        self.style = style
        written = cache.keys.write(request, isHTTPS: isHTTPS, style: style, into: &buffer)
        buffer.append(suffix.span)
        key = buffer.bytes.array
        hash = cache.store.hash(buffer.bytes)
        fence = cache.ledger.now
        changes = cache.ledger.lastInvalidation
    }

    // MARK: - Looking

    /// Looks for what answers the request. What a purge has taken is not found.
    func look(for request: borrowing RequestHead) {
        let store = cache.store
        let key = key
        fence = cache.ledger.now
        changes = cache.ledger.lastInvalidation
        forward = .uriMiss
        if cache.isRetired { return found = nil }
        found = store.lookUp(key.span, hash)
        guard let first = found?.response, !first.selector.vary.names.isEmpty else { return }
        // Others under the key may be meant, or none.
        let all = store.variants(key.span, hash)
        var scratch = Buffer()
        let usable = all.filter {
            $0.body.phase.isReusable && cache.ledger.verdict(on: $0.stamp) != .gone
        }
        let best = Variant.select(for: request.fields, among: usable.count, scratch: &scratch) {
            usable[$0].selector
        }
        guard let best else {
            found = nil
            forward = .varyMiss
            return
        }
        let chosen = usable[best]
        if chosen !== first { found = store.lookUp(key.span, hash) { $0 === chosen } }
    }

    /// Takes changes and purges of one's own for known. False: there were others since the fetch
    /// began.
    func overlook(purges: Int, changes count: Int) -> Bool {
        let (number, change) = (cache.ledger.now, cache.ledger.lastInvalidation)
        guard number == fence &+ UInt64(purges), change == changes &+ UInt64(count) else {
            return false
        }
        fence = number
        changes = change
        return true
    }

    /// Whether the disk may have what memory has not, and has not been asked.
    var mayBeOnDisk: Bool {
        guard found == nil, !hasAskedDisk, let disk = cache.disk else { return false }
        let key = key
        return disk.mayHold(key.span)
    }

    /// Looks on disk, waiting for it.
    func readFromDisk(for request: RequestHead) async {
        guard let disk = cache.disk else { return }
        hasAskedDisk = true
        let before = forward
        let find = await disk.find(key, hash, for: request)
        // Memory has it now, or has heard something newer meanwhile.
        look(for: request)
        if found != nil { return }
        switch find {
        case .nothing: forward = before
        case .otherVariants: forward = .varyMiss
        case .found(let response): adopt(response)
        }
    }

    /// Goes on with a response that another call has found.
    func adopt(_ response: StoredResponse) {
        let verdict = cache.ledger.verdict(on: response.stamp)
        if verdict == .gone || cache.isRetired { return }
        found = FoundResponse(response: response, verdict: verdict)
    }

    /// Without what was found: it is of no use.
    func forget() { found = nil }

    /// From when on what was found counts as stale although its time is not over.
    func staleSince(_ now: Instant) -> Instant? {
        guard let found, found.verdict == .stale else { return nil }
        return cache.ledger.staleSince(found.response.stamp, at: now)
    }

    /// Whether what another request has fetched answers this one.
    func accepts(
        _ response: StoredResponse, for request: borrowing RequestHead, at now: Instant
    ) -> Bool {
        var scratch = Buffer()
        let key = key
        let isMeant =
            response.key.equals(key.span)
            && Variant.select(for: request.fields, among: 1, scratch: &scratch) { _ in
                response.selector
            } != nil
        guard isMeant, !cache.isRetired, cache.ledger.verdict(on: response.stamp) == .untouched
        else { return false }
        // The request was there before the answer: to fetch again would be no more recent.
        return response.rules.isFresh(at: now)
    }

    /// What the request has in the fields that `vary` names, as the table of flights compares it.
    func variant(_ request: borrowing RequestHead, _ vary: [UInt8]) -> UInt64 {
        if vary.isEmpty { return 0 }
        var values = Buffer()
        VaryNames(names: vary).writeValues(of: request.fields, into: &values)
        return cache.store.hash(values.bytes).low
    }

    // MARK: - Fetching

    /// Makes of the head for an origin one that asks for what may be stored.
    func prepare(_ head: inout RequestHead, from facts: borrowing ClientFacts) {
        let key = key
        let target = key.span.extracting(written.target.range)
        if !head[head.pathAndQuery].equals(target), !head.path.isEmpty {
            let start = head.fields.adopt(target)
            let end = start + target.count
            if let mark = target.firstIndex(of: 0x3F) {
                head.path = ByteRange(start, start + mark)
                head.query = ByteRange(start + mark + 1, end)
            } else {
                head.path = ByteRange(start, end)
                head.query = nil
            }
        }
        settleHost(of: &head)
        if !facts.isTrustedProxy { UnkeyedOverrides.remove(from: &head.fields) }
        guard takesConditions else { return }
        Validation.removeConditions(from: &head.fields)
        if let found {
            _ = Validation.addConditions(to: &head.fields, selected: found.response.head)
        }
    }

    /// Scheme's own port and case left out, as the key has it.
    private var authority: [UInt8] {
        let key = key
        return key.span.extracting(2..<(Int(written.target.lower) - 1)).array
    }

    /// In the key all spellings of a host are one; so they are for the origin, wherever it reads
    /// the host, or the first to ask would choose the spelling for everybody.
    private func settleHost(of head: inout RequestHead) {
        let key = key
        let range = head.fields.range(of: .host)
        let settled = key.span.extracting(2..<(Int(written.target.lower) - 1))
        if head.fields[range].equals(settled) { return }
        let authority = settled.array
        let received = head.fields[range].array
        head.fields.remove(.host)
        head.fields.insertFirst(.host, authority.span)
        let lowered = received.map(ASCII.lowercase)
        let forwarded = head.fields[head.fields.range(of: .xForwardedHost)].array
        if forwarded.map(ASCII.lowercase) == lowered {
            head.fields.set(.xForwardedHost, authority.span)
        }
        // `for`, `proto` and `host` are compared without case (RFC 7239 §4).
        let chain = head.fields[head.fields.range(of: .forwarded)].array.map(ASCII.lowercase)
        let end = Array(";host=\"".utf8) + lowered + [UInt8(ascii: "\"")]
        if chain.count >= end.count, chain.suffix(end.count).elementsEqual(end) {
            let settled =
                Array(chain.dropLast(lowered.count + 1)) + authority + [UInt8(ascii: "\"")]
            head.fields.set(.forwarded, settled.span)
        }
    }

    /// Whether an origin gets nothing of the request that the key does not tell apart, as it is
    /// with those that `prepare` is for.
    func isPlain(_ request: borrowing RequestHead, from facts: borrowing ClientFacts) -> Bool {
        let key = key
        guard request[request.pathAndQuery].equals(key.span.extracting(written.target.range)),
            request[request.authority].array == authority
        else { return false }
        return facts.isTrustedProxy || !UnkeyedOverrides.stand(in: request.fields)
    }

    /// Whether the origin is asked if what was found still holds.
    var validates: Bool { takesConditions && (found?.response.rules.hasValidator ?? false) }

    /// What was found, if it may serve although nothing better could be had.
    func staleAnswer(after trouble: StoredRules.Trouble, at now: Instant) -> StoredResponse? {
        guard let found,
            found.response.rules.mayServeStale(
                after: trouble, rules, at: now, staleSince: staleSince(now))
        else { return nil }
        return found.response
    }

    func stamp(for head: borrowing ResponseHead) -> PurgeStamp {
        var stamp = cache.ledger.stamp(since: fence, invalidations: changes, of: site)
        let key = key
        let url = ResponseCache.url(of: key.span, written)
        stamp.add(url: url.span)
        stamp.add(host: key.span.extracting(ResponseCache.host(of: key.span, written)))
        forEachTag(of: head) { stamp.add(tag: $0) }
        return stamp
    }

    /// The same in words, for the disk.
    func words(for head: borrowing ResponseHead) -> PurgeWords {
        let key = key
        var tags: [[UInt8]] = []
        forEachTag(of: head) { tags.append($0.array) }
        return PurgeWords(
            site: cache.ledger.name(of: site), url: ResponseCache.url(of: key.span, written),
            host: key.span.extracting(ResponseCache.host(of: key.span, written)).array,
            tags: tags)
    }

    /// What purges by tag know the response by.
    private func forEachTag(of head: borrowing ResponseHead, _ body: (Span<UInt8>) -> Void) {
        cache.forEachTag(of: head, typeKeys: typeKeys, body)
    }

    /// The response to store; nil where its Vary matches no request.
    func makeResponse(
        _ head: borrowing ResponseHead, _ rules: StoredRules, to request: borrowing RequestHead,
        body: GrowingBody, disk: DiskObject? = nil
    ) -> StoredResponse? {
        guard let selector = Variant(request.fields, head.fields, date: rules.date) else {
            return nil
        }
        let key = key
        return StoredResponse(
            cache.store, key: key.span, hash: hash, selector: selector,
            head: Storability.storedHead(head, rules), rules: rules, stamp: stamp(for: head),
            body: body, disk: disk)
    }

    /// What is made of another response: under this call's key, with the other's marks, so that
    /// whatever purges that one purges this one, and as old as that one's fetch. `cover`: another one
    /// that it is made of too.
    func makeVariant(
        _ head: borrowing ResponseHead, _ rules: StoredRules, of original: StoredResponse,
        cover: StoredResponse? = nil, to request: borrowing RequestHead, body: GrowingBody
    ) -> StoredResponse? {
        guard let selector = Variant(request.fields, head.fields, date: rules.date) else {
            return nil
        }
        let key = key
        return StoredResponse(
            cache.store, key: key.span, hash: hash, selector: selector, head: head, rules: rules,
            stamp: stamp(of: original, and: cover), body: body)
    }

    /// The marks of both. Each may have been fetched before a purge of the other one: what counts is
    /// that both hold at the last look; if not, the older fetch, so that nobody is served it again.
    private func stamp(of original: StoredResponse, and cover: StoredResponse?) -> PurgeStamp {
        guard let cover else { return original.stamp.renewed(since: original.stamp.fence) }
        let ledger = cache.ledger
        let bothHold =
            ledger.verdict(on: original.stamp) == .untouched
            && ledger.verdict(on: cover.stamp) == .untouched
        var stamp = original.stamp.renewed(
            since: bothHold ? fence : min(original.stamp.fence, cover.stamp.fence))
        stamp.add(marksOf: cover.stamp)
        return stamp
    }

    // MARK: - The flight

    /// Hands the answer to those who wait; what is stale already each has to ask for.
    func land(_ response: StoredResponse, _ request: borrowing RequestHead, at now: Instant) {
        if response.rules.isFresh(at: now) {
            permit.take()?.fulfil(with: response)
        } else {
            dissolve(request, vary: response.selector.vary.names, at: now)
        }
    }

    /// The answer is not for others; for a while nobody waits for one.
    func dissolve(_ request: borrowing RequestHead, vary: [UInt8], at now: Instant) {
        guard let permit = permit.take() else { return }
        // What was refused to one who is known, or who wants nothing kept, says nothing of others.
        if rules.noStore || request.fields.contains(.authorization) { return permit.dissolve() }
        permit.dissolve(
            marking: vary, variant(request, vary), until: now + Self.unsharedTime, at: now)
    }

    /// Long enough to spare a busy key its queue, short enough that a key whose answers may be
    /// shared again soon is.
    private static let unsharedTime = Duration.seconds(5)
}
