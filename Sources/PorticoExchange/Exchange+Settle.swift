internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTelemetry

/// What an origin's answer means for the cache.
extension Exchange {
    /// Keeps the origin's answer, whose head stands in `response`, if it may be kept. Nil: it is
    /// for this client alone, and has not been touched.
    func settle(
        _ call: CacheCall, _ origin: any OriginPort, _ length: BodyLength, _ claim: inout Claim?
    ) -> Settled {
        let now = worker.reactor.now
        guard let node = claim?.node else { return .passes }
        if request.method == .head {
            settleHead(call)
            return .passes
        }
        let times = FetchTimes(
            requested: asked, received: now, receivedDate: worker.reactor.wallTime / 1_000_000)
        if let found = call.found {
            switch Validation.outcome(
                response.status, found.response.rules, call.rules, at: now,
                staleSince: call.staleSince(now))
            {
            case .freshen where call.validates:
                drain(origin)
                node.record(.success, at: now)
                return freshen(found.response, call, times)
            case .serveStale:
                drain(origin)
                node.record(.failure(.status), at: now)
                call.dissolve(request, vary: [], at: now)
                var status = CacheStatus(forward: .stale, status: response.status)
                status.timeToLive = found.response.rules.timeToLive(at: now)
                record.cache = .stale
                return .stored(found.response, status)
            case .freshen, .replace: break
            }
        }
        cacheStatus = CacheStatus(forward: call.forward)
        guard let delivery = keep(call, times, origin, length, &claim) else {
            call.dissolve(
                request, vary: VaryNames(response.fields)?.names ?? [], at: now)
            return .passes
        }
        return delivery
    }

    /// Stores the answer, and has its body carried into the store.
    private func keep(
        _ call: CacheCall, _ times: FetchTimes, _ origin: any OriginPort, _ length: BodyLength,
        _ claim: inout Claim?
    ) -> Settled? {
        guard let rules = rulesToStore(response, call, times) else { return nil }
        presetStrip()
        var expected: Int?
        switch length {
        case .none: expected = 0
        case .known(let count): expected = Int(clamping: count)
        case .unknown: response.fields.remove(.contentLength)
        }
        guard let writer = call.cache.store.makeBody(expecting: expected) else {
            guard let expected, let disk = call.cache.disk,
                expected <= call.cache.settings.maxObjectBytes, disk.takes(bodyLength: expected)
            else {
                call.cache.refusals.note(
                    call.hash, nil, status: response.status, at: worker.reactor.now)
                return nil
            }
            return spill(call, rules, origin, expected, to: disk, &claim)
        }
        addDate()
        guard
            let stored = call.makeResponse(response, rules, to: request, body: writer.body),
            let source = StoredSource(writer.body, on: worker.reactor),
            call.cache.store.insert(stored), let claim = claim.take()
        else { return nil }
        let write = call.cache.disk?.begin(stored, call.words(for: response))
        let filler = Filler(
            from: origin, claim, to: writer, of: stored, in: call.cache, write: write,
            on: worker.reactor)
        filler.start()
        return landed(call, stored, rules, source)
    }

    /// Stores on disk alone what memory does not hold. It passes through memory to those who are
    /// there by now; who comes later has to ask, until all of it is on disk.
    private func spill(
        _ call: CacheCall, _ rules: StoredRules, _ origin: any OriginPort, _ expected: Int,
        to disk: DiskTier, _ claim: inout Claim?
    ) -> Settled? {
        addDate()
        var writer = call.cache.store.makePassingBody()
        guard let stored = call.makeResponse(response, rules, to: request, body: writer.body),
            let source = StoredSource(writer.body, on: worker.reactor), let claim = claim.take()
        else { return nil }
        writer.pass()
        let write = disk.begin(stored, call.words(for: response))
        let filler = Filler(
            from: origin, claim, to: writer, of: stored, in: call.cache,
            spill: write.flatMap { Spill($0, bodyLength: expected, to: disk) },
            on: worker.reactor)
        filler.start()
        return landed(call, stored, rules, source)
    }

    private func landed(
        _ call: CacheCall, _ stored: StoredResponse, _ rules: StoredRules, _ source: StoredSource
    ) -> Settled {
        call.land(stored, request, at: worker.reactor.now)
        var status = CacheStatus(forward: call.forward)
        status.isStored = true
        record.cache = .miss
        // Whoever asked gets also what is kept from others.
        let isWhole = rules.flags.isDisjoint(with: [.listsFields, .stripsCookies])
        return .stored(stored, status, source, head: isWhole ? nil : response)
    }

    /// RFC 9111 §4.3.4: the origin says that what is stored still holds.
    private func freshen(
        _ stored: StoredResponse, _ call: CacheCall, _ times: FetchTimes
    ) -> Settled {
        let now = worker.reactor.now
        // What the 304 is about, we do not have.
        guard Validation.freshens(response, stored.head, isOnly: true) else {
            call.forget()
            return .again
        }
        addDate()
        let head = Validation.updated(stored.head, by: response, settings: call.cache.settings)
        var status = CacheStatus(forward: call.forward, status: 304)
        record.cache = .revalidated
        guard let rules = rulesToStore(head, call, times),
            let fresh = call.makeResponse(
                head, rules, to: request, body: stored.body, disk: stored.disk)
        else {
            if !call.rules.noStore { call.cache.remove(stored) }
            call.dissolve(request, vary: [], at: now)
            return .stored(stored, status)
        }
        let write = call.cache.disk?.begin(fresh, call.words(for: head))
        if let write { call.cache.disk?.finish(write) }
        if call.cache.store.insert(fresh) || fresh.disk != nil && write != nil {
            status.isStored = true
            call.land(fresh, request, at: now)
        } else {
            call.dissolve(request, vary: [], at: now)
        }
        return .stored(fresh, status)
    }

    /// RFC 9111 §4.3.5.
    private func settleHead(_ call: CacheCall) {
        cacheStatus = CacheStatus(forward: call.forward)
        guard let found = call.found?.response else { return }
        switch Validation.judgeHead(response, found.head) {
        case .contradicts: call.cache.remove(found)
        case .freshens, .neither: break
        }
    }

    /// Reads what belongs to a head that has said all.
    private func drain(_ origin: any OriginPort) {
        let nowhere = Nowhere()
        do throws(ExchangeFault) {
            for _ in 0..<8 {
                switch try origin.transfer(to: nowhere) {
                case .moved: continue
                case .blocked: return origin.abandon()
                case .finished: return origin.release()
                }
            }
        } catch {}
        origin.abandon()
    }

    /// RFC 9110 §6.6.1: what is stored says when it was made.
    private func addDate() {
        if !response.fields.contains(.date) {
            worker.withDate { response.fields.append(.date, $0) }
        }
    }

    /// RFC 9111 §4.4: what an unsafe request may have changed is not served any more, and what is
    /// being fetched of it is not stored. Answers how many purges and changes that were.
    func invalidate(by route: Route) -> (purges: Int, changes: Int) {
        guard route.caches, let cache = policy.cache,
            Invalidation.applies(request.method, status: response.status)
        else { return (0, 0) }
        var scratch = Buffer()
        var (purges, changes) = (0, 0)
        let isHTTPS = Forwarding.scheme(of: request, facts) == .https
        Invalidation.forEachTarget(
            request, response, isHTTPS: isHTTPS, style: site?.keyStyle ?? .plain,
            keys: cache.keys, scratch: &scratch
        ) { written, key in
            if let place = site?.purgeSite {
                changes += 1
                if cache.ledger.invalidate(ResponseCache.url(of: key, written), of: place) {
                    purges += 1
                }
            }
            cache.removeAll(key)
            purgeVariants(of: key, written, cache)
        }
        return (purges, changes)
    }

    // MARK: - POST

    /// What to keep a POST's answer under, should it be one for later GETs (RFC 9110 §9.3.3); nil:
    /// it is not to be kept.
    func postedCall(by route: Route) -> CacheCall? {
        guard request.method == .post, route.caches, let cache = policy.cache,
            let site, let place = site.purgeSite, site.preset == .none
        else { return nil }
        for line in request.fields.lines {
            switch line.name {
            // What such a request gets is an answer to it, or a part of one.
            case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .range:
                return nil
            default: continue
            }
        }
        let call = CacheCall(
            cache, of: place, typeKeys: site.typeKeys, for: request,
            RequestRules(request, .obeys),
            isHTTPS: Forwarding.scheme(of: request, client.facts) == .https,
            style: site.keyStyle)
        call.forward = .method
        return call.isPlain(request, from: client.facts) ? call : nil
    }

    /// Keeps a POST's answer for the GETs that come later, if it says that it is one for them.
    func settle(
        posted call: CacheCall, _ origin: any OriginPort, _ length: BodyLength,
        _ claim: inout Claim?
    ) -> Settled {
        // Looked at before a reason is noted why it is not kept: most are not meant to be.
        guard response.status == 200, response.fields.contains(.contentLocation) else {
            return .passes
        }
        let times = FetchTimes(
            requested: asked, received: worker.reactor.now,
            receivedDate: worker.reactor.wallTime / 1_000_000)
        guard let kept = keep(call, times, origin, length, &claim) else { return .passes }
        record.cache = .pass
        return kept
    }

    /// What can be said although no origin answered; throws the fault if that is nothing.
    func recover(from fault: ExchangeFault, _ call: CacheCall) async throws(ExchangeFault) {
        let now = worker.reactor.now
        switch fault {
        case .origin, .refused(.noOrigin): break
        // Who waits may still have an answer: the first of them leads.
        case .client, .refused: throw fault
        }
        call.dissolve(request, vary: [], at: now)
        guard !hasAnswered, let stored = call.staleAnswer(after: .noAnswer, at: now) else {
            throw fault
        }
        var status = CacheStatus(forward: .stale)
        status.timeToLive = stored.rules.timeToLive(at: now)
        record.cache = .stale
        try await deliver(stored, status)
    }
}

/// What the cache makes of an origin's answer.
enum Settled {
    /// It is for this client alone.
    case passes
    /// The origin spoke of something else: ask once more, without conditions.
    case again
    /// `head`: for the client, where it has more than the stored one.
    case stored(StoredResponse, CacheStatus, (any BodySource)? = nil, head: ResponseHead? = nil)
}
