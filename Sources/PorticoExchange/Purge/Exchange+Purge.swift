internal import PorticoBytes
internal import PorticoCache
internal import PorticoHTTP

extension Exchange {
    /// Whether the request is one for the cache itself.
    var isPurge: Bool {
        switch request.method {
        case .purge, .purgeKeys, .ban: true
        default: false
        }
    }

    /// PURGE, PURGEKEYS and BAN (docs/OPERATING.md): who may, what is meant, and an answer in the
    /// words that the client knows.
    func purge() async throws(ExchangeFault) {
        guard let cache = policy.cache, let port = policy.purging else {
            throw .refused(.methodNotAllowed)
        }
        let request = request
        let host = request[request.host]
        site = policy.sites.find(host: host)
        if site != nil, !client.covers(host: host) { throw .refused(.misdirected) }
        let pass: PurgePass
        switch port.admit(request, from: client.facts, to: site) {
        case .admitted(let admitted): pass = admitted
        case .refused(let status): throw .refused(.purge(status: status))
        }
        let order: PurgeOrder
        do throws(PurgeOrder.Fault) {
            order = try PurgeOrder(request)
        } catch {
            throw .refused(.purge(status: 400))
        }
        let reach = order.reach == .everySite && pass.mayPurgeEverySite ? nil : site
        let isMine = reach == nil ? pass.mayPurgeEverySite : pass.mayPurgeSite
        guard isMine, order.asksForEverything ? pass.mayPurgeAll : pass.mayPurgeSome else {
            throw .refused(.purge(status: 403))
        }
        let job = PurgeJob(
            try order.steps.map { step throws(ExchangeFault) in
                (try target(of: step.aim, in: cache), step.depth)
            }, of: reach, by: pass.name, from: pass.address)
        let counts = Self.counts(of: job, in: cache)
        guard let record = await port.purge(job, in: cache) else {
            throw .refused(.purge(status: 503))
        }
        try await answer(record, to: order, counts)
    }

    private func target(
        of aim: PurgeOrder.Aim, in cache: ResponseCache
    ) throws(ExchangeFault) -> PurgeTarget {
        switch aim {
        case .target(let target): return policy.purgeTarget(target, of: site)
        case .ownURL:
            guard let site else { throw .refused(.unknownHost) }
            let target = cache.purgeTarget(
                request, isHTTPS: Forwarding.scheme(of: request, client.facts) == .https,
                style: site.keyStyle)
            return policy.purgeTarget(target, of: site)
        }
    }

    /// How many objects the tags and URLs of a job reach at most: what xkey's clients are told. One
    /// that carries several of the tags is counted with each, but never are more told than there are.
    private static func counts(
        of job: PurgeJob, in cache: ResponseCache
    ) -> (hard: Int, soft: Int) {
        var counts = (hard: 0, soft: 0)
        for step in job.steps {
            let count = cache.ledger.carriers(of: step.target, site: job.site?.purgeSite)
            if step.depth == .hard { counts.hard += count } else { counts.soft += count }
        }
        let most = cache.store.count
        return (min(counts.hard, most), min(counts.soft, most))
    }

    private func answer(
        _ record: PurgeRecord, to order: PurgeOrder, _ counts: (hard: Int, soft: Int)
    ) async throws(ExchangeFault) {
        // 200 would promise that it outlives the process.
        guard record.receipt.isDurable else { throw .refused(.purge(status: 500)) }
        let reason =
            switch order.answer {
            case .purged: "Purged"
            case .banned: "Banned"
            case .invalidated: "Invalidated \(counts.hard + counts.soft) objects"
            case .purgedAndExpired:
                "Purged \(counts.hard) objects, expired \(counts.soft) objects"
            }
        let start = response.fields.adopt(Array(reason.utf8).span)
        response.status = 200
        response.reason = ByteRange(start, start + reason.utf8.count)
        response.fields.append(.contentType, "application/json")
        response.fields.append(.cacheControl, "no-store")
        var body = Buffer()
        body.append(
            "{\"status\":\"ok\",\"id\":\"\(record.receipt.id)\",\"message\":\"\(reason)\"}\n")
        try await answer(body: body.bytes.array)
    }
}
