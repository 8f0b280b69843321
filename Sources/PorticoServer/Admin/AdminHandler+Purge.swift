internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP

/// Purges by Fastly's paths; Cloudflare's and our own stand in `AdminHandler+PurgeJSON.swift`.
extension AdminHandler {
    /// As Fastly allows in one call.
    static let mostKeys = 256

    func purge(
        key: String, of service: String, _ caller: AdminCaller, _ head: RequestHead
    ) async -> AdminAnswer {
        await answer(
            [.tags([Array(key.utf8)])], head.asksForSoftPurge ? .soft : .hard, of: service, caller
        ) { .json("{\"status\":\"ok\",\"id\":\"\($0.receipt.id)\"}") }
    }

    /// Keys come in Surrogate-Key or in a JSON body, whatever its type is called.
    func purgeKeys(
        of service: String, _ caller: AdminCaller, _ head: RequestHead, _ body: [UInt8]
    ) async -> AdminAnswer {
        var keys: [[UInt8]] = []
        for line in head.fields.lines where line.name == .surrogateKey {
            keys += head[line.valueRange].array
                .split { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }.map(Array.init)
        }
        if keys.isEmpty, let json = JSONValue(body.span)?["surrogate_keys"] {
            keys = json.elements.compactMap(\.text).map { Array($0.utf8) }
        }
        if keys.isEmpty {
            return .refusal(400, "No keys: name them in Surrogate-Key.", in: .fastly)
        }
        if keys.count > Self.mostKeys {
            // Fastly's very words: magento2#104.
            return .json(
                "{\"status\":\"fail\",\"reason\":\"Batch surrogate key request only supports up to "
                    + "\(Self.mostKeys) surrogate keys\"}", status: 400)
        }
        return await answer(
            [.tags(keys)], head.asksForSoftPurge ? .soft : .hard, of: service, caller
        ) { record in
            var answer = Buffer()
            answer.append("{")
            for (index, key) in keys.enumerated() {
                if index > 0 { answer.append(",") }
                answer.append(json: key.span)
                answer.append(":\"\(record.receipt.id)\"")
            }
            answer.append("}")
            return .json(answer)
        }
    }

    /// Always hard, as Fastly's: Magento's module says soft, and means what Fastly does.
    func purgeAll(
        of service: String, _ caller: AdminCaller, _ head: RequestHead
    ) async -> AdminAnswer {
        await answer([.everything], .hard, of: service, caller) {
            .json("{\"status\":\"ok\",\"id\":\"\($0.receipt.id)\"}")
        }
    }

    /// `url`: `host/path?query`, perhaps with its scheme.
    func purge(url: [UInt8], _ caller: AdminCaller, _ head: RequestHead) async -> AdminAnswer {
        let policy = steward.snapshot.policy
        guard let cache = policy.cache else {
            return .refusal(404, "There is no cache.", in: .fastly)
        }
        guard let (host, target) = cache.purgeTarget(url: url.span) else {
            return .refusal(400, "That is no URL.", in: .fastly)
        }
        guard let site = policy.sites.find(host: host.span), site.purgeSite != nil else {
            return .refusal(404, "No site has this host.", in: .fastly)
        }
        // A preset may leave parameters out of the key.
        let (_, styled) = cache.purgeTarget(url: url.span, style: site.keyStyle) ?? (host, target)
        guard mayPurge(site, caller) else {
            return .refusal(403, "The token may not purge this site.", in: .fastly)
        }
        let depth: PurgeDepth = head.asksForSoftPurge ? .soft : .hard
        let meant = policy.purgeTarget(styled, of: site)
        return await answer([(meant, depth)], of: site, in: cache, caller, .fastly) {
            .json("{\"status\":\"ok\",\"id\":\"\($0.receipt.id)\"}")
        }
    }

    // MARK: - The steps of each

    private func answer(
        _ targets: [PurgeTarget], _ depth: PurgeDepth, of service: String, _ caller: AdminCaller,
        _ body: (PurgeRecord) -> AdminAnswer
    ) async -> AdminAnswer {
        switch scope(of: service, caller) {
        case .unknown: return .refusal(404, "There is no service \(service).", in: .fastly)
        case .forbidden:
            return .refusal(403, "The token may not purge this site.", in: .fastly)
        case .site(let site, let cache):
            return await answer(
                targets.map { ($0, depth) }, of: site, in: cache, caller, .fastly, body)
        }
    }

    /// Purges, and makes the answer of what came of it.
    func answer(
        _ steps: [(target: PurgeTarget, depth: PurgeDepth)], of site: Site?,
        in cache: ResponseCache, _ caller: AdminCaller, _ shape: AdminShape,
        _ body: (PurgeRecord) -> AdminAnswer
    ) async -> AdminAnswer {
        let job = PurgeJob(
            steps, of: site, by: caller.name ?? "local", from: caller.address)
        guard let record = await steward.shared.desk.purge(job, in: cache) else {
            return .refusal(503, "Too many purges wait; ask again.", in: shape)
        }
        // 200 would promise that it outlives the process.
        guard record.receipt.isDurable else {
            return .refusal(
                500, "It is purged, but the disk failed: a restart might undo it. Purge again.",
                in: shape)
        }
        return body(record)
    }

    /// What a purge call means by `{id}`.
    enum PurgeScope {
        /// One site; nil: all of them.
        case site(Site?, ResponseCache)
        case unknown
        case forbidden
    }

    /// `service`: a site's `service_id` or first host, or `default` for all sites.
    func scope(of service: String, _ caller: AdminCaller) -> PurgeScope {
        let snapshot = steward.snapshot
        guard let cache = snapshot.policy.cache else { return .unknown }
        if service == "default" {
            return caller.sites.isEmpty ? .site(nil, cache) : .forbidden
        }
        let found = snapshot.configuration.sites.first { site in
            (!site.serviceID.isEmpty && site.serviceID == service) || site.hosts.first == service
        }
        guard let found,
            let site = snapshot.policy.sites.all.first(where: { $0.hosts == found.hosts })
        else { return .unknown }
        return caller.mayPurge(found) ? .site(site, cache) : .forbidden
    }

    func mayPurge(_ site: Site, _ caller: AdminCaller) -> Bool {
        steward.snapshot.configuration.sites.first { $0.hosts == site.hosts }
            .map { caller.mayPurge($0) } ?? false
    }
}

extension AdminCaller {
    /// A token may be for some sites only.
    func mayPurge(_ site: SiteSettings) -> Bool {
        sites.isEmpty || sites.contains { $0 == site.serviceID || site.hosts.contains($0) }
    }

    /// Whether its scopes reach so far.
    func mayCarryOut(_ targets: [PurgeTarget]) -> Bool {
        targets.allSatisfy { scopes.contains($0 == .everything ? .purgeAll : .purgeSelect) }
    }
}
