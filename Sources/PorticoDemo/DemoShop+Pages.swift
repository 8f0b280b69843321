extension DemoShop {
    func home() -> DemoAnswer {
        let shelves = Category.all.enumerated().map { index, category -> HTML in
            // What is seen first is not fetched last.
            let cards = category.products.map { card($0, lazily: index > 0) }
            return """
                <section aria-labelledby="\(category.name)">
                <h2 id="\(category.name)"><a href="/category/\(category.name)">\(category.title)</a></h2>
                <ul class="grid">\(cards)</ul>
                </section>

                """
        }
        return shown(
            200, title: "Things for the house",
            """
            <h1>Things for the house</h1>
            <p class="lead">Twelve pieces made slowly, by people who sign them. This shop is Portico's
            demo: three nodes serve it, and one front door stands before them.</p>
            \(shelves)
            """,
            caching: "public, max-age=0, s-maxage=60",
            keys: "home " + keys(of: Product.all))
    }

    func page(of category: Category) -> DemoAnswer {
        shown(
            200, title: category.title, current: category.name,
            """
            <h1>\(category.title)</h1>
            <p class="lead">\(category.introduction)</p>
            <ul class="grid">\(category.products.map { card($0, lazily: false) })</ul>
            """,
            caching: "public, max-age=0, s-maxage=300",
            keys: "category category-\(category.name) " + keys(of: category.products))
    }

    func page(of product: Product) -> DemoAnswer {
        let reviews = product.reviews.map { review -> HTML in
            """
            <article class="review">
            <p><span class="stars" role="img" aria-label="\(review.stars) of 5 stars">\
            \(String(repeating: "★", count: review.stars))\
            \(String(repeating: "☆", count: 5 - review.stars))</span> <strong>\(review.author)</strong></p>
            <p>\(review.text)</p>
            </article>

            """
        }
        return shown(
            200, title: product.name, current: product.category,
            """
            <div class="product">
            \(picture(product, sizes: "(max-width: 46rem) 92vw, 40rem", lazily: false))
            <div>
            <h1>\(product.name)</h1>
            <p class="lead">\(product.summary)</p>
            <p class="price">\(product.price)</p>
            <p data-stock="\(product.sku)" aria-live="polite"></p>
            <form method="post" action="/cart?add=\(product.sku)"><button>Add to cart</button></form>
            <p>\(product.description)</p>
            <ul>\(product.facts.map { fact -> HTML in "<li>\(fact)</li>" })</ul>
            <p>Article \(product.sku)</p>
            </div>
            </div>
            <section aria-labelledby="reviews">
            <h2 id="reviews">What others say</h2>
            \(reviews)
            </section>
            """,
            caching: "public, max-age=0, s-maxage=600",
            keys: "product product-\(product.sku)")
    }

    func search(_ words: String) -> DemoAnswer {
        let wanted = words.lowercased().split(separator: " ")
        let found = Product.all.filter { product in
            let text = "\(product.name) \(product.summary) \(product.category)".lowercased()
            return !wanted.isEmpty && wanted.allSatisfy { text.contains($0) }
        }
        return shown(
            200, title: "Search",
            """
            <h1>Search</h1>
            <p class="lead">\(found.count) \(found.count == 1 ? "piece" : "pieces") for “\(words)”.</p>
            <ul class="grid">\(found.map { card($0, lazily: true) })</ul>
            """,
            caching: "public, max-age=0, s-maxage=60", keys: "search " + keys(of: found))
    }

    /// The cart lives in a cookie: article numbers joined by full stops. Unknown ones are passed over, so
    /// nothing that a client invents is shown or kept.
    func cart(method: String, query: String?, cookies: String?) -> DemoAnswer {
        var items = (Query.cookie("cart", in: cookies) ?? "").split(separator: ".")
            .compactMap { Product.named(String($0)) }.prefix(50)
        if method == "POST" {
            if let sku = Query.value(of: "add", in: query), let product = Product.named(sku) {
                items.append(product)
            } else if Query.value(of: "empty", in: query) != nil {
                items = []
            }
            let value = items.prefix(50).map(\.sku).joined(separator: ".")
            return plain(303, "See /cart\n")
                .adding("Location", "/cart")
                .adding("Set-Cookie", "cart=\(value); Path=/; SameSite=Lax")
                .adding("Cache-Control", "private, no-store")
        }
        let rows = items.map { product -> HTML in
            """
            <tr><td><a href="/product/\(product.sku)">\(product.name)</a></td><td>\(product.price)</td></tr>

            """
        }
        let sum = items.reduce(0) { $0 + $1.cents }
        let content: HTML =
            items.isEmpty
            ? "<p>Nothing here yet. <a href=\"/\">Have a look around.</a></p>"
            : """
            <table>
            <thead><tr><th scope="col">Piece</th><th scope="col">Price</th></tr></thead>
            <tbody>\(Array(rows))</tbody>
            <tfoot><tr><th scope="row">Together</th><td>\(Product.price(ofCents: sum))</td></tr></tfoot>
            </table>
            <form method="post" action="/cart?empty=1"><p><button>Empty the cart</button></p></form>
            """
        return shown(
            200, title: "Cart", "<h1>Your cart</h1>\n\(content)", caching: "private, no-store",
            keys: nil)
    }

    func missing(_ path: String) -> DemoAnswer {
        shown(
            404, title: "Not found",
            """
            <h1>Not found</h1>
            <p class="lead">There is nothing at <code>\(path)</code>. <a href="/">Back to the shop</a></p>
            """,
            caching: "public, max-age=5", keys: nil)
    }

    // MARK: - Parts of pages

    private func keys(of products: [Product]) -> String {
        products.map { "product-\($0.sku)" }.joined(separator: " ")
    }

    private func card(_ product: Product, lazily: Bool) -> HTML {
        """
        <li class="card">
        \(picture(product, sizes: "(max-width: 40rem) 92vw, 22rem", lazily: lazily))
        <div><h3><a href="/product/\(product.sku)">\(product.name)</a></h3>
        <p>\(product.summary)</p>
        <p class="price">\(product.price)</p></div>
        </li>

        """
    }

    /// The widths in `srcset` are asked of the front door; an origin alone sends its one file.
    private func picture(_ product: Product, sizes: String, lazily: Bool) -> HTML {
        let path = "/media/\(product.picture)"
        let set =
            [400, 800, 1200].filter { $0 < product.width }.map { "\(path)?width=\($0) \($0)w" }
            + ["\(path) \(product.width)w"]
        return """
            <img\(product.picture.hasSuffix(".png") ? " class=\"cut\"" : "" as HTML) src="\(path)" \
            srcset="\(set.joined(separator: ", "))" sizes="\(sizes)" \
            width="\(product.width)" height="\(product.height)" \
            alt="\(product.alternative)"\(lazily ? " loading=\"lazy\"" : "" as HTML) decoding="async">
            """
    }

    /// A whole page. Its tag is weak and taken without the footer, which names the node: the nodes'
    /// answers mean the same, and a cache may validate with one what it got from another.
    private func shown(
        _ status: UInt16, title: String, current: String? = nil, _ content: HTML, caching: String,
        keys: String?
    ) -> DemoAnswer {
        let links = Category.all.map { category -> HTML in
            """
            <li><a href="/category/\(category.name)"\
            \(category.name == current ? " aria-current=\"true\"" : "" as HTML)>\(category.title)</a></li>
            """
        }
        let assets = "/static/\(Assets.version)"
        let start: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(title) · Colonnade</title>
            <meta name="description" content="Colonnade, the demo shop of Portico.">
            <link rel="icon" href="data:,">
            <link rel="stylesheet" href="\(assets)/shop.css">
            <script src="\(assets)/shop.js" defer></script>
            </head>
            <body>
            <a class="skip" href="#content">Skip to the content</a>
            <header><div class="wrap">
            <a class="brand" href="/">Colonnade</a>
            <nav aria-label="Departments"><ul>\(links)</ul></nav>
            <form class="search" action="/search" role="search">
            <input type="search" name="q" aria-label="Search the shop" placeholder="Search">
            <button>Find</button></form>
            <a class="cartlink" href="/cart" data-cart>Cart</a>
            </div></header>
            <main id="content" class="wrap">
            \(content)
            </main>

            """
        let end: HTML = """
            <footer><div class="wrap">Colonnade is Portico's demo shop; nothing here is for sale. \
            Served by <strong>\(node)</strong>.</div></footer>
            </body>
            </html>

            """
        var answer = DemoAnswer(
            status: status,
            fields: [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", caching)],
            body: .bytes(Array((start.text + end.text).utf8)))
        if let keys { answer.fields.append(("Surrogate-Key", keys)) }
        if status == 200, keys != nil {
            answer.fields.append(("ETag", "W/\"\(Digest.of(start.text))\""))
        }
        return answer
    }
}
