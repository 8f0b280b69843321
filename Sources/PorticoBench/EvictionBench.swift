import Glibc
import PorticoBytes
import PorticoCache
import PorticoHTTP

/// How many of the requests of a Zipf trace the memory store answers, against LRU with as many
/// objects: alone, and with a crawler among the visitors that asks for each page once.
/// `swift run -c release PorticoBench zipf`.
struct EvictionBench {
    private static let keys = 1_000_000
    private static let requests = 4_000_000

    func run() {
        for memory in [16, 64, 256] {
            for crawled in [0, 20] { run(memory: memory << 20, crawled: crawled) }
        }
    }

    /// `crawled`: of a hundred requests.
    private func run(memory: Int, crawled: Int) {
        let ledger = PurgeLedger()
        let store = MemoryStore(StoreLimits(memory: memory, maxObject: 1 << 20), ledger: ledger)
        let site = ledger.site(bytes("shop"))
        var zipf = Zipf(Self.keys, exponent: 0.9)
        let trace = (0..<Self.requests).map { index in
            Int(zipf.random() % 100) < crawled ? Self.keys + index : zipf.next()
        }
        var hits = 0
        for number in trace where !ask(number, store, ledger, site) { hits += 1 }
        hits = trace.count - hits
        var lru = LRU(capacity: max(1, store.usage.objects))
        var lruHits = 0
        for number in trace where lru.ask(number) { lruHits += 1 }
        print(
            "\(memory >> 20) MiB (\(store.usage.objects) objects), \(crawled) % crawled:"
                + " \(percent(hits)), LRU \(percent(lruHits))")
    }

    private func percent(_ hits: Int) -> String {
        let tenths = hits * 1000 / Self.requests
        return "\(tenths / 10).\(tenths % 10) %"
    }

    private func ask(
        _ number: Int, _ store: MemoryStore, _ ledger: PurgeLedger, _ site: PurgeSite
    ) -> Bool {
        let key = bytes("s\nshop.example\n/\(number)\n")
        let hash = store.hash(key.span)
        if store.lookUp(key.span, hash) != nil { return true }
        guard var writer = store.makeBody(expecting: 1000) else { return false }
        _ = writer.append(Self.block.span)
        let body = writer.body
        writer.finish()
        store.insert(
            StoredResponse(
                store, key: key.span, hash: hash,
                selector: Variant(vary: VaryNames(names: []), values: [], date: 0),
                head: ResponseHead(),
                rules: StoredRules(born: 0, freshUntil: 60_000, date: 0, lifetime: 60),
                stamp: ledger.stamp(since: ledger.now, of: site), body: body))
        return false
    }

    private static let block = [UInt8](repeating: 0x78, count: 1000)
}

/// Ranks 0, 1, 2 … with weights 1 / (rank + 1)^exponent, by looking a number up in their sums.
private struct Zipf {
    private var sums: [Double]
    private var state: UInt64 = 88_172_645_463_325_252

    init(_ count: Int, exponent: Double) {
        sums = []
        var sum = 0.0
        for rank in 1...count {
            sum += pow(Double(rank), -exponent)
            sums.append(sum)
        }
    }

    /// xorshift64: the same trace each time.
    mutating func random() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state >> 11
    }

    mutating func next() -> Int {
        let wanted = Double(random()) / Double(1 << 53) * (sums.last ?? 0)
        var low = 0
        var high = sums.count - 1
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Least recently used goes first: a list through two arrays.
private struct LRU {
    private var places: [Int: Int] = [:]
    private var keys: [Int]
    private var newer: [Int]
    private var older: [Int]
    private var newest = -1
    private var oldest = -1
    private var used = 0

    init(capacity: Int) {
        keys = Array(repeating: 0, count: capacity)
        newer = Array(repeating: -1, count: capacity)
        older = Array(repeating: -1, count: capacity)
    }

    mutating func ask(_ key: Int) -> Bool {
        if let place = places[key] {
            unlink(place)
            link(place)
            return true
        }
        var place = used
        if used < keys.count {
            used += 1
        } else {
            place = oldest
            unlink(place)
            places[keys[place]] = nil
        }
        keys[place] = key
        places[key] = place
        link(place)
        return false
    }

    private mutating func unlink(_ place: Int) {
        if newer[place] >= 0 { older[newer[place]] = older[place] } else { newest = older[place] }
        if older[place] >= 0 { newer[older[place]] = newer[place] } else { oldest = newer[place] }
    }

    private mutating func link(_ place: Int) {
        newer[place] = -1
        older[place] = newest
        if newest >= 0 { newer[newest] = place } else { oldest = place }
        newest = place
    }
}
