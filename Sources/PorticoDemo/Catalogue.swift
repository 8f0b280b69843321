extension Product {
    /// The whole assortment, in the order of the home page.
    package static let all: [Product] = [
        Product(
            sku: "TB-101", name: "Tidewater mug", category: "table", cents: 2400,
            summary: "Speckled stoneware, dipped in a sea-blue glaze.",
            description: """
                Thrown by hand and fired twice. The lower half is dipped in a blue glaze that runs a \
                little differently on every piece; the foot is left bare and polished smooth.
                """,
            facts: ["Holds 350 ml", "Stoneware, lead-free glaze", "Dishwasher and microwave safe"],
            picture: "mug.jpg", width: 1600, height: 1200,
            alternative: "A speckled cream mug whose lower half is glazed blue",
            reviews: [
                Review(author: "Ines M.", stars: 5, text: "Keeps tea hot and fits the hand."),
                Review(
                    author: "Tom", stars: 4, text: "Lovely glaze; a touch heavier than I thought."),
            ]),
        Product(
            sku: "TB-102", name: "Harvest bowl", category: "table", cents: 5800,
            summary: "Turned from one piece of chestnut, oiled.",
            description: """
                A wide bowl for fruit, bread or salad. The wood is turned green, dried for half a year \
                and turned again, so that it stays round.
                """,
            facts: ["26 cm across", "Chestnut, food-safe oil", "Fruit not included"],
            picture: "bowl.jpg", width: 1600, height: 1200,
            alternative: "A wooden bowl with oranges and a lemon",
            reviews: [
                Review(
                    author: "Akiko", stars: 5, text: "The grain is even better than in the picture."
                ),
                Review(
                    author: "R. & J.", stars: 5, text: "A wedding present that gets used daily."),
            ]),
        Product(
            sku: "TB-103", name: "Fern carafe & tumbler", category: "table", cents: 4200,
            summary: "Green glass, mouth-blown, one litre.",
            description: """
                Blown into a wooden mould from recycled glass, whose iron gives it the colour. Small \
                bubbles are a sign of the hand and not a fault.
                """,
            facts: ["Carafe 1 l, tumbler 250 ml", "Recycled soda-lime glass", "Wash by hand"],
            picture: "carafe.jpg", width: 1000, height: 1000,
            alternative: "A green glass carafe beside a matching tumbler",
            reviews: [
                Review(author: "Paul", stars: 4, text: "Pours without dripping. I'd like a lid."),
                Review(author: "Noor", stars: 5, text: "The light on the table behind it!"),
            ]),
        Product(
            sku: "LT-201", name: "Evening lamp", category: "light", cents: 14900,
            summary: "A glazed foot, a linen shade, a warm circle of light.",
            description: """
                A table lamp for reading and for corners. The foot is cast, glazed in dark green and set \
                on spun brass; the shade is linen on a steel frame.
                """,
            facts: ["45 cm high", "E27, up to 9 W LED", "Switch on the cable"],
            picture: "lamp.jpg", width: 1000, height: 1000,
            alternative: "A lit table lamp with a green foot and a linen shade",
            reviews: [
                Review(author: "Marta", stars: 5, text: "Makes the whole room calmer."),
                Review(author: "Leo", stars: 4, text: "Nice, but check the bulb's length."),
            ]),
        Product(
            sku: "LT-202", name: "Brass candlestick", category: "light", cents: 3600,
            summary: "Turned brass with a broad dish that catches the wax.",
            description: """
                Turned from solid bar on a lathe that is older than the turner. It is not lacquered, and \
                darkens with the years; a cloth brings the shine back.
                """,
            facts: ["12 cm high without candle", "Solid brass", "For candles of 50 mm"],
            picture: "candle.jpg", width: 1000, height: 1000,
            alternative: "A burning candle on a brass candlestick in a dark room",
            reviews: [
                Review(author: "Sofie", stars: 5, text: "Heavy enough to stand through a dinner."),
                Review(author: "Hal", stars: 5, text: "Bought one, came back for two more."),
            ]),
        Product(
            sku: "LT-203", name: "Moon lantern", category: "light", cents: 18900,
            summary: "An opal globe that swings in a brass hoop.",
            description: """
                The globe hangs between two pins and can be turned and tilted. Its glass has three \
                layers, so that the light leaves it evenly and no bulb is seen.
                """,
            facts: ["24 cm high", "Opal glass, brass", "Dimmable, 2 700 K"],
            picture: "globe.jpg", width: 1000, height: 1000,
            alternative: "A glowing opal globe held by a brass hoop on a round foot",
            reviews: [
                Review(author: "Yusuf", stars: 5, text: "Our son calls it the pet moon."),
                Review(author: "Clara", stars: 4, text: "Beautiful; the dimmer is a bit stiff."),
            ]),
        Product(
            sku: "ST-301", name: "Quarter-hour clock", category: "study", cents: 12900,
            summary: "A walnut drum on three brass feet; silent.",
            description: """
                The hands sweep and do not tick. Long strokes mark the quarters, so that the time is read \
                from across the room.
                """,
            facts: ["22 cm across", "Walnut, brass, enamelled face", "One AA cell, two years"],
            picture: "clock.png", width: 640, height: 640,
            alternative: "A round table clock with a cream face and a brass rim",
            reviews: [
                Review(
                    author: "Wim", stars: 5, text: "Really silent. I checked twice that it runs."),
                Review(author: "Dana", stars: 4, text: "Handsome. No alarm, which I knew."),
            ]),
        Product(
            sku: "ST-302", name: "Five clothbound classics", category: "study", cents: 8900,
            summary: "Sewn, bound in cloth, blocked in gold.",
            description: """
                Five novels that bear reading twice, sewn in sections so that they stay open on the table. \
                Each has a ribbon in the colour of its cloth.
                """,
            facts: ["Five volumes, 2 140 pages", "Acid-free paper", "Sewn binding"],
            picture: "books.jpg", width: 1600, height: 1200,
            alternative: "A stack of five clothbound books in yellow, green, cream, red and blue",
            reviews: [
                Review(author: "Prof. B.", stars: 5, text: "\"Sewn\" means sewn here. <3"),
                Review(author: "Gita", stars: 4, text: "Good paper, small margins."),
            ]),
        Product(
            sku: "ST-303", name: "Ribbon paperweight", category: "study", cents: 6400,
            summary: "Three ribbons of colour around a pearl, in clear glass.",
            description: """
                The ribbons are drawn, twisted and laid around the pearl while hot, and then gathered in \
                clear glass. The flat base is ground and polished.
                """,
            facts: ["8 cm across, 740 g", "Lead-free crystal", "Each one numbered"],
            picture: "paperweight.jpg", width: 1000, height: 1000,
            alternative: "A glass sphere in which red, yellow and blue ribbons wind around a pearl",
            reviews: [
                Review(author: "Emil", stars: 5, text: "I look into it more than at my screen."),
                Review(author: "Ana", stars: 5, text: "Holds paper, too."),
            ]),
        Product(
            sku: "LV-401", name: "Fluted vase", category: "living", cents: 7200,
            summary: "White porcelain with thirty-four flutes.",
            description: """
                Cast in porcelain and fluted by hand before the first firing; the inside is glazed and \
                holds water. Shown with dried poppies.
                """,
            facts: ["26 cm high", "Porcelain", "Dried poppies: a separate bunch"],
            picture: "vase.jpg", width: 1200, height: 1600,
            alternative: "A white fluted vase with three dried poppy heads",
            reviews: [
                Review(author: "Lotte", stars: 5, text: "The shadows wander over it all day."),
                Review(author: "Kofi", stars: 4, text: "Neck is narrow: three stems, not ten."),
            ]),
        Product(
            sku: "LV-402", name: "Workshop stool", category: "living", cents: 16500,
            summary: "Three oak legs, one brass ring, no wobble.",
            description: """
                Three legs stand on any floor. The seat is hollowed a little, glued from oak boards; the \
                ring holds the legs and the heels.
                """,
            facts: ["46 cm high", "Oak, brass", "Carries 150 kg"],
            picture: "stool.png", width: 640, height: 640,
            alternative: "A three-legged wooden stool with a brass ring between its legs",
            reviews: [
                Review(author: "Bo", stars: 5, text: "Seat, side table, ladder."),
                Review(author: "Irene", stars: 5, text: "Stands still on our old tiles."),
            ]),
        Product(
            sku: "LV-403", name: "Saddler's ball", category: "living", cents: 9800,
            summary: "Eight panels of leather, stitched by hand.",
            description: """
                Half a toy and half a footrest. The panels are cut from vegetable-tanned hide in two \
                colours and closed with waxed linen thread.
                """,
            facts: ["40 cm across", "Leather, wool filling", "Not for football"],
            picture: "ball.jpg", width: 1200, height: 1200,
            alternative: "A leather ball with tan and cream panels",
            reviews: [
                Review(author: "Nils", stars: 4, text: "The dog agrees that it is a ball."),
                Review(author: "Tess", stars: 5, text: "Smells like a saddlery."),
            ]),
    ]

    package static func named(_ sku: String) -> Product? { all.first { $0.sku == sku } }
}
