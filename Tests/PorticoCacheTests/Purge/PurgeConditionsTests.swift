import PorticoBytes
import Testing

@testable import PorticoCache

@Suite("Purges with several conditions")
struct PurgeConditionsTests {
    private static let conditions: [PurgeTarget] = [
        .tags([bytes("p1"), bytes("p2")]),
        .urlPattern(PurgePattern.text(host: bytes("^shop$"), url: bytes("^/de/"))),
        .pattern(bytes("\ncontent-type\n^text/")),
    ]

    private static func words(
        _ url: String = "shop/de/a", _ tags: [String] = ["p1"], type: String = "text/html"
    ) -> PurgeWords {
        PurgeWords(
            site: [], url: bytes(url), host: bytes("shop"),
            tags: tags.map { bytes($0) } + [bytes("content-type\n" + type)])
    }

    @Test func `an object meets all of them, or is not meant`() {
        let matches = PurgeTarget.allOf(Self.conditions).matcher
        #expect(matches(Self.words()))
        #expect(matches(Self.words("shop/de/b", ["x", "p2"])))
        #expect(!matches(Self.words("shop/en/a")))
        #expect(!matches(Self.words("other/de/a")))
        #expect(!matches(Self.words("shop/de/a", ["p3"])))
        #expect(!matches(Self.words(type: "image/png")))
    }

    @Test func `the journal gives back what it was given`() {
        let target = PurgeTarget.allOf(
            Self.conditions + [
                .url(bytes("shop/a")), .host(bytes("shop")), .prefix(bytes("shop/")),
                .allOf([.everything]),
            ])
        let records = target.records(of: bytes("s"), .hard, number: 7, at: 8)
        #expect(records.count == 1 && records.first?.target == target)
        let encoded = records[0].key
        for cut in 1..<encoded.count {
            // Whole conditions may be left, and are met by more; everything is met by all.
            switch PurgeTarget.decoded(encoded.span.extracting(..<cut)) {
            case .everything: continue
            case .allOf(let targets): #expect(targets.count < 7)
            default: Issue.record("neither")
            }
        }
    }

    private func purge(_ shelf: Shelf, _ target: PurgeTarget) -> PurgeReceipt {
        shelf.store.purge(surveying: target, of: shelf.site, .hard) { response in
            PurgeWords(
                site: [], url: response.key.array, host: [],
                tags: [bytes("p1"), bytes("p2")].filter {
                    shelf.ledger.carries($0.span, response.stamp)
                })
        }
    }

    @Test func `only what meets all conditions goes`() {
        let shelf = Shelf()
        shelf.put("shop/de/a", tags: "p1")
        shelf.put("shop/en/a", tags: "p1")
        shelf.put("shop/de/b", tags: "p2")
        let target = PurgeTarget.allOf([.tags([bytes("p1")]), .prefix(bytes("shop/de/"))])
        #expect(purge(shelf, target).count == 1)
        #expect(shelf.find("shop/de/a") == nil)
        #expect(shelf.verdict("shop/en/a") == .untouched)
        #expect(shelf.verdict("shop/de/b") == .untouched)
    }

    @Test func `what is being fetched meanwhile is not stored`() {
        let shelf = Shelf()
        let before = shelf.ledger.now
        _ = purge(shelf, .allOf([.tags([bytes("p1")]), .prefix(bytes("shop/de/"))]))
        #expect(!shelf.put("shop/de/a", tags: "p1", since: before))
        #expect(!shelf.put("shop/en/a", tags: "p9", since: before))
        #expect(shelf.put("shop/de/a", tags: "p1"))
    }

    @Test func `what was seen and let be may be made into others`() {
        let shelf = Shelf()
        let original = shelf.make("shop/en/a", tags: "p1")
        shelf.store.insert(original)
        _ = purge(shelf, .allOf([.tags([bytes("p1")]), .prefix(bytes("shop/de/"))]))
        let seen = original.stamp.renewed(since: original.stamp.fence)
        let isSeen = shelf.ledger.isSurveyed(seen)
        #expect(isSeen)
        let unseen = shelf.ledger.stamp(since: original.stamp.fence, of: shelf.site)
        let isUnseen = !shelf.ledger.isSurveyed(unseen)
        #expect(isUnseen)
    }

    @Test func `a site's purge leaves other sites alone`() {
        let shelf = Shelf()
        shelf.put("shop/de/a", tags: "p1")
        let other = shelf.ledger.site(bytes("other"))
        let receipt = shelf.store.purge(surveying: .allOf([.everything]), of: other, .hard) { _ in
            Self.words()
        }
        #expect(receipt.count == 0 && shelf.verdict("shop/de/a") == .untouched)
    }
}
