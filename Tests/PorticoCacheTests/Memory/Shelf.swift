import PorticoBytes
import PorticoHTTP

@testable import PorticoCache

/// A store with its ledger, and short words to fill and ask it.
final class Shelf: Sendable {
    let ledger: PurgeLedger
    let store: MemoryStore
    let site: PurgeSite

    init(memory: Int = 64 << 20, maxObject: Int = 16 << 20, maxVariants: Int = 64) {
        ledger = PurgeLedger(maxMarks: 1 << 20, hasher: KeyHasher(seed: (1, 2)))
        store = MemoryStore(
            StoreLimits(memory: memory, maxObject: maxObject, maxVariants: maxVariants),
            ledger: ledger, hasher: KeyHasher(seed: (3, 4)))
        site = ledger.site(bytes("shop"))
    }

    /// A complete response; the body's bytes are all the same.
    func make(
        _ key: String, variant: String = "", tags: String = "", size: Int = 10, fill: UInt8 = 0,
        since fence: UInt64? = nil
    ) -> StoredResponse {
        var writer = BodyWriter(store, expecting: size)
        _ = writer.append(Array(repeating: fill, count: size).span)
        let body = writer.body
        writer.finish()
        return make(key, variant: variant, tags: tags, body: body, since: fence)
    }

    func make(
        _ key: String, variant: String = "", tags: String = "", body: GrowingBody,
        version: Int64 = 0, since fence: UInt64? = nil
    ) -> StoredResponse {
        var stamp = ledger.stamp(since: fence ?? ledger.now, of: site)
        stamp.add(url: bytes(key).span)
        stamp.add(tagList: bytes(tags).span)
        var head = ResponseHead()
        head.fields.append(.contentType, "text/plain")
        let key = bytes(key)
        return StoredResponse(
            store, key: key.span, hash: store.hash(key.span),
            selector: Variant(vary: VaryNames(names: []), values: bytes(variant), date: 0),
            head: head,
            rules: StoredRules(born: 0, freshUntil: 1000, date: version, lifetime: 1000),
            stamp: stamp, body: body)
    }

    @discardableResult
    func put(
        _ key: String, variant: String = "", tags: String = "", size: Int = 10, fill: UInt8 = 0,
        since fence: UInt64? = nil
    ) -> Bool {
        store.insert(
            make(key, variant: variant, tags: tags, size: size, fill: fill, since: fence))
    }

    /// What the origin answered at this version.
    func put(_ version: UInt64, _ key: String, _ tag: String, since fence: UInt64) {
        let writer = BodyWriter(store, expecting: 0)
        let body = writer.body
        writer.finish()
        store.insert(make(key, tags: tag, body: body, version: Int64(version), since: fence))
    }

    func find(_ key: String, variant: String? = nil) -> FoundResponse? {
        let key = bytes(key)
        return store.lookUp(key.span, store.hash(key.span)) { response in
            variant.map { response.variant.equals(bytes($0).span) } ?? true
        }
    }

    func verdict(_ key: String) -> PurgeVerdict { find(key)?.verdict ?? .gone }

    @discardableResult
    func purge(_ tag: String, _ depth: PurgeDepth = .hard) -> PurgeReceipt {
        ledger.purge(.tags([bytes(tag)]), of: site, depth)
    }
}

extension StoredResponse {
    var name: String { key.text }
    var variantName: String { variant.text }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// All that a reader finds from `position` on, and how it ended.
func readAll(
    _ body: GrowingBody, from position: Int = 0, atMost limit: Int = .max
) -> ([UInt8], BodyProgress)? {
    guard var reader = body.reader(from: position) else { return nil }
    var all: [UInt8] = []
    while true {
        let progress = reader.read(upTo: limit) { span in
            all += span.array
            return span.count
        }
        if case .moved = progress { continue }
        return (all, progress)
    }
}

/// The same numbers in every run.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
