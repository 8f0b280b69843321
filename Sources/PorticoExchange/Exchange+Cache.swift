internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoTelemetry

extension Exchange {
    /// Answers from the cache where it may, else from an origin: by a fetch of its own, or by one
    /// that is under way.
    func serve(by route: Route) async throws(ExchangeFault) {
        guard let call = cacheCall(by: route) else { return try await fetch(by: route) }
        var waits = 0
        flights: while true {
            call.look(for: request)
            if let (stored, status) = try reusable(call, by: route),
                let source = StoredSource(stored.body, on: worker.reactor)
            {
                // Found although it was not there before: the flight before has landed.
                call.permit.take()?.fulfil(with: stored)
                return try await deliver(stored, status, from: source)
            }
            if request.method == .head || call.rules.noStore || call.permit != nil { break }
            // Whoever was handed several answers that were not for him goes alone.
            if waits == Self.mostWaits { break }
            waits += 1
            switch await board(call) {
            case .alone: break flights
            case .lead: continue
            case .stored(let stored):
                if call.accepts(stored, for: request, at: worker.reactor.now) {
                    // Too large to be kept, and its beginning is gone already.
                    guard let source = StoredSource(stored.body, on: worker.reactor) else {
                        break flights
                    }
                    var status = CacheStatus(forward: call.forward)
                    status.isCollapsed = true
                    record.cache = .joined
                    return try await deliver(stored, status, from: source)
                }
            }
        }
        // Who fetches for himself alone may have from the origin just what he asked for.
        call.takesConditions =
            request.method != .head && (call.permit != nil || call.found != nil)
        try await fetch(by: route, for: call)
    }

    /// What to ask the cache; nil: it is not to be asked.
    private func cacheCall(by route: Route) -> CacheCall? {
        guard route.caches, let cache = policy.cache, let place = site?.purgeSite else {
            return nil
        }
        let rules = RequestRules(request, .obeys)
        if let bypass = rules.bypass {
            cacheStatus = CacheStatus(forward: bypass == .method ? .method : .request)
            return nil
        }
        if client.bodyLength != .none || request.asksForWebSocket {
            cacheStatus = CacheStatus(forward: .request)
            return nil
        }
        return CacheCall(
            cache, of: place, for: request, rules,
            isHTTPS: Forwarding.scheme(of: request, client.facts) == .https)
    }

    /// What was found, if it answers the request as it stands.
    private func reusable(
        _ call: CacheCall, by route: Route
    ) throws(ExchangeFault) -> (StoredResponse, CacheStatus)? {
        guard let found = call.found else {
            if Reuse.absent(call.rules) != nil { throw .refused(.notStored) }
            return nil
        }
        let now = worker.reactor.now
        let stored = found.response
        let status = CacheStatus(hit: stored.rules.timeToLive(at: now))
        switch Reuse.decide(
            call.rules, stored.rules, at: now, staleSince: call.staleSince(now))
        {
        case .fresh: record.cache = .hit
        case .staleByRequest: record.cache = .stale
        case .staleWhileRevalidate:
            record.cache = .stale
            call.permit = nil
            refresh(call, by: route)
        case .gatewayTimeout: throw .refused(.notStored)
        case .mustValidate(let cause):
            call.forward = cause == .request ? .request : .stale
            return nil
        }
        return (stored, status)
    }

    /// Fetches anew behind the client's back, unless somebody does already.
    private func refresh(_ call: CacheCall, by route: Route) {
        guard let permit = call.cache.flights.lead(call.hash) else { return }
        var head = request
        if head.method == .head {
            let get: StaticString = "GET"
            var name = Buffer()
            name.append(get)
            let start = head.fields.adopt(name.bytes)
            head.method = .get
            head.methodRange = ByteRange(start, start + name.count)
        }
        let errand = CacheCall(
            call.cache, of: call.site, for: head, call.rules, isHTTPS: call.isHTTPS,
            isBackground: true)
        errand.look(for: head)
        errand.takesConditions = true
        errand.forward = .stale
        errand.permit = consume permit
        let exchange = Exchange(head, from: Nobody(as: client.facts), on: worker)
        exchange.site = site
        worker.reactor.start {
            do throws(ExchangeFault) { try await exchange.fetch(by: route, for: errand) } catch {}
        }
    }

    // MARK: - Waiting for another's fetch

    private enum Boarded {
        case lead
        case stored(StoredResponse)
        case alone
    }

    /// Joins the flight for the key, or begins it.
    private func board(_ call: CacheCall) async -> Boarded {
        let reactor = worker.reactor
        let point = WaitPoint(reactor.timers)
        let waker = reactor.waker(for: point)
        defer { reactor.dismiss(waker) }
        let request = request
        switch call.cache.flights.join(
            call.hash, at: reactor.now, variant: { call.variant(request, $0) },
            wake: { waker.wake() })
        {
        case .fetchYourself: return .alone
        case .lead(let permit):
            call.permit = consume permit
            return .lead
        case .wait(let ticket):
            let deadline = reactor.now + Self.patience
            while true {
                switch ticket.takeOutcome() {
                case .some(.stored(let stored)): return .stored(stored)
                case .some(.fetchYourself): return .alone
                case .some(.lead(let permit)):
                    call.permit = consume permit
                    return .lead
                case .none: break
                }
                if await point.wait(by: deadline, in: client.scope) != .ready { return .alone }
            }
        }
    }

    private static let mostWaits = 3

    /// How long to wait for another's answer before asking oneself: as long as an origin has for
    /// its first byte.
    private static let patience = Duration.seconds(15)

    // MARK: - What an origin's answer means for the cache

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
        guard
            case .store(let rules) = Storability.judge(
                request, call.rules, response, times: times, settings: call.cache.settings,
                isHTTPS: call.isHTTPS)
        else { return nil }
        var expected: Int?
        switch length {
        case .none: expected = 0
        case .known(let count): expected = Int(clamping: count)
        case .unknown: response.fields.remove(.contentLength)
        }
        guard let writer = call.cache.store.makeBody(expecting: expected) else { return nil }
        addDate()
        guard
            let stored = call.makeResponse(response, rules, to: request, body: writer.body),
            let source = StoredSource(writer.body, on: worker.reactor),
            call.cache.store.insert(stored), let claim = claim.take()
        else { return nil }
        let filler = Filler(
            from: origin, claim, to: writer, of: stored, in: call.cache.store, on: worker.reactor)
        filler.start()
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
        let judged = Storability.judge(
            request, call.rules, head, times: times, settings: call.cache.settings,
            isHTTPS: call.isHTTPS)
        guard case .store(let rules) = judged,
            let fresh = call.makeResponse(head, rules, to: request, body: stored.body)
        else {
            if !call.rules.noStore { call.cache.store.remove(stored) }
            call.dissolve(request, vary: [], at: now)
            return .stored(stored, status)
        }
        if call.cache.store.insert(fresh) {
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
        case .contradicts: call.cache.store.remove(found)
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

    /// RFC 9111 §4.4: what an unsafe request may have changed is not served any more.
    func invalidate(by route: Route) {
        guard route.caches, let cache = policy.cache,
            Invalidation.applies(request.method, status: response.status)
        else { return }
        var scratch = Buffer()
        let isHTTPS = Forwarding.scheme(of: request, client.facts) == .https
        Invalidation.forEachTarget(
            request, response, isHTTPS: isHTTPS, keys: cache.keys, scratch: &scratch
        ) { _, key in
            cache.store.removeAll(key, cache.store.hash(key))
        }
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

    // MARK: - Delivering

    /// Answers with what is stored: whole, in part, or by saying that the client has it.
    func deliver(
        _ stored: StoredResponse, _ status: CacheStatus, from source: StoredSource? = nil,
        head: ResponseHead? = nil
    ) async throws(ExchangeFault) {
        if client is Nobody { return }
        let reactor = worker.reactor
        cacheStatus = status
        let total = Self.length(of: stored)
        var plan = StoredAnswer.plan(
            request, stored.head, length: total, now: reactor.wallTime / 1_000_000)
        var part: StoredSource?
        if case .part(let range) = plan {
            part = StoredSource(stored.body, range, on: reactor)
            // A body that is not kept may only be had from where it is.
            if part == nil { plan = .whole }
        }
        response = head ?? stored.head
        let framed: BodyLength = total.map { .known(UInt64($0)) } ?? .unknown
        withID { id in
            Forwarding.prepareResponse(
                &response, length: stored.head.statusAllowsBody ? framed : .none,
                answering: request.method, requestID: id, isUpgrade: false)
        }
        if let cache = policy.cache {
            let tags = cache.tags
            response.fields.removeAll { line, name in tags.isTagHeader(line, name) }
        }
        let age = stored.rules.age(at: reactor.now)
        if status.forward == nil || age > 0 || status.forwardStatus != nil {
            response.fields.remove(.age)
            response.fields.append(.age) { $0.write(decimal: UInt64(age)) }
        }
        switch plan {
        case .whole:
            if !stored.head.statusAllowsBody { return try await answer(.none, []) }
            if request.method == .head { return try await answer(framed, []) }
            // What is lost before it could be read.
            guard let source = source ?? StoredSource(stored.body, on: reactor) else {
                throw .origin(.truncated)
            }
            try await answer(framed, [.body(source)])
        case .notModified:
            StoredAnswer.makeNotModified(&response)
            try await answer(.none, [])
        case .preconditionFailed: try await answer(412)
        case .unsatisfiable:
            response.fields.append(.contentRange) { value in
                var text = Buffer()
                ContentRange(nil, of: total).write(into: &text)
                value.write(text.bytes)
            }
            try await answer(416)
        case .part(let range):
            guard let part else { throw .origin(.truncated) }
            response.status = 206
            response.reason = .empty
            response.fields.remove(.contentLength)
            response.fields.append(.contentRange) { value in
                var text = Buffer()
                ContentRange(range, of: total).write(into: &text)
                value.write(text.bytes)
            }
            try await answer(
                .known(UInt64(range.upperBound - range.lowerBound)), [.body(part)])
        case .parts(let ranges): try await answer(ranges, of: stored, total ?? 0)
        }
    }

    /// Complete, or known beforehand.
    private static func length(of stored: StoredResponse) -> Int64? {
        if stored.body.phase == .complete { return Int64(stored.body.length) }
        let fields = stored.head.fields
        return fields[fields.range(of: .contentLength)].decimal.flatMap { Int64(exactly: $0) }
    }

    private func answer(_ status: UInt16) async throws(ExchangeFault) {
        response.status = status
        response.reason = .empty
        response.fields.removeAll { line, _ in
            line.name == .contentLength || line.name == .contentEncoding
        }
        try await answer(.known(0), [])
    }

    /// multipart/byteranges (RFC 9110 §14.6).
    private func answer(
        _ ranges: [Range<Int64>], of stored: StoredResponse, _ total: Int64
    ) async throws(ExchangeFault) {
        let multipart = MultipartRanges(
            ranges, of: total, stored.head, boundary: worker.requestIDs.seed())
        var pieces: [Stretch] = []
        for (index, range) in ranges.enumerated() {
            guard let source = StoredSource(stored.body, range, on: worker.reactor) else {
                throw .origin(.truncated)
            }
            var head = Buffer()
            multipart.writeHead(of: index, into: &head)
            pieces += [.text(head.bytes.array), .body(source)]
        }
        var end = Buffer()
        multipart.writeEnd(into: &end)
        pieces.append(.text(end.bytes.array))
        response.status = 206
        response.reason = .empty
        response.fields.remove(.contentLength)
        var type = Buffer()
        multipart.writeContentType(into: &type)
        response.fields.set(.contentType, type.bytes)
        try await answer(.known(UInt64(multipart.contentLength)), pieces)
    }

    /// A piece of a body that is put together here.
    private enum Stretch {
        case text([UInt8])
        case body(StoredSource)
    }

    private func answer(
        _ length: BodyLength, _ pieces: [Stretch]
    ) async throws(ExchangeFault) {
        addEdgeFields()
        beginAnswer(length: length)
        for piece in pieces {
            switch piece {
            case .text(let bytes): client.put(bytes.span)
            case .body(let source):
                if try !moveNow(from: source, to: client) {
                    try await relay(from: source, to: client, in: client.scope)
                }
            }
        }
        client.finish(trailers: Fields())
        if try !client.flushNow() { try await client.flush(in: nil) }
    }
}

/// What the cache makes of an origin's answer.
enum Settled {
    /// It is for this client alone.
    case passes
    /// The origin spoke of something else: ask once more, without conditions.
    case again
    /// `head`: for the client, where it has more than the stored one.
    case stored(StoredResponse, CacheStatus, StoredSource? = nil, head: ResponseHead? = nil)
}
