internal import PorticoBytes
package import PorticoCache
internal import PorticoHTTP
internal import PorticoLoop
package import PorticoOrigins

/// Responses that a soft purge made stale, waiting to be fetched anew before somebody asks.
final class RefreshQueue {
    /// What is fetched from one pool at a time: a purge of all pages must not look to the origin like
    /// all visitors at once.
    static let mostAtOnce = 4
    /// Responses that wait hold their memory.
    static let mostWaiting = 1024

    var waiting: [StoredResponse] = []
    var running = 0
}

extension ExchangeWorker {
    /// Fetches responses anew in the background, in their order, few at a time from each pool. For
    /// one worker alone for each pool: the bound is its own.
    package func refresh(_ responses: [StoredResponse]) {
        for response in responses {
            guard let key = StoredKey(response.key), let (_, route) = policy.place(of: key) else {
                continue
            }
            let queue = refreshQueue(for: route.pool)
            if queue.waiting.count >= RefreshQueue.mostWaiting { continue }
            queue.waiting.append(response)
            if queue.running >= RefreshQueue.mostAtOnce { continue }
            queue.running += 1
            reactor.start {
                while !queue.waiting.isEmpty { await self.refresh(queue.waiting.removeFirst()) }
                queue.running -= 1
            }
        }
    }

    private func refresh(_ response: StoredResponse) async {
        // What somebody has asked for meanwhile is fresh already, or being fetched.
        guard let cache = policy.cache, let key = StoredKey(response.key),
            cache.ledger.verdict(on: response.stamp) == .stale,
            cache.store.variants(response.key, response.hash).contains(where: { $0 === response }),
            let (site, route) = policy.place(of: key), let purgeSite = site.purgeSite,
            let permit = cache.flights.lead(response.hash)
        else { return }
        var head = key.makeRequest()
        addSelectors(of: response, key, cache.settings.varyCookie, to: &head.fields)
        let facts = ClientFacts(
            peer: .loopback, client: .loopback, local: .loopback, isTrustedProxy: false,
            tls: key.isHTTPS ? "TLSv1.3" : nil)
        let call = CacheCall(
            cache, of: purgeSite, typeKeys: site.typeKeys, for: head,
            RequestRules(head, .obeys), isHTTPS: key.isHTTPS, style: site.keyStyle,
            isBackground: true)
        // A page whose key holds more than can be told from it waits for its visitor.
        let written = call.key
        guard written.span.equals(response.key) else { return }
        call.look(for: head)
        call.takesConditions = true
        call.forward = .stale
        call.permit = consume permit
        let exchange = Exchange(head, from: Nobody(as: facts), on: self)
        exchange.site = site
        await exchange.refresh(by: route, for: call)
    }

    /// The fields by which the response was chosen, and the cookie in its key.
    private func addSelectors(
        of response: StoredResponse, _ key: StoredKey, _ cookie: String, to fields: inout Fields
    ) {
        let names = response.selector.vary.names.split(separator: 0x0A)
        let values = response.selector.values.split(
            separator: 0x0A, omittingEmptySubsequences: false)
        for (name, value) in zip(names, values) where value.first == 0x3D {
            fields.append(name: Array(name).span, value: Array(value.dropFirst()).span)
        }
        if !key.cookie.isEmpty, !fields.contains(.cookie) {
            fields.append(.cookie, (Array(cookie.utf8) + key.cookie).span)
        }
    }
}

extension Policy {
    /// Where a stored response is fetched from; nil if it would not be stored any more.
    package func pool(of response: StoredResponse) -> Pool? {
        StoredKey(response.key).flatMap { place(of: $0)?.1.pool }
    }

    /// The site and the route that answer for a stored resource, if it may be cached there.
    fileprivate func place(of key: StoredKey) -> (Site, Route)? {
        guard let site = sites.find(host: key.host.span), site.purgeSite != nil else {
            return nil
        }
        let path = key.target.prefix { $0 != 0x3F }
        let route = site.route(path: Array(path).span)
        return route.caches ? (site, route) : nil
    }
}

extension IPAddress {
    fileprivate static let loopback = IPAddress(v4: 0x7F00_0001)
}

extension SocketAddress {
    fileprivate static let loopback = SocketAddress(.loopback, port: 80)
}
