internal import PorticoBytes
internal import PorticoHTTP
internal import PorticoLimits
internal import PorticoLoop

extension Exchange {
    /// Counts the request against the rate limits that it meets, before anything is looked up:
    /// hits, redirections and errors count like all others. Nanoseconds that it must wait for;
    /// nil: none.
    ///
    /// Of several limits, the refusal with the longest wait is the one that is told. A request
    /// that is refused is charged to none: what the earlier ones have charged is taken back. In
    /// between, another worker may see the charge, and refuse a request that would have been the
    /// last one to pass.
    func admit(to site: Site) throws(ExchangeFault) -> UInt64? {
        if !site.isLimited || site.allowed.contains(facts.client) { return nil }
        let (request, facts, now) = (received, facts, worker.reactor.now)
        let path =
            site.limitsByPath ? PathNormaliser.normalise(path: request[request.path]) : []
        let rules = site.limits(normal: path)
        var charged: UInt64 = 0
        var longest: (wait: UInt64, limit: RateLimit)?
        var refusal: RateRefusal?
        for (place, rule) in rules.enumerated() where rule.counts(request, path: path) {
            let limit = rule.limit
            let key = rule.key(of: request, from: facts, path: path)
            if let told = refusal {
                // It is refused anyway: only for how long is left to be found.
                if limit.action != .log,
                    case .refused(let wait) = limit.table.look(key, limit.cadence, at: now),
                    wait > told.wait
                {
                    refusal = RateRefusal(limit: limit, wait: wait)
                }
                continue
            }
            switch limit.table.charge(key, limit.cadence, at: now) {
            case .passes: charged |= 1 << UInt64(place)
            case .waits(let wait):
                charged |= 1 << UInt64(place)
                if wait > longest?.wait ?? 0 { longest = (wait, limit) }
            case .refused(let wait):
                record.isRateLimited = true
                if limit.action == .log {
                    limit.counts.countLogged()
                } else {
                    refusal = RateRefusal(limit: limit, wait: wait)
                }
            }
        }
        // Each one that waits holds a connection and a task.
        if refusal == nil, let longest, worker.delayedRequests >= Self.mostDelayed {
            refusal = RateRefusal(limit: longest.limit, wait: longest.wait)
        }
        if let refusal {
            for (place, rule) in rules.enumerated() where charged >> UInt64(place) & 1 == 1 {
                let key = rule.key(of: request, from: facts, path: path)
                rule.limit.table.refund(key, rule.limit.cadence, at: now)
            }
            refusal.limit.counts.countRejected()
            record.isRateLimited = true
            record.rateRefusal = refusal
            throw .refused(.rateLimited)
        }
        if let longest {
            longest.limit.counts.countDelayed()
            record.isRateLimited = true
        }
        return longest?.wait
    }

    /// Of one worker. Only those who are beyond their limit wait, so that only they can find no
    /// place.
    static let mostDelayed = 1024

    /// Waits until a limit lets the request pass.
    func hold(for wait: UInt64) async throws(ExchangeFault) {
        let point = WaitPoint(worker.reactor.timers)
        worker.delayedRequests += 1
        defer {
            worker.delayedRequests -= 1
            point.retire()
        }
        let deadline = worker.reactor.now + .nanoseconds(Int64(clamping: wait))
        if await point.wait(by: deadline, in: client.scope) == .interrupted {
            throw .client(.gone)
        }
    }

    /// Tells a client that was refused how to behave (RFC 9110 §10.2.3,
    /// draft-ietf-httpapi-ratelimit-headers-10). Only refusals carry this: elsewhere it would
    /// end up in caches, and be another client's.
    func addFields(of refusal: RateRefusal) {
        response.fields.append(.retryAfter, "\(RateLimit.seconds(refusal.wait))")
        var value = Buffer()
        refusal.limit.writeRefusal(wait: refusal.wait, into: &value)
        response.fields.append(name: Self.rateLimit.span, value: value.bytes)
        let policy = refusal.limit.policy
        response.fields.append(name: Self.rateLimitPolicy.span, value: policy.span)
    }

    private static let rateLimit = Array("RateLimit".utf8)
    private static let rateLimitPolicy = Array("RateLimit-Policy".utf8)
}
