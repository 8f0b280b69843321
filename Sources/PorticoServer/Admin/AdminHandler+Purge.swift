internal import Logging
internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoLoop

/// What a purge call means by `{id}`.
private enum PurgeScope {
    /// One site; nil: all of them.
    case site(SiteSettings?)
    case unknown
    case forbidden
}

extension AdminHandler {
    /// As Fastly allows in one call.
    private static let mostKeys = 256

    func purge(
        key: String, of service: String, _ caller: AdminCaller, _ head: RequestHead
    ) async -> AdminAnswer {
        await purge(service, caller) { cache, name in
            let receipt = await self.purge(
                .tags([Array(key.utf8)]), of: name, in: cache, head, caller, "key \(key)")
            if !receipt.isDurable { return .notDurable }
            return .json("{\"status\":\"ok\",\"id\":\"\(receipt.id)\"}")
        }
    }

    /// Keys come in Surrogate-Key or in a JSON body.
    func purgeKeys(
        of service: String, _ caller: AdminCaller, _ head: RequestHead, _ body: [UInt8]
    ) async -> AdminAnswer {
        var keys: [[UInt8]] = []
        for line in head.fields.lines where line.name == .surrogateKey {
            keys += head[line.valueRange].array.split { $0 == 0x20 || $0 == 0x09 }.map(Array.init)
        }
        if keys.isEmpty, let json = JSONValue(body.span)?["surrogate_keys"] {
            keys = json.elements.compactMap(\.text).map { Array($0.utf8) }
        }
        if keys.isEmpty { return .refusal(400, "No keys: name them in Surrogate-Key.") }
        if keys.count > Self.mostKeys {
            return .refusal(400, "More than \(Self.mostKeys) keys in one call.")
        }
        return await purge(service, caller) { cache, name in
            let receipt = await self.purge(
                .tags(keys), of: name, in: cache, head, caller, "\(keys.count) keys")
            if !receipt.isDurable { return .notDurable }
            var answer = Buffer()
            answer.append("{")
            for (index, key) in keys.enumerated() {
                if index > 0 { answer.append(",") }
                answer.append(json: key.span)
                answer.append(":\"\(receipt.id)\"")
            }
            answer.append("}")
            return .json(answer)
        }
    }

    func purgeAll(
        of service: String, _ caller: AdminCaller, _ head: RequestHead
    ) async -> AdminAnswer {
        await purge(service, caller) { cache, name in
            let receipt = await self.purge(
                .everything, of: name, in: cache, head, caller, "everything")
            if !receipt.isDurable { return .notDurable }
            return .json("{\"status\":\"ok\",\"id\":\"\(receipt.id)\"}")
        }
    }

    /// `url`: `host/path?query`, perhaps with its scheme.
    func purge(url: [UInt8], _ caller: AdminCaller, _ head: RequestHead) async
        -> AdminAnswer
    {
        let snapshot = steward.snapshot
        guard let cache = snapshot.policy.cache else { return .refusal(404, "There is no cache.") }
        guard let (host, target) = cache.purgeTarget(url: url.span) else {
            return .refusal(400, "That is no URL.")
        }
        guard let site = snapshot.policy.sites.find(host: host.span), site.purgeSite != nil
        else { return .refusal(404, "No site has this host.") }
        let settings = snapshot.configuration.sites.first { $0.hosts == site.hosts }
        guard let settings, caller.mayPurge(settings) else {
            return .refusal(403, "The token may not purge this site.")
        }
        let receipt = await purge(
            target, of: settings.purgeName, in: cache, head, caller, "url \(url.span.text)")
        if !receipt.isDurable { return .notDurable }
        return .json("{\"status\":\"ok\",\"id\":\"\(receipt.id)\"}")
    }

    // MARK: - The steps of each

    private func purge(
        _ service: String, _ caller: AdminCaller,
        _ body: (ResponseCache, _ name: String) async -> AdminAnswer
    ) async -> AdminAnswer {
        guard let cache = steward.snapshot.policy.cache else {
            return .refusal(404, "There is no cache.")
        }
        switch scope(of: service, caller) {
        case .unknown: return .refusal(404, "There is no service \(service).")
        case .forbidden: return .refusal(403, "The token may not purge this site.")
        case .site(let settings): return await body(cache, settings?.purgeName ?? "")
        }
    }

    private func scope(of service: String, _ caller: AdminCaller) -> PurgeScope {
        if service == "default" { return caller.sites.isEmpty ? .site(nil) : .forbidden }
        let found = steward.snapshot.configuration.sites.first { site in
            (!site.serviceID.isEmpty && site.serviceID == service) || site.hosts.first == service
        }
        guard let found else { return .unknown }
        return caller.mayPurge(found) ? .site(found) : .forbidden
    }

    private func purge(
        _ target: PurgeTarget, of name: String, in cache: ResponseCache, _ head: RequestHead,
        _ caller: AdminCaller, _ what: String
    ) async -> PurgeReceipt {
        let began = monotonicNow()
        let depth: PurgeDepth = head.asksForSoftPurge ? .soft : .hard
        let receipt = await cache.purge(target, of: name, depth)
        cache.ledger.log.append(
            PurgeRecord(
                receipt: receipt, target: target, depth: depth, site: name,
                caller: caller.name ?? "", at: wallNow() / 1000,
                duration: monotonicNow().since(began)))
        steward.audit(
            "\(depth == .soft ? "soft purge" : "purge") \(what) of \(name.isEmpty ? "all" : name)",
            by: caller, result: receipt.isDurable ? "done" : "done, but not durable")
        return receipt
    }
}

extension AdminCaller {
    /// A token may be for some sites only.
    fileprivate func mayPurge(_ site: SiteSettings) -> Bool {
        sites.isEmpty || sites.contains { $0 == site.serviceID || site.hosts.contains($0) }
    }
}

extension RequestHead {
    /// `Fastly-Soft-Purge: 1`.
    fileprivate var asksForSoftPurge: Bool {
        for index in 0..<fields.count
        where fields.name(at: index).equalsFolded("fastly-soft-purge") {
            return fields.value(at: index).equals("1")
        }
        return false
    }
}

extension AdminAnswer {
    /// 200 would promise that it outlives the process.
    fileprivate static var notDurable: AdminAnswer {
        .refusal(500, "It is purged, but the disk failed: a restart might undo it. Purge again.")
    }

    /// In Fastly's shape, for Fastly's paths.
    fileprivate static func refusal(_ status: UInt16, _ message: String) -> AdminAnswer {
        var body = Buffer()
        body.append("{\"status\":\"error\",\"msg\":")
        body.append(json: Array(message.utf8).span)
        body.append("}")
        return .json(body, status: status)
    }
}
