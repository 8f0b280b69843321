internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP

/// Purges whose targets stand in a JSON body: Cloudflare's, and our own.
extension AdminHandler {
    /// Items of one call; as Cloudflare allows its best customers.
    private static let mostItems = 500

    /// `POST /client/v4/zones/{zone}/purge_cache`.
    func purge(zone: String, _ caller: AdminCaller, _ body: [UInt8]) async -> AdminAnswer {
        guard let json = JSONValue(body.span), case .object = json else {
            return .refusal(400, "The body is no JSON object.", in: .cloudflare)
        }
        switch scope(of: zone, caller) {
        case .unknown: return .refusal(404, "There is no zone \(zone).", in: .cloudflare)
        case .forbidden:
            return .refusal(403, "The token may not purge this zone.", in: .cloudflare)
        case .site(let site, let cache):
            var items = PurgeItems(cache, steward.snapshot.policy)
            if json["purge_everything"]?.flag == true { items.targets.append(.everything) }
            items.add(tags: json["tags"])
            items.add(hosts: json["hosts"])
            items.add(prefixes: json["prefixes"])
            items.add(urls: json["files"])
            if let fault = items.fault(limit: Self.mostItems) {
                return .refusal(400, fault, in: .cloudflare)
            }
            guard caller.mayCarryOut(items.targets) else {
                return .refusal(403, "The token lacks the scope.", in: .cloudflare)
            }
            return await answer(
                items.targets.map { ($0, .hard) }, of: site, in: cache, caller, .cloudflare
            ) {
                .json(
                    "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":{\"id\":"
                        + "\"\($0.receipt.id)\"}}")
            }
        }
    }

    /// `POST /v1/purges`: `{"keys", "urls", "hosts", "prefixes": […], "tags_pattern": "…",
    /// "everything": true, "soft": true, "site": "…"}`; the answer is the record of the purge.
    func purgeAnything(_ caller: AdminCaller, _ body: [UInt8]) async -> AdminAnswer {
        guard let json = JSONValue(body.span), case .object(let members) = json else {
            return .problem(400, detail: "The body is no JSON object.")
        }
        let known: Set<String> = [
            "keys", "urls", "hosts", "prefixes", "tags_pattern", "everything", "soft", "site",
        ]
        if let other = members.first(where: { !known.contains($0.name) }) {
            return .problem(400, detail: "\(other.name) is no member that this call knows.")
        }
        let service = json["site"]?.text ?? "default"
        switch scope(of: service, caller) {
        case .unknown: return .problem(404, detail: "There is no site \(service).")
        case .forbidden:
            return .problem(
                403, detail: "The token may not purge this site; name one of its own in \"site\".")
        case .site(let site, let cache):
            var items = PurgeItems(cache, steward.snapshot.policy)
            if json["everything"]?.flag == true { items.targets.append(.everything) }
            items.add(tags: json["keys"])
            items.add(hosts: json["hosts"])
            items.add(prefixes: json["prefixes"])
            items.add(urls: json["urls"])
            items.add(pattern: json["tags_pattern"])
            if let fault = items.fault(limit: Self.mostItems) {
                return .problem(400, detail: fault)
            }
            guard caller.mayCarryOut(items.targets) else {
                return .problem(403, detail: "The token lacks the scope.")
            }
            let depth: PurgeDepth = json["soft"]?.flag == true ? .soft : .hard
            return await answer(
                items.targets.map { ($0, depth) }, of: site, in: cache, caller, .own
            ) { record in
                var body = Buffer()
                body.append(record)
                return .json(body)
            }
        }
    }
}

/// Gathers what a JSON body names.
private struct PurgeItems {
    var targets: [PurgeTarget] = []
    private let cache: ResponseCache
    private let policy: Policy
    private var wrong: String?

    init(_ cache: ResponseCache, _ policy: Policy) {
        self.cache = cache
        self.policy = policy
    }

    /// Why it cannot be carried out.
    func fault(limit: Int) -> String? {
        if let wrong { return wrong }
        if targets.isEmpty { return "Nothing is named that could be purged." }
        let count = targets.reduce(0) { count, target in
            if case .tags(let tags) = target { return count + tags.count }
            return count + 1
        }
        return count > limit ? "More than \(limit) items in one call." : nil
    }

    private mutating func texts(_ value: JSONValue?, _ what: String) -> [String] {
        guard let value else { return [] }
        guard case .list(let elements) = value else {
            wrong = "\(what) is no list."
            return []
        }
        let texts = elements.compactMap(\.text).filter { !$0.isEmpty }
        if texts.count != elements.count { wrong = "\(what) has an element that is no text." }
        return texts
    }

    mutating func add(tags value: JSONValue?) {
        let tags = texts(value, "the list of tags")
        if !tags.isEmpty { targets.append(.tags(tags.map { Array($0.utf8) })) }
    }

    mutating func add(hosts value: JSONValue?) {
        for host in texts(value, "hosts") { targets.append(.host(Array(host.lowercased().utf8))) }
    }

    /// `www.example.com/foo`, perhaps with a scheme.
    mutating func add(prefixes value: JSONValue?) {
        for text in texts(value, "prefixes") {
            var prefix = Substring(text)
            for scheme in ["https://", "http://"] where prefix.hasPrefix(scheme) {
                prefix = prefix.dropFirst(scheme.count)
            }
            let host = prefix.prefix { $0 != "/" && $0 != ":" }
            let rest = prefix.drop { $0 != "/" }
            let text = host.lowercased() + (rest.isEmpty ? "/" : String(rest))
            targets.append(.prefix(Array(text.utf8)))
        }
    }

    /// Texts, or Cloudflare's objects with a URL and headers: all variants of a URL go.
    mutating func add(urls value: JSONValue?) {
        guard let value else { return }
        let plain = JSONValue.list(value.elements.map { $0["url"] ?? $0 })
        for url in texts(plain, "the list of URLs") {
            let bytes = Array(url.utf8)
            if let (host, target) = cache.purgeTarget(url: bytes.span) {
                // A preset may leave parameters out of the key.
                let site = policy.sites.find(host: host.span)
                let style = site?.keyStyle ?? .plain
                let styled = cache.purgeTarget(url: bytes.span, style: style)?.1 ?? target
                targets.append(policy.purgeTarget(styled, of: site))
            } else {
                wrong = "\(url) is no URL."
            }
        }
    }

    mutating func add(pattern value: JSONValue?) {
        guard let text = value?.text else { return }
        let pattern = Array(text.utf8)
        switch MagentoPattern(pattern.span) {
        case .everything: targets.append(.everything)
        case .tags(let tags): targets.append(.tags(tags))
        case nil:
            do throws(PatternFault) {
                _ = try PurgeMatcher(.pattern(pattern))
                targets.append(.pattern(pattern))
            } catch {
                wrong = "The pattern \(error.sentence)."
            }
        }
    }
}

extension PatternFault {
    /// Goes on after "the pattern".
    var sentence: String {
        switch self {
        case .malformed(let place): "is wrong at byte \(place + 1)"
        case .unsupported(let place):
            "has at byte \(place + 1) what no automaton decides (assertions, backreferences)"
        case .tooLarge: "is too large"
        }
    }
}
