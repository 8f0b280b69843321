extension DemoShop {
    /// `/api/…`, the path after it taken apart.
    func api(_ steps: [String]) -> DemoAnswer {
        switch (steps.first, steps.count) {
        case ("products", 1):
            let keys = Product.all.map { "product-\($0.sku)" }.joined(separator: " ")
            return cached(
                .object([("products", .list(Product.all.map(summary)))]), seconds: 10,
                keys: "api product \(keys)")
        case ("products", 2):
            guard let product = Product.named(steps[1]) else { return unknown }
            return cached(
                details(product), seconds: 10, keys: "api product product-\(product.sku)")
        case ("stock", 2):
            guard let product = Product.named(steps[1]) else { return unknown }
            return cached(
                .object([
                    ("sku", .string(product.sku)), ("quantity", .number(product.stock)),
                    ("available", .flag(product.stock > 0)),
                ]), seconds: 2, keys: "stock stock-\(product.sku) product-\(product.sku)")
        default: return unknown
        }
    }

    private var unknown: DemoAnswer {
        json(404, .object([("error", .string("not found"))]))
            .adding("Cache-Control", "public, max-age=5")
    }

    private func cached(_ value: JSON, seconds: Int, keys: String) -> DemoAnswer {
        json(200, value)
            .adding("Cache-Control", "public, max-age=\(seconds)")
            .adding("Surrogate-Key", keys)
            .adding("ETag", "\"\(Digest.of(value.text))\"")
    }

    private func members(_ product: Product) -> [(String, JSON)] {
        [
            ("sku", .string(product.sku)), ("name", .string(product.name)),
            ("category", .string(product.category)), ("price_cents", .number(product.cents)),
            ("currency", .string("EUR")), ("summary", .string(product.summary)),
            ("url", .string("/product/\(product.sku)")),
            ("image", .string("/media/\(product.picture)")),
        ]
    }

    private func summary(_ product: Product) -> JSON { .object(members(product)) }

    private func details(_ product: Product) -> JSON {
        let reviews = product.reviews.map { review in
            JSON.object([
                ("author", .string(review.author)), ("stars", .number(review.stars)),
                ("text", .string(review.text)),
            ])
        }
        return .object(
            members(product) + [
                ("description", .string(product.description)),
                ("facts", .list(product.facts.map(JSON.string))),
                ("reviews", .list(reviews)),
            ])
    }
}
