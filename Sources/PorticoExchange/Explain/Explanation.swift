package import PorticoBytes
package import PorticoCache
package import PorticoHTTP
internal import PorticoOrigins

/// Why one request would be answered from the cache, or not: what `portico explain` shows.
///
/// Nothing is fetched and nothing is counted for it.
package struct Explanation: Sendable {
    package enum Outcome: String, Sendable {
        case hit, stale, validate, miss, bypass, refused
    }

    package var outcome: Outcome
    /// What was looked at and found, one sentence a step, in the order in which a request does.
    package var steps: [String] = []
    /// The key with "|" for the newlines; empty where none is made.
    package var key = ""
    /// All that is stored under the key, newest first.
    package var objects: [ObjectView] = []
    /// The purges still remembered that concern an object, as places in `objects`.
    package var purges: [(PurgeRecord, object: Int)] = []
}

extension Policy {
    /// Waits for the disk, where that may have what memory has not.
    package func explain(
        _ request: RequestHead, isHTTPS: Bool, at now: Instant
    ) async -> Explanation {
        var onDisk: [StoredResponse] = []
        if let cache, let disk = cache.disk, let site = sites.find(host: request[request.host]),
            let place = site.purgeSite
        {
            let call = CacheCall(
                cache, of: place, for: request, RequestRules(request, .obeys), isHTTPS: isHTTPS,
                style: site.keyStyle)
            onDisk = await disk.list(call.key, call.hash)
        }
        return explain(request, isHTTPS: isHTTPS, onDisk, at: now)
    }

    private func explain(
        _ request: RequestHead, isHTTPS: Bool, _ onDisk: [StoredResponse], at now: Instant
    ) -> Explanation {
        var told = Explanation(outcome: .bypass)
        guard let site = sites.find(host: request[request.host]) else {
            told.outcome = .refused
            told.steps.append("No site has the host \(request[request.host].text): 404.")
            return told
        }
        told.steps.append("The site is \(site.hosts.joined(separator: ", ")).")
        if site.redirectsToHTTPS, !isHTTPS {
            told.outcome = .refused
            told.steps.append("The site is for HTTPS only (redirect_https): a redirection.")
            return told
        }
        let route = site.route(path: request[request.path])
        told.steps.append("The pool is \(route.pool.name).")
        guard let cache, let place = site.purgeSite else {
            told.steps.append("There is no cache (cache.memory).")
            return told
        }
        if !route.caches {
            told.steps.append(
                "`cache = false` of the site or of the route says: not from the cache.")
            return told
        }
        let rules = RequestRules(request, .obeys)
        if let bypass = rules.bypass {
            told.steps.append("Past the cache: \(bypass.sentence).")
            return told
        }
        let call = CacheCall(
            cache, of: place, typeKeys: site.typeKeys, for: request, rules, isHTTPS: isHTTPS,
            style: site.keyStyle)
        told.key = call.key.map { $0 == 0x0A ? "|" : String(UnicodeScalar($0)) }.joined()
        told.steps.append("The key is \(told.key).")
        Explainer(call, site, now).explain(request, onDisk, into: &told)
        return told
    }
}

/// The part of an explanation that looks into the store.
private struct Explainer {
    let call: CacheCall
    let site: Site
    let now: Instant
    var cache: ResponseCache { call.cache }

    init(_ call: CacheCall, _ site: Site, _ now: Instant) {
        self.call = call
        self.site = site
        self.now = now
    }

    func explain(
        _ request: RequestHead, _ onDisk: [StoredResponse], into told: inout Explanation
    ) {
        let key = call.key
        let inMemory = cache.store.variants(key.span, call.hash)
        let stored = inMemory + onDisk.filter { $0.isNone(of: inMemory) }
        told.objects = stored.map { ObjectView($0, in: cache, at: now) }
        let log = cache.ledger.log.recent(.max)
        for (index, response) in stored.enumerated() {
            for record in log where concerns(record, response) {
                told.purges.append((record, index))
            }
        }
        var scratch = Buffer()
        let usable = stored.indices.filter {
            stored[$0].body.phase.isReusable && told.objects[$0].verdict != .gone
        }
        let best = Variant.select(for: request.fields, among: usable.count, scratch: &scratch) {
            stored[usable[$0]].selector
        }
        if let best {
            told.objects[usable[best]].isChosen = true
            judge(stored[usable[best]], told.objects[usable[best]], into: &told)
        } else {
            absent(told.objects, into: &told)
        }
    }

    // MARK: - What is stored

    private func judge(
        _ response: StoredResponse, _ object: ObjectView, into told: inout Explanation
    ) {
        let rules = response.rules
        told.steps.append(
            "An answer with status \(response.head.status) is stored\(object.varyClause).")
        if response.disk != nil { told.steps.append("It is on disk, and not in memory.") }
        told.steps.append(object.arithmetic)
        if object.verdict == .stale {
            told.steps.append("A soft purge has made it stale, \(object.staleFor) s ago.")
        }
        let since =
            object.verdict == .stale
            ? cache.ledger.staleSince(response.stamp, at: now) : nil
        switch Reuse.decide(call.rules, rules, at: now, staleSince: since) {
        case .fresh:
            told.outcome = .hit
            told.steps.append("It is fresh: a hit.")
        case .staleWhileRevalidate:
            told.outcome = .stale
            told.steps.append(
                "It is stale, and may be served for \(rules.staleWhileRevalidate) s more "
                    + "(stale-while-revalidate or cache.grace) while it is fetched anew.")
        case .staleByRequest:
            told.outcome = .stale
            told.steps.append("It is stale, and the request takes it so (max-stale).")
        case .gatewayTimeout:
            told.outcome = .refused
            told.steps.append(
                "The request wants no fetch (only-if-cached), and this is of no use: 504.")
        case .mustValidate(let cause):
            told.outcome = .validate
            told.steps.append(cause.sentence)
            told.steps.append(
                rules.hasValidator
                    ? "The origin is asked whether it still holds (ETag, Last-Modified)."
                    : "It has no validator: it is fetched as if nothing were stored.")
        }
    }

    private func absent(_ objects: [ObjectView], into told: inout Explanation) {
        told.outcome = .miss
        if objects.isEmpty {
            told.steps.append("Nothing is stored under the key.")
        } else if objects.allSatisfy({ $0.verdict == .gone }) {
            told.steps.append("What is stored under the key was purged.")
        } else {
            let names = Set(objects.flatMap { $0.vary.map(\.name) }).sorted()
            told.steps.append(
                "What is stored under the key was for other requests: it varies by "
                    + "\(names.joined(separator: ", ")).")
        }
        if call.rules.onlyIfCached {
            told.outcome = .refused
            told.steps.append("The request wants no fetch (only-if-cached): 504.")
        }
        if call.rules.noStore {
            told.steps.append("What is fetched will not be stored: the request says no-store.")
        }
        if let last = cache.refusals.last(of: call.hash) {
            let ago = now.since(last.at).components.seconds
            let why =
                last.reason?.sentence ?? "it is larger than cache.max_object, or no room was left"
            told.steps.append(
                "The last answer, \(ago) s ago with status \(last.status), was not stored: \(why).")
        }
    }

    // MARK: - Purges

    private func concerns(_ record: PurgeRecord, _ response: StoredResponse) -> Bool {
        guard record.receipt.number > response.stamp.fence,
            record.site.isEmpty || record.site == site.hosts.first
        else { return false }
        guard let words = cache.words(of: response) else { return false }
        return record.targets.contains { $0.matcher(words) }
    }
}

extension RequestRules.Bypass {
    fileprivate var sentence: String {
        switch self {
        case .method: "the method is neither GET nor HEAD"
        case .body: "the request has a body"
        case .precondition: "If-Match or If-Unmodified-Since is for the origin to judge"
        }
    }
}

extension Reuse.Cause {
    fileprivate var sentence: String {
        switch self {
        case .stale: "It is stale."
        case .noCache: "The answer says no-cache: each use is validated."
        case .request: "The request does not take it as it is (no-cache, max-age or min-fresh)."
        }
    }
}
