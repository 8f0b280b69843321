/// The shop behind the demo: what an origin answers to a request, and nothing else. It opens no
/// socket, reads no clock and keeps no state, so that three nodes differ in their name only.
///
/// | path | cached for | keys |
/// | --- | --- | --- |
/// | `/` | 60 s, shared | `home`, its products |
/// | `/category/NAME` | 300 s, shared | `category`, `category-NAME`, its products |
/// | `/product/SKU` | 600 s, shared | `product`, `product-SKU` |
/// | `/search?q=` | 60 s, shared | `search` |
/// | `/api/products`, `/api/products/SKU` | 10 s | `api`, `product`, `product-SKU` |
/// | `/api/stock/SKU` | 2 s | `stock`, `stock-SKU`, `product-SKU` |
/// | `/media/NAME` | a day; shared, 30 | `media`, `media-NAME` without the suffix |
/// | `/static/VERSION/…` | a year, immutable | `static` |
/// | `/cart`, `/health`, `/echo`, `/slow` | never | |
package struct DemoShop: Sendable {
    /// In `X-Node` and in the footer of pages.
    package let node: String

    package init(node: String) { self.node = node }

    /// `path` is without the query and as it was received. `fields` are for `/echo` alone.
    package func answer(
        method: String, path: String, query: String? = nil, cookies: String? = nil,
        ifNoneMatch: String? = nil, fields: [(String, String)] = []
    ) -> DemoAnswer {
        var answer = route(
            method: method, path: path, query: query, cookies: cookies, fields: fields)
        answer.fields.append(("X-Node", node))
        if answer.status == 200, method == "GET" || method == "HEAD", let ifNoneMatch,
            let tag = answer.field("ETag"), DemoShop.matches(ifNoneMatch, tag)
        {
            // RFC 9110 §15.4.5: what a cache needs to update what it holds, and no more.
            answer.status = 304
            answer.fields.removeAll { $0.0 == "Content-Type" }
            answer.body = .bytes([])
        }
        return answer
    }

    private func route(
        method: String, path: String, query: String?, cookies: String?, fields: [(String, String)]
    ) -> DemoAnswer {
        let steps = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map(String.init)
        let posts = path == "/cart" || path == "/echo"
        guard method == "GET" || method == "HEAD" || (posts && method == "POST") else {
            return plain(405, "This page is only read.\n")
                .adding("Allow", posts ? "GET, HEAD, POST" : "GET, HEAD")
        }
        switch (steps.first, steps.count) {
        case ("", 1): return home()
        case ("category", 2): return Category.named(steps[1]).map(page(of:)) ?? missing(path)
        case ("product", 2): return Product.named(steps[1]).map(page(of:)) ?? missing(path)
        case ("search", 1): return search(Query.value(of: "q", in: query) ?? "")
        case ("cart", 1): return cart(method: method, query: query, cookies: cookies)
        case ("api", _): return api(Array(steps.dropFirst()))
        case ("static", _): return asset(Array(steps.dropFirst())) ?? missing(path)
        case ("media", 2): return media(steps[1]) ?? missing(path)
        case ("health", 1):
            return json(200, .object([("status", .string("ok")), ("node", .string(node))]))
                .adding("Cache-Control", "no-store")
        case ("robots.txt", 1):
            return plain(200, "User-agent: *\nDisallow: /cart\nDisallow: /api/\n")
                .adding("Cache-Control", "public, max-age=86400")
        case ("slow", 1): return slow(query)
        case ("echo", 1): return echo(method: method, path: path, query: query, fields: fields)
        default: return missing(path)
        }
    }

    // MARK: - What is not a page

    private func asset(_ steps: [String]) -> DemoAnswer? {
        guard let name = steps.last, steps.count == 1 || steps.count == 2 else { return nil }
        let text: String
        let type: String
        switch name {
        case "shop.css": (text, type) = (Assets.stylesheet, "text/css; charset=utf-8")
        case "shop.js": (text, type) = (Assets.script, "text/javascript; charset=utf-8")
        default: return nil
        }
        // Another version's path must not be filled with this one's content for a year.
        if steps.count == 2, steps[0] != Assets.version { return nil }
        return DemoAnswer(
            status: 200,
            fields: [
                ("Content-Type", type),
                (
                    "Cache-Control",
                    steps.count == 2 ? "public, max-age=31536000, immutable" : "public, max-age=300"
                ),
                ("Surrogate-Key", "static"),
                ("ETag", "\"\(Digest.of(text))\""),
            ], body: .bytes(Array(text.utf8)))
    }

    private func media(_ name: String) -> DemoAnswer? {
        guard let photograph = Photograph.all[name] else { return nil }
        let bare = name.split(separator: ".").first ?? ""
        return DemoAnswer(
            status: 200,
            fields: [
                ("Content-Type", photograph.contentType),
                ("Cache-Control", "public, max-age=86400, s-maxage=2592000"),
                ("Surrogate-Key", "media media-\(bare)"),
                ("ETag", photograph.tag),
            ], body: .photograph(photograph))
    }

    private func slow(_ query: String?) -> DemoAnswer {
        let asked = Query.value(of: "ms", in: query).flatMap { Int($0) } ?? 1000
        let wait = min(max(asked, 0), 60_000)
        var answer = plain(200, "This took \(wait) ms.\n").adding("Cache-Control", "no-store")
        answer.delayMilliseconds = wait
        return answer
    }

    /// What arrived here, so that one sees what a proxy in front added and took away.
    private func echo(
        method: String, path: String, query: String?, fields: [(String, String)]
    ) -> DemoAnswer {
        let received = fields.map { JSON.list([.string($0.0), .string($0.1)]) }
        return json(
            200,
            .object([
                ("method", .string(method)), ("path", .string(path)),
                ("query", .string(query ?? "")), ("node", .string(node)),
                ("fields", .list(received)),
            ])
        ).adding("Cache-Control", "no-store")
    }

    // MARK: - Small steps

    func plain(_ status: UInt16, _ text: String) -> DemoAnswer {
        DemoAnswer(
            status: status, fields: [("Content-Type", "text/plain; charset=utf-8")],
            body: .bytes(Array(text.utf8)))
    }

    func json(_ status: UInt16, _ value: JSON) -> DemoAnswer {
        DemoAnswer(
            status: status, fields: [("Content-Type", "application/json")],
            body: .bytes(Array((value.text + "\n").utf8)))
    }

    /// Weak comparison (RFC 9110 §13.1.2). The shop's own tags hold no comma.
    private static func matches(_ condition: String, _ tag: String) -> Bool {
        func opaque(_ text: Substring) -> Substring {
            let bare = text.drop { $0 == " " || $0 == "\t" }
            let whole = bare.hasPrefix("W/") ? bare.dropFirst(2) : bare
            return whole.prefix { $0 != " " && $0 != "\t" }
        }
        return condition.split(separator: ",").contains { entry in
            opaque(entry) == "*" || opaque(entry) == opaque(Substring(tag))
        }
    }
}

extension DemoAnswer {
    func adding(_ name: String, _ value: String) -> DemoAnswer {
        var answer = self
        answer.fields.append((name, value))
        return answer
    }
}
