internal import PorticoBytes
package import PorticoHTTP

/// What Magento 2's own Varnish configuration (varnish6.vcl) knows of its shop, as pure functions of
/// heads: what never comes from a cache, what tells pages apart, what browsers may see.
package enum MagentoRules {
    // MARK: - Requests

    /// Whether the request goes past the cache: accounts and orders, the shop's health, and GraphQL
    /// of a customer who is logged in where the shop does not say which answers are alike.
    package static func bypasses(_ head: borrowing RequestHead) -> Bool {
        let target = head[head.pathAndQuery]
        if target.contains("/customer") || target.contains("/checkout") { return true }
        let path = head[head.path]
        if path.equals("/health_check.php") || path.equals("/pub/health_check.php") { return true }
        return isGraphQL(head) && isAuthorised(head)
            && value(of: cacheID, in: head.fields).isEmpty
    }

    /// Files that are the same for everybody.
    package static func isStatic(_ path: Span<UInt8>) -> Bool {
        path.begins(with: "/media/") || path.begins(with: "/static/")
            || path.begins(with: "/pub/media/") || path.begins(with: "/pub/static/")
    }

    static func isGraphQL(_ head: borrowing RequestHead) -> Bool {
        head[head.path].contains("/graphql")
    }

    private static func isAuthorised(_ head: borrowing RequestHead) -> Bool {
        let value = head[head.fields.range(of: .authorization)]
        return value.count > 6 && value.extracting(..<6).equalsFolded("bearer")
    }

    /// What tells answers under one URL apart: the customer group's cookie; for GraphQL the shop's
    /// own words. Values hold no newline.
    static func writeKey(_ head: borrowing RequestHead, into buffer: inout Buffer) {
        if isStatic(head[head.path]) { return }
        let id = value(of: cacheID, in: head.fields)
        let isGraphQL = isGraphQL(head)
        if !isGraphQL || id.isEmpty {
            head.fields.forEachCookie { name, value in
                // Two of them are not one that is made of both.
                guard name.equals("X-Magento-Vary") else { return }
                buffer.append(0x3D)
                buffer.append(value)
            }
        }
        guard isGraphQL else { return }
        buffer.append(0x0A)
        buffer.append(id.span)
        buffer.append(0x0A)
        if isAuthorised(head) { buffer.append("authorised") }
        for name in [store, currency] {
            buffer.append(0x0A)
            buffer.append(value(of: name, in: head.fields).span)
        }
    }

    /// Parameters by which advertisers follow visitors; a shop's pages do not depend on them.
    static func ignores(_ name: Span<UInt8>) -> Bool {
        for known in parameters where name.equals(known) { return true }
        for prefix in families where name.begins(with: prefix) {
            if isLetters(name.extracting(prefix.utf8CodeUnitCount...)) { return true }
        }
        return name.count == 5 && name.begins(with: "mk") && isLetters(name.extracting(2...))
    }

    private static func isLetters(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where text[index] < 0x61 || text[index] > 0x7A { return false }
        return !text.isEmpty
    }

    private static let parameters: [StaticString] = [
        "_branch_match_id", "_ga", "_gl", "_ke", "_kx", "campid", "ceneo_cid", "clickId", "cof",
        "customid", "cx", "dclid", "dm_i", "ef_id", "epik", "fbclid", "gbraid", "gclid", "gclsrc",
        "igshid", "msclkid", "pcrid", "redirect_log_mongo_id", "redirect_mongo_id", "s_kwcid",
        "sb_referer_host", "ScCid", "siteurl", "srsltid", "tduid", "wbraid", "zanpid",
    ]

    /// What begins so and goes on in small letters.
    private static let families: [StaticString] = [
        "_bta_", "gad_", "gdf", "hsa_", "igshid_", "matomo_", "mc_", "mtm_", "piwik_", "pk_",
        "snrai_", "trk_", "utm_",
    ]

    // MARK: - Responses

    /// Whether what RFC 9111 would store is for this client alone.
    package static func isPrivate(
        _ response: borrowing ResponseHead, to request: borrowing RequestHead
    ) -> Bool {
        switch response.status {
        case 403, 404, 500...: return true
        default: break
        }
        // The page was made for a group that the key does not name yet.
        if setsVary(response.fields), !sendsVary(request.fields) { return true }
        if isGraphQL(request) {
            let said = value(of: cacheID, in: response.fields)
            return !said.isEmpty && said != value(of: cacheID, in: request.fields)
        }
        return false
    }

    private static func setsVary(_ fields: borrowing Fields) -> Bool {
        for line in fields.lines where line.name == .setCookie {
            if fields[line.valueRange].begins(with: "X-Magento-Vary=") { return true }
        }
        return false
    }

    private static func sendsVary(_ fields: borrowing Fields) -> Bool {
        var found = false
        fields.forEachCookie { name, _ in if name.equals("X-Magento-Vary") { found = true } }
        return found
    }

    /// What is stored may serve stale for five minutes while it is fetched anew, and for three days
    /// when the shop is down, unless its origin forbids it; its text may include other pages.
    package static func settle(_ rules: inout StoredRules, _ head: borrowing ResponseHead) {
        if isText(head.fields) { rules.flags.insert(.announcesESI) }
        if rules.flags.contains(.neverStale) { return }
        rules.staleWhileRevalidate = max(rules.staleWhileRevalidate, 300)
        rules.staleIfError = max(rules.staleIfError, 3 * 86_400)
        rules.keep = max(rules.keep, 3 * 86_400)
    }

    package static func isText(_ fields: borrowing Fields) -> Bool {
        fields[fields.range(of: .contentType)].begins(with: "text")
    }

    /// Where a response came from.
    package enum Outcome: Sendable {
        case hit, staleHit, staleForError, miss, uncacheable
    }

    /// Makes of a response what browsers see: pages are not theirs to keep, since nobody can purge
    /// them there.
    package static func finish(
        _ response: inout ResponseHead, to request: borrowing RequestHead, _ outcome: Outcome
    ) {
        let isDebugged = response.fields.contains(.xMagentoDebug)
        let isPublic =
            !isStatic(request[request.path])
            && !CacheControl(response.fields).contains(.private)
        response.fields.removeAll { line, name in
            switch line.name {
            case .xMagentoDebug, .xMagentoTags, .server, .link: true
            case .age: !isDebugged
            case .pragma, .expires, .cacheControl: isPublic
            case .other: isInternal(name)
            default: false
            }
        }
        if isPublic {
            response.fields.append(.pragma, "no-cache")
            response.fields.append(.expires, "-1")
            response.fields.append(
                .cacheControl, "no-store, no-cache, must-revalidate, max-age=0")
        }
        let (said, grace): (StaticString, StaticString?) =
            switch outcome {
            case .hit: ("HIT", "none")
            case .staleHit: ("HIT", "normal (healthy server)")
            case .staleForError: ("HIT", "unlimited (unhealthy server)")
            case .miss: ("MISS", nil)
            case .uncacheable: ("UNCACHEABLE", nil)
            }
        response.fields.append(name: "X-Magento-Cache-Debug", value: said)
        if let grace { response.fields.append(name: "Grace", value: grace) }
    }

    private static func isInternal(_ name: Span<UInt8>) -> Bool {
        name.equalsFolded("x-powered-by") || name.equalsFolded("x-varnish")
            || name.equalsFolded("x-magento-cache-control")
    }

    // MARK: - Fields without a name of their own

    private static let cacheID: StaticString = "x-magento-cache-id"
    private static let store: StaticString = "store"
    private static let currency: StaticString = "content-currency"

    /// The first value of a field; empty if there is none.
    private static func value(of wanted: StaticString, in fields: borrowing Fields) -> [UInt8] {
        for index in 0..<fields.count where fields.lines[index].name == .other {
            if fields.name(at: index).equalsFolded(wanted) { return fields.value(at: index).array }
        }
        return []
    }
}

extension Fields {
    fileprivate mutating func append(name: StaticString, value: StaticString) {
        var text = Buffer()
        text.append(name)
        text.append(value)
        let count = name.utf8CodeUnitCount
        append(name: text.bytes.extracting(..<count), value: text.bytes.extracting(count...))
    }
}

extension Span<UInt8> {
    fileprivate func begins(with text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && extracting(..<length).equals(text)
    }

    fileprivate func contains(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        var start = 0
        while count - start >= length {
            if extracting(start..<(start + length)).equals(text) { return true }
            start += 1
        }
        return false
    }
}
