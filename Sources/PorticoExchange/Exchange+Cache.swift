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
        if let image = imageCall() { return try await serve(image, by: route) }
        guard let call = cacheCall(by: route) else { return try await fetch(by: route) }
        var waits = 0
        flights: while true {
            call.look(for: request)
            // Of those who want the same, the one who leads reads it.
            if call.mayBeOnDisk, call.permit != nil || waits == Self.mostWaits || !mayWait(call) {
                await call.readFromDisk(for: request)
            }
            if !call.mayBeOnDisk, let (stored, status) = try reusable(call, by: route),
                let source = source(of: stored)
            {
                // Found although it was not there before: the flight before has landed.
                call.permit.take()?.fulfil(with: stored)
                return try await deliver(stored, status, from: source)
            }
            if !mayWait(call) || call.permit != nil { break }
            // Whoever was handed several answers that were not for him goes alone.
            if waits == Self.mostWaits { break }
            waits += 1
            if !call.mayBeOnDisk,
                call.cache.flights.isMarked(
                    call.hash, at: worker.reactor.now, variant: { call.variant(request, $0) })
            {
                break
            }
            switch await board(call, for: route.pool.description.firstByteTimeout) {
            case .alone where call.mayBeOnDisk:
                waits = Self.mostWaits
                continue
            case .alone: break flights
            case .lead: continue
            case .stored(let stored):
                if call.accepts(stored, for: request, at: worker.reactor.now) {
                    // Too large to be kept, and its beginning is gone already.
                    guard let source = source(of: stored) else {
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

    /// Whether another's answer may be waited for.
    private func mayWait(_ call: CacheCall) -> Bool {
        request.method != .head && !call.rules.noStore && !call.rules.onlyIfCached
            && !call.cache.isRetired
    }

    /// What to ask the cache; nil: it is not to be asked.
    private func cacheCall(by route: Route) -> CacheCall? {
        guard route.caches, let cache = policy.cache, let place = site?.purgeSite else {
            return nil
        }
        if presetBypasses { return nil }
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
            cache, of: place, typeKeys: site?.typeKeys ?? false, for: request, rules,
            isHTTPS: Forwarding.scheme(of: request, facts) == .https,
            style: site?.keyStyle ?? .plain)
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
            call.cache, of: call.site, typeKeys: call.typeKeys, for: head, call.rules,
            isHTTPS: call.isHTTPS, style: call.style, isBackground: true)
        errand.look(for: head)
        if errand.found == nil, let found = call.found { errand.adopt(found.response) }
        errand.takesConditions = true
        errand.forward = .stale
        errand.permit = consume permit
        let exchange = Exchange(head, from: Nobody(as: facts), on: worker)
        exchange.site = site
        exchange.codings = codings
        worker.reactor.start { await exchange.refresh(by: route, for: errand) }
    }

    /// Fetches for the cache alone: only a line of the log tells of it.
    func refresh(by route: Route, for call: CacheCall) async {
        do throws(ExchangeFault) {
            try await fetch(by: route, for: call)
            record.status = response.status
        } catch {
            record.fault = error
            record.status = error.status ?? 499
        }
        finishRefresh()
    }

    // MARK: - Waiting for another's fetch

    enum Boarded {
        case lead
        case stored(StoredResponse)
        case alone
    }

    /// Joins the flight for the key, or begins it. Waits as long as the origin has for the first
    /// byte of its answer before it is asked for this request too.
    func board(_ call: CacheCall, for patience: Duration) async -> Boarded {
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
            let deadline = reactor.now + patience
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

    static let mostWaits = 3
}
