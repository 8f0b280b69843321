import Glibc
import PorticoBytes
import PorticoCache
import PorticoHTTP

/// The cache at its size: a million objects of 1 kB with 20 tags each; resident memory against
/// the budget under churn. Only when asked for: `swift run -c release PorticoBench cache` or `… churn`.
struct CacheBench {
    private let count: Int
    private let ledger = PurgeLedger(maxMarks: 1 << 23)
    private let store: MemoryStore
    private let site: PurgeSite
    private let clock = ContinuousClock()

    init(count: Int, memory: Int) {
        self.count = count
        store = MemoryStore(StoreLimits(memory: memory, maxObject: 8 << 20), ledger: ledger)
        site = ledger.site(bytes("shop"))
    }

    func runAtSize() {
        let before = resident()
        time("store an object of 1 kB with 20 tags", count) {
            for index in 0..<count {
                put(key(index), size: 1000, tags: index)
            }
        }
        let usage = store.usage
        print("  \(usage)")
        let taken = resident() - before
        print("  resident \(taken / count) bytes an object; metered \(metered / count),")
        print("  of them index \(usage.indexBytes / count), tags and URLs \(ledger.bytes / count)")

        let names = (0..<1000).map { key($0 * 997 % count) }
        var sum = 0
        func look() {
            for name in names {
                let hash = store.hash(name.span)
                if let found = store.lookUp(name.span, hash) { sum += found.response.body.length }
            }
        }
        look()
        time("find an object (warm)", 1000 * 1000) { for _ in 0..<1000 { look() } }
        let name = names[0]
        guard let response = store.lookUp(name.span, store.hash(name.span))?.response else {
            return
        }
        time("purge check of a hit", 10_000_000) {
            for _ in 0..<10_000_000 {
                if ledger.verdict(on: response.stamp) == .untouched { sum += 1 }
            }
        }
        time("purge check after a purge, 22 marks", 100_000) {
            for _ in 0..<100_000 {
                _ = ledger.purge(.tags([bytes("nobody")]), of: site, .hard)
                if ledger.verdict(on: response.stamp) == .untouched { sum += 1 }
            }
        }
        time("purge of a tag of 1 object", 1) {
            _ = ledger.purge(.tags([bytes("p4711")]), of: site, .hard)
        }
        time("purge of a tag of \(count / 10) objects", 1) {
            _ = ledger.purge(.tags([bytes("tenth3")]), of: site, .hard)
        }
        time("purge of a prefix", 1) {
            _ = ledger.purge(.prefix(bytes("shop.example/product/77")), of: site, .hard)
        }
        time("sweep of everything", 1) { print("  \(store.sweep(budget: count * 4))") }
        if sum == 0 { print("nothing was measured") }
    }

    /// Objects of all sizes come and go; the mix changes every round.
    func churn() {
        let before = resident()
        var generator = SystemRandomNumberGenerator()
        var index = 0
        for round in 0..<12 {
            var bytes = 0
            while bytes < 2 * store.limits.memory {
                let size: Int
                switch (round + Int.random(in: 0..<3, using: &generator)) % 4 {
                case 0: size = Int.random(in: 100..<1500, using: &generator)
                case 1: size = Int.random(in: 1000..<20_000, using: &generator)
                case 2: size = Int.random(in: 10_000..<200_000, using: &generator)
                default: size = Int.random(in: 100..<2_000_000, using: &generator)
                }
                put(key(index), size: size, tags: index)
                let asked = key(index - Int.random(in: 0..<2000, using: &generator))
                _ = store.lookUp(asked.span, store.hash(asked.span))
                index += 1
                bytes += size
            }
            let taken = resident() - before
            print(
                "  round \(round): resident \(taken >> 20) MiB, metered \(metered >> 20),"
                    + " budget \(store.limits.memory >> 20),"
                    + " \(taken * 100 / store.limits.memory) %")
        }
    }

    private var metered: Int { store.meter.bytes + ledger.bytes }

    private func key(_ index: Int) -> [UInt8] {
        bytes("https shop.example/product/\(index)-a-name-of-some-length.html")
    }

    private func put(_ key: [UInt8], size: Int, tags index: Int) {
        var stamp = ledger.stamp(since: ledger.now, of: site)
        stamp.add(url: key.span.extracting(6...))
        stamp.add(host: bytes("shop.example").span)
        stamp.add(tag: bytes("p\(index)").span)
        stamp.add(tag: bytes("tenth\(index % 10)").span)
        for tag in 0..<18 {
            stamp.add(tag: bytes("c\((index &* 31 &+ tag &* 7919) % 100_000)").span)
        }
        guard var writer = store.makeBody(expecting: size) else { return }
        _ = writer.append(Self.block.span.extracting(..<size))
        let body = writer.body
        writer.finish()
        store.insert(
            StoredResponse(
                store, key: key.span, hash: store.hash(key.span),
                selector: Variant(vary: VaryNames(names: []), values: [], date: 0),
                head: Self.head,
                rules: StoredRules(born: 0, freshUntil: 60_000, date: 0, lifetime: 60),
                stamp: stamp, body: body))
    }

    private func time(_ name: String, _ rounds: Int, _ body: () -> Void) {
        let spent = clock.measure(body)
        let tenths = spent.nanoseconds * 10 / UInt64(rounds)
        print("\(name): \(tenths / 10).\(tenths % 10) ns")
    }

    private static let block = [UInt8](repeating: 0x78, count: 2_000_000)
    private static let head: ResponseHead = {
        var head = ResponseHead()
        head.fields.append(.contentType, "text/html; charset=utf-8")
        head.fields.append(.cacheControl, "public, max-age=3600")
        head.fields.append(.etag, "\"5f3a-17\"")
        head.fields.append(.lastModified, "Sun, 06 Nov 1994 08:49:37 GMT")
        return head
    }()
}

/// Resident bytes of this process (proc_pid_statm(5)).
func resident() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { unsafe fclose(file) }
    var text = [CChar](repeating: 0, count: 128)
    _ = unsafe fread(&text, 1, 127, file)
    let fields = text.prefix { $0 != 0 }.split(separator: 0x20)
    guard fields.count > 1 else { return 0 }
    return fields[1].reduce(0) { $0 * 10 + Int($1 - 0x30) } * 4096
}
