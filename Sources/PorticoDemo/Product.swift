/// Something that the shop sells.
package struct Product: Sendable {
    package struct Review: Sendable {
        package let author: String
        /// From 1 to 5.
        package let stars: Int
        package let text: String
    }

    package let sku: String
    package let name: String
    /// The name of its `Category`.
    package let category: String
    package let cents: Int
    package let summary: String
    package let description: String
    package let facts: [String]
    /// The photograph's file, its size as seen (after the EXIF orientation), and what it shows.
    package let picture: String
    package let width: Int, height: Int
    package let alternative: String
    package let reviews: [Review]

    /// `€24.00`.
    package var price: String { Product.price(ofCents: cents) }

    static func price(ofCents cents: Int) -> String {
        let rest = cents % 100
        return "€\(cents / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    /// How many are on the shelf. The demo sells nothing, so that it never changes.
    package var stock: Int {
        var sum = 0
        for byte in sku.utf8 { sum = (sum &* 31 &+ Int(byte)) % 97 }
        return sum % 40
    }
}

package struct Category: Sendable {
    package let name: String
    package let title: String
    package let introduction: String

    package static let all = [
        Category(
            name: "table", title: "At the table",
            introduction: "Stoneware, wood and glass for every day, made to be used and washed."),
        Category(
            name: "light", title: "Light",
            introduction: "Lamps and candles for the hours after the sun has gone."),
        Category(
            name: "study", title: "Study",
            introduction: "What belongs on a desk once the work is done."),
        Category(
            name: "living", title: "Living",
            introduction: "Pieces for the room in which people sit together."),
    ]

    package static func named(_ name: String) -> Category? { all.first { $0.name == name } }

    package var products: [Product] { Product.all.filter { $0.category == name } }
}
