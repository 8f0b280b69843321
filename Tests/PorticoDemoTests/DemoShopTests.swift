import Testing

@testable import PorticoDemo

private let shop = DemoShop(node: "node-1")

private func get(_ path: String, query: String? = nil, cookies: String? = nil) -> DemoAnswer {
    shop.answer(method: "GET", path: path, query: query, cookies: cookies)
}

private func text(_ answer: DemoAnswer) -> String {
    guard case .bytes(let bytes) = answer.body else { return "" }
    return String(decoding: bytes, as: UTF8.self)
}

@Suite("The demo shop")
struct DemoShopTests {
    @Test func `the home page shows every product`() {
        let page = text(get("/"))
        for product in Product.all {
            #expect(page.contains("href=\"/product/\(product.sku)\""))
            #expect(page.contains(HTML.escaped(product.name)))
            #expect(page.contains("src=\"/media/\(product.picture)\""))
        }
    }

    @Test(arguments: Category.all.map(\.name))
    func `a category shows its products and bears their keys`(_ name: String) throws {
        let category = try #require(Category.named(name))
        let answer = get("/category/\(name)")
        #expect(answer.status == 200)
        #expect(category.products.count == 3)
        let keys = try #require(answer.field("Surrogate-Key")).split(separator: " ")
        #expect(keys.prefix(2) == ["category", "category-\(name)"])
        for product in category.products {
            #expect(text(answer).contains(HTML.escaped(product.name)))
            #expect(keys.contains("product-\(product.sku)"))
        }
    }

    @Test(arguments: Product.all.map(\.sku))
    func `a product has a page with its photograph, price and reviews`(_ sku: String) throws {
        let product = try #require(Product.named(sku))
        let answer = get("/product/\(sku)")
        let page = text(answer)
        #expect(answer.status == 200)
        #expect(answer.field("Surrogate-Key") == "product product-\(sku)")
        #expect(page.contains(product.price))
        #expect(page.contains("width=\"\(product.width)\" height=\"\(product.height)\""))
        for review in product.reviews { #expect(page.contains(HTML.escaped(review.text))) }
        let picture = get("/media/\(product.picture)")
        #expect(picture.status == 200)
        #expect(picture.bodyCount > 10_000)
    }

    @Test(arguments: [
        ("/", "public, max-age=0, s-maxage=60", "home "),
        ("/category/table", "public, max-age=0, s-maxage=300", "category category-table "),
        ("/product/TB-101", "public, max-age=0, s-maxage=600", "product product-TB-101"),
        ("/api/products", "public, max-age=10", "api product "),
        ("/api/products/TB-101", "public, max-age=10", "api product product-TB-101"),
        ("/api/stock/TB-101", "public, max-age=2", "stock stock-TB-101 product-TB-101"),
        ("/media/mug.jpg", "public, max-age=86400, s-maxage=2592000", "media media-mug"),
        ("/static/\(Assets.version)/shop.css", "public, max-age=31536000, immutable", "static"),
        ("/static/shop.js", "public, max-age=300", "static"),
        ("/cart", "private, no-store", ""),
        ("/health", "no-store", ""),
        ("/slow", "no-store", ""),
        ("/echo", "no-store", ""),
    ])
    func `each kind says how long it keeps and what it is made of`(
        _ path: String, _ caching: String, _ keys: String
    ) {
        let answer = get(path)
        #expect(answer.status == 200)
        #expect(answer.field("Cache-Control") == caching)
        #expect((answer.field("Surrogate-Key") ?? "").hasPrefix(keys))
        #expect((answer.field("Surrogate-Key") == nil) == keys.isEmpty)
        #expect((answer.field("ETag") == nil) == keys.isEmpty)
        #expect(answer.field("X-Node") == "node-1")
    }

    @Test(arguments: [
        "/nothing", "/product/none", "/category/", "/category/table/", "/media/../x",
        "/static/old/shop.css",
        "/static/x/y/shop.css", "/api", "/api/products/none", "//", "",
    ])
    func `what is not there is a 404`(_ path: String) {
        let answer = get(path)
        #expect(answer.status == 404)
        #expect(answer.field("X-Node") == "node-1")
        #expect(answer.field("ETag") == nil)
    }

    @Test(arguments: [
        "/", "/product/TB-101", "/media/mug.jpg", "/api/products", "/static/shop.css",
    ])
    func `a matching tag is answered 304`(_ path: String) throws {
        let whole = get(path)
        let tag = try #require(whole.field("ETag"))
        for condition in [tag, "\"other\", \(tag)", "*"] {
            let answer = shop.answer(method: "GET", path: path, ifNoneMatch: condition)
            #expect(answer.status == 304)
            #expect(answer.bodyCount == 0)
            #expect(answer.field("ETag") == tag)
            #expect(answer.field("Cache-Control") == whole.field("Cache-Control"))
        }
        #expect(shop.answer(method: "GET", path: path, ifNoneMatch: "\"other\"").status == 200)
    }

    @Test func `nodes differ in their name and not in their tags`() {
        let other = DemoShop(node: "node-2").answer(method: "GET", path: "/")
        #expect(other.field("X-Node") == "node-2")
        #expect(other.field("ETag") == get("/").field("ETag"))
        #expect(text(other).contains("node-2"))
        #expect(!text(other).contains("node-1"))
    }

    @Test func `what a client sends is escaped`() {
        let attack = "%3Cscript%3Ealert(1)%3C/script%3E%22%27%26"
        let found = text(get("/search", query: "q=\(attack)"))
        #expect(!found.contains("<script>alert"))
        #expect(found.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"))
        #expect(!text(get("/<img src=x onerror=y>")).contains("<img src=x"))
        let page = text(DemoShop(node: "<b>").answer(method: "GET", path: "/"))
        #expect(page.contains("&lt;b&gt;"))
        #expect(text(get("/product/ST-302")).contains("&lt;3"))
    }

    @Test func `the cart is a cookie of known articles`() {
        let added = shop.answer(
            method: "POST", path: "/cart", query: "add=TB-102", cookies: "a=b; cart=TB-101.x%0d%0a")
        #expect(added.status == 303)
        #expect(added.field("Location") == "/cart")
        #expect(added.field("Set-Cookie") == "cart=TB-101.TB-102; Path=/; SameSite=Lax")
        let page = text(get("/cart", cookies: "cart=TB-101.TB-102"))
        #expect(page.contains("€82.00"))
        let empty = shop.answer(
            method: "POST", path: "/cart", query: "empty=1", cookies: "cart=TB-101")
        #expect(empty.field("Set-Cookie")?.hasPrefix("cart=; ") == true)
    }

    @Test(arguments: [("ms=250", 250), ("ms=-1", 0), ("ms=999999", 60_000), ("ms=x", 1000)])
    func `slowness is a number and no sleep`(_ query: String, _ wait: Int) {
        #expect(get("/slow", query: query).delayMilliseconds == wait)
    }

    @Test func `other methods are refused`() {
        let answer = shop.answer(method: "DELETE", path: "/product/TB-101")
        #expect(answer.status == 405)
        #expect(answer.field("Allow") == "GET, HEAD")
        #expect(shop.answer(method: "HEAD", path: "/").status == 200)
    }

    @Test func `JSON is well formed`() {
        var bodies = ["/api/products", "/api/stock/LT-201", "/health", "/api/nothing"].map {
            text(get($0))
        }
        bodies += Product.all.map { text(get("/api/products/\($0.sku)")) }
        bodies.append(
            text(
                shop.answer(
                    method: "POST", path: "/echo", query: "a=\"\\",
                    fields: [("X-Forwarded-For", "1.2.3.4"), ("X", "\u{01}\t\"ü")])))
        for body in bodies { #expect(JSONCheck.accepts(body), "\(body)") }
        #expect(bodies.last?.contains(#"["X","\u0001\t\"ü"]"#) == true)
        #expect(!JSONCheck.accepts("{\"a\":}"))
        #expect(!JSONCheck.accepts("{\"a\":\"\u{01}\"}"))
        #expect(!JSONCheck.accepts("[1,2"))
    }

    @Test func `pages close what they open`() {
        let paths = ["/", "/category/light", "/product/LV-401", "/cart", "/nothing"]
        for path in paths {
            let page = text(get(path, cookies: "cart=TB-101"))
            #expect(page.hasPrefix("<!DOCTYPE html>"))
            // Markup that was taken for text.
            #expect(!page.contains("=&quot;") && !page.contains("&lt;"))
            for name in [
                "html", "body", "main", "header", "footer", "ul", "li", "div", "section", "form",
                "p",
            ] {
                let opened = page.pieces(between: "<\(name)>") + page.pieces(between: "<\(name) ")
                #expect(opened == page.pieces(between: "</\(name)>"), "\(name) in \(path)")
            }
            #expect(page.pieces(between: "<img ") == page.pieces(between: " alt=\""))
        }
    }
}

extension String {
    /// How often `needle` stands in it.
    fileprivate func pieces(between needle: String) -> Int {
        var rest = self[...]
        var count = 0
        while let found = rest.firstRange(of: needle) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}

@Suite("The photographs")
struct PhotographTests {
    @Test func `each product has one, and each is what it says`() throws {
        #expect(Set(Product.all.map(\.picture)) == Set(Photograph.all.keys))
        for (name, photograph) in Photograph.all {
            let bytes = photograph.bytes
            let start = (0..<4).map { bytes[$0] }
            if name.hasSuffix(".png") {
                #expect(photograph.contentType == "image/png")
                #expect(start == [0x89, 0x50, 0x4E, 0x47])
            } else {
                #expect(photograph.contentType == "image/jpeg")
                #expect(start.prefix(3) == [0xFF, 0xD8, 0xFF])
                #expect(bytes[bytes.count - 2] == 0xFF && bytes[bytes.count - 1] == 0xD9)
            }
        }
        #expect(Set(Photograph.all.values.map(\.tag)).count == Photograph.all.count)
    }
}
