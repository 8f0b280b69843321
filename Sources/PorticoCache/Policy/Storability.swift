internal import PorticoBytes
package import PorticoHTTP

/// Whether a shared cache may keep a response, and under which rules (RFC 9111 §3).
package enum Storability: Equatable, Sendable {
    case store(StoredRules)
    case no(Reason)

    /// Why not, for `explain`.
    package enum Reason: UInt8, CaseIterable, Sendable {
        case method
        case requestBody
        /// `no-store` in the request (§5.2.1.5).
        case requestNoStore
        /// Interim, 206, 304, 412 or 416: an answer to this request's conditions, no representation.
        case status
        /// `must-understand` with a status whose rules we do not know (§5.2.2.3).
        case notUnderstood
        case noStore
        case `private`
        /// The request had Authorization, and nothing allows a shared cache to keep it (§3.5).
        case authorization
        /// Set-Cookie, and nothing says that it is for all.
        case setCookie
        /// `Vary: *` matches no request (§4.1).
        case varyAny
        /// Nothing says how long it is fresh, and its status is not cacheable by default.
        case noFreshness
        /// Never fresh, no validator, never usable stale: nothing could come of it.
        case useless
        /// A POST's response without freshness of its own or for another URI (RFC 9110 §9.3.3).
        case postWithoutLocation
    }

    package static func judge(
        _ request: borrowing RequestHead, _ rules: borrowing RequestRules,
        _ response: borrowing ResponseHead, times: borrowing FetchTimes,
        settings: borrowing CacheSettings, isHTTPS: Bool
    ) -> Storability {
        let (directives, source) = CacheControl.governing(response.fields)
        if let reason = obstacle(request, rules, response, directives, source, settings) {
            return .no(reason)
        }
        let freshness = Freshness(
            response, directives, from: source, times: times,
            defaultTTL: seconds(settings.defaultTTL))
        let isExplicit =
            freshness.basis == .sMaxAge || freshness.basis == .maxAge
            || freshness.basis == .expires
        // §3, the last condition.
        guard isExplicit || directives.contains(.public) || Freshness.isHeuristic(response.status)
        else { return .no(.noFreshness) }
        if request.method == .post,
            !isExplicit || response.status != 200
                || !locatesTarget(response.fields, of: request, isHTTPS)
        {
            return .no(.postWithoutLocation)
        }
        let stored = settle(response, directives, source, freshness, times, settings)
        let isUsable =
            stored.freshUntil > stored.born || stored.hasValidator
            || stored.staleWhileRevalidate > 0 || stored.staleIfError > 0
        return isUsable ? .store(stored) : .no(.useless)
    }

    private static func obstacle(
        _ request: borrowing RequestHead, _ rules: borrowing RequestRules,
        _ response: borrowing ResponseHead, _ directives: CacheControl, _ source: DirectiveSource,
        _ settings: borrowing CacheSettings
    ) -> Reason? {
        // HEAD has no body to keep; what it tells about a stored GET: `Validation.judgeHead`.
        if request.method != .get && request.method != .post { return .method }
        if request.method == .get, rules.bypass == .body { return .requestBody }
        if rules.noStore { return .requestNoStore }
        switch response.status {
        case ..<200, 206, 304, 412, 416: return .status
        default: break
        }
        if directives.contains(.mustUnderstand) {
            // §5.2.2.3: who understands the status ignores the no-store beside it.
            if !understands(response.status) { return .notUnderstood }
        } else if directives.contains(.noStore) {
            return .noStore
        }
        if directives.contains(.private) { return .private }
        if request.fields.contains(.authorization),
            directives.sMaxAge == nil,
            directives.flags.isDisjoint(with: [.public, .mustRevalidate])
        {
            return .authorization
        }
        if settings.setCookie == .private, response.fields.contains(.setCookie),
            source == .cacheControl, directives.sMaxAge == nil, !directives.contains(.public),
            !directives.lists(setCookieName.span, in: response.fields)
        {
            return .setCookie
        }
        if VaryNames.isAny(in: response.fields) { return .varyAny }
        return nil
    }

    private static let setCookieName = Array("set-cookie".utf8)

    private static func settle(
        _ response: borrowing ResponseHead, _ directives: CacheControl, _ source: DirectiveSource,
        _ freshness: Freshness, _ times: borrowing FetchTimes, _ settings: borrowing CacheSettings
    ) -> StoredRules {
        var flags = StoredRules.Flags()
        let isNoCache = directives.contains(.noCache)
        if isNoCache { flags.insert([.noCache, .neverStale]) }
        if !directives.flags.isDisjoint(with: [.mustRevalidate, .proxyRevalidate]) {
            flags.insert(.neverStale)
        }
        if directives.contains(.immutable) { flags.insert(.immutable) }
        if directives.contains(.noTransform) { flags.insert(.noTransform) }
        if directives.sMaxAge != nil { flags.insert(.sMaxAge) }
        if !directives.fieldLists.isEmpty { flags.insert(.listsFields) }
        if settings.setCookie == .strip { flags.insert(.stripsCookies) }
        if response.fields.contains(.etag) { flags.insert(.hasETag) }
        if response.fields.contains(.lastModified) { flags.insert(.hasLastModified) }
        if response.fields.contains(.vary) { flags.insert(.hasVary) }
        if response.fields.announcesESI { flags.insert(.announcesESI) }

        let neverStale = flags.contains(.neverStale)
        // What never was fresh is not for all to see later, unless it says so itself; and the
        // settings do not overrule s-maxage (§5.2.2.10: it implies proxy-revalidate). An explicit
        // RFC 5861 directive beside it is the origin's own word, and counts.
        let mayLinger = !neverStale && freshness.lifetime > 0 && directives.sMaxAge == nil
        let born = StoredRules.ticks(times.received).subtractingSaturated(
            Int64(freshness.initialAge) * StoredRules.second)
        return StoredRules(
            born: born,
            freshUntil: isNoCache
                ? .min : born.addingSaturated(Int64(freshness.lifetime) * StoredRules.second),
            date: Freshness.date(of: response.fields, times),
            lifetime: isNoCache ? 0 : freshness.lifetime,
            staleWhileRevalidate: neverStale
                ? 0
                : directives.staleWhileRevalidate ?? (mayLinger ? seconds(settings.grace) : 0),
            staleIfError: neverStale ? 0 : directives.staleIfError ?? 0,
            keep: mayLinger ? seconds(settings.keep) : 0,
            flags: flags, basis: isNoCache ? .noCache : freshness.basis, source: source)
    }

    private static func seconds(_ duration: Duration) -> Int32 {
        Int32(clamping: max(duration.components.seconds, 0))
    }

    /// RFC 9110 §9.3.3: Content-Location names the target itself.
    private static func locatesTarget(
        _ fields: borrowing Fields, of request: borrowing RequestHead, _ isHTTPS: Bool
    ) -> Bool {
        guard let line = fields.firstIndex(of: .contentLocation),
            let named = URIReference(fields.value(at: line), relativeTo: request, isHTTPS: isHTTPS)
        else { return false }
        let path = request[request.path]
        return named.isHTTPS == isHTTPS
            && named.authority.span.equalsFolded(request[request.authority])
            && (path.isEmpty ? named.path == [0x2F] : named.path.span.equals(path))
            && named.query == request.query.map { request[$0].array }
    }

    /// Statuses whose rules about caching we follow (RFC 9110 §15).
    private static func understands(_ status: UInt16) -> Bool {
        switch status {
        case 200...205, 300...303, 305, 307, 308, 400...411, 413...415, 417, 421, 422, 426,
            428, 429, 431, 451, 500...505, 511:
            true
        default: false
        }
    }

    /// The head as it is kept (RFC 9111 §3.1): without what was for one hop, for one user or about
    /// one moment. Age is kept in the rules.
    package static func storedHead(
        _ response: borrowing ResponseHead, _ rules: borrowing StoredRules
    ) -> ResponseHead {
        var head = copy response
        head.fields.removeHopByHop()
        let listed = rules.has(.listsFields) ? CacheControl.governing(response.fields).0 : nil
        let fields = response.fields
        let stripsCookies = rules.has(.stripsCookies)
        head.fields.removeAll { line, name in
            if line.name == .age { return true }
            if line.name == .setCookie && stripsCookies { return true }
            return listed?.lists(name, in: fields) ?? false
        }
        return head
    }
}
