internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoHTTP
internal import PorticoHTTP1
internal import PorticoLoop

/// Looking: which purges there were, what is stored, and why a request hits or misses.
extension AdminHandler {
    /// Objects, and purges, of one answer.
    private static let mostShown = 100

    /// `GET /v1/purges`: the most recent ones.
    func purges() -> AdminAnswer {
        guard let cache = steward.snapshot.policy.cache else {
            return .problem(404, detail: "There is no cache.")
        }
        var body = Buffer()
        body.append("{\"purges\":[")
        for (index, record) in cache.ledger.log.recent(Self.mostShown).enumerated() {
            if index > 0 { body.append(",") }
            body.append(record)
        }
        body.append("]}")
        return .json(body)
    }

    /// `GET /v1/purges/{id}`.
    func purge(id: String) -> AdminAnswer {
        guard let record = steward.snapshot.policy.cache?.ledger.log.record(id: id) else {
            return .problem(
                404, detail: "No purge of that id is remembered; only the last 1024 are.")
        }
        var body = Buffer()
        body.append(record)
        return .json(body)
    }

    /// `GET /v1/cache?url=…` or `?key=…`; without either, how much is stored.
    func cacheObjects(_ head: RequestHead) async -> AdminAnswer {
        let policy = steward.snapshot.policy
        guard let cache = policy.cache else { return .problem(404, detail: "There is no cache.") }
        let query = AdminQuery(head)
        let now = monotonicNow()
        let found: [ObjectView]
        do throws(QueueFull) {
            if let url = query["url"] {
                guard
                    let objects = try await steward.shared.desk.objects(
                        under: url, in: cache, limit: Self.mostShown, at: now)
                else { return .problem(400, detail: "That is no URL.") }
                found = objects
            } else if let key = query["key"] {
                let sites = policy.sites.all.compactMap(\.purgeSite)
                found = try await steward.shared.desk.look {
                    cache.objects(taggedWith: key, of: sites, limit: Self.mostShown, at: now)
                }
            } else {
                return usage(of: cache)
            }
        } catch {
            return .problem(503, detail: "Too many wait; ask again.")
        }
        var body = Buffer()
        body.append("{\"objects\":[")
        for (index, object) in found.enumerated() {
            if index > 0 { body.append(",") }
            body.append(object)
        }
        body.append("]}")
        return .json(body)
    }

    private func usage(of cache: ResponseCache) -> AdminAnswer {
        let usage = cache.store.usage
        var body = Buffer()
        body.append("{\"objects\":\(usage.objects),\"bytes\":\(usage.bytes)")
        body.append(",\"budget\":\(usage.budget),\"index_bytes\":\(usage.indexBytes)")
        body.append(",\"purge_index_bytes\":\(usage.ledgerBytes),\"evictions\":\(usage.evictions)")
        body.append(",\"words\":\(cache.ledger.markCount)}")
        return .json(body)
    }

    /// `GET /v1/explain?url=…&header=Name:%20value…`.
    func explain(_ head: RequestHead) async -> AdminAnswer {
        let query = AdminQuery(head)
        guard let url = query["url"] else {
            return .problem(400, detail: "Which URL? /v1/explain?url=https://host/path")
        }
        guard let (request, isHTTPS) = ExplainedRequest.make(url: url, fields: query.all("header"))
        else { return .problem(400, detail: "That URL, or a header, is none.") }
        let told = await steward.snapshot.policy.explain(
            request, isHTTPS: isHTTPS, at: monotonicNow())
        var body = Buffer()
        body.append(told, of: url)
        return .json(body)
    }
}

/// The parameters of an admin request.
struct AdminQuery {
    private var parameters: [(name: String, value: [UInt8])] = []

    init(_ head: borrowing RequestHead) {
        guard let query = head.query else { return }
        for part in head[query].array.split(separator: 0x26) {
            let end = part.firstIndex(of: 0x3D) ?? part.endIndex
            let name = String(decoding: part[..<end], as: UTF8.self)
            let text = String(decoding: part[end...].dropFirst(), as: UTF8.self)
            parameters.append((name, Array((AdminCall.unescaped(text[...]) ?? text).utf8)))
        }
    }

    subscript(name: String) -> [UInt8]? { parameters.first { $0.name == name }?.value }

    func all(_ name: String) -> [[UInt8]] {
        parameters.filter { $0.name == name }.map(\.value)
    }
}

/// The request that is explained, read as one from a client would be: with the same strictness.
enum ExplainedRequest {
    static func make(url: [UInt8], fields: [[UInt8]]) -> (RequestHead, isHTTPS: Bool)? {
        var rest = url[...]
        var isHTTPS = false
        if rest.starts(with: "https://".utf8) {
            isHTTPS = true
            rest = rest.dropFirst(8)
        } else if rest.starts(with: "http://".utf8) {
            rest = rest.dropFirst(7)
        }
        rest = rest.prefix { $0 != 0x23 }
        let host = rest.prefix { $0 != 0x2F && $0 != 0x3F }
        var target = Array(rest.dropFirst(host.count))
        if target.first != 0x2F { target.insert(0x2F, at: 0) }
        var text = Buffer()
        text.append("GET ")
        text.append(target.span)
        text.append(" HTTP/1.1\r\nHost: ")
        text.append(Array(host).span)
        text.append("\r\n")
        for field in fields {
            guard !field.contains(0x0D), !field.contains(0x0A) else { return nil }
            text.append(field.span)
            text.append("\r\n")
        }
        text.append("\r\n")
        var head = RequestHead()
        var reader = RequestReader(limits: HeadLimits())
        do throws(RequestFault) {
            guard case .head(let consumed) = try reader.read(text.bytes, into: &head),
                consumed == text.count, !host.isEmpty
            else { return nil }
            return (head, isHTTPS)
        } catch {
            return nil
        }
    }
}
