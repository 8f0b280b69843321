internal import PorticoBytes
internal import Synchronization

package struct StoreLimits: Equatable, Sendable {
    /// For heads, bodies and index together.
    package var memory: Int
    /// Larger bodies pass through. At most half of the memory counts.
    package var maxObject: Int
    /// Variants of one key; the oldest goes first.
    package var maxVariants = 64

    package init(memory: Int, maxObject: Int, maxVariants: Int = 64) {
        self.memory = memory
        self.maxObject = min(maxObject, memory / 2)
        self.maxVariants = maxVariants
    }
}

/// A response found, and what purges left of it: never `gone`.
package struct FoundResponse: Sendable {
    package let response: StoredResponse
    package let verdict: PurgeVerdict

    package init(response: StoredResponse, verdict: PurgeVerdict) {
        self.response = response
        self.verdict = verdict
    }
}

package struct StoreUsage: Equatable, Sendable {
    package var objects = 0
    package var bytes = 0
    package var budget = 0
    package var indexBytes = 0
    package var ledgerBytes = 0
    package var evictions = 0
}

/// The responses in memory, shared by all workers.
///
/// A table in shards, each a `Mutex` held for a lookup or an insertion; never two at once, and
/// nothing is deallocated under one. What lives is metered against a hard budget; what has to go
/// is taken from the heavier of two shards, by the shard's own order (`StoreShard`).
package final class MemoryStore: Sendable {
    static let shardCount = 128

    package let limits: StoreLimits
    package let ledger: PurgeLedger
    package let meter: MemoryMeter
    let pool: ChunkPool
    private let hasher: KeyHasher
    private let shards: [StoreShardBox]
    /// Where eviction looks next.
    private let hand = Atomic<Int>(0)
    private let evicted = Atomic<Int>(0)
    private let aside = Atomic<Int>(0)
    /// Where the sweep goes on.
    private let broom = Mutex((shard: 0, node: 0))

    /// `backing`: what large bodies lie in, so that the kernel can send from it.
    package init(
        _ limits: StoreLimits, ledger: PurgeLedger, hasher: KeyHasher = KeyHasher(),
        backing: (any ChunkBacking)? = nil
    ) {
        self.limits = limits
        self.ledger = ledger
        self.hasher = hasher
        meter = MemoryMeter(budget: limits.memory)
        pool = ChunkPool(meter: meter, backing: backing)
        shards = (0..<Self.shardCount).map { _ in StoreShardBox() }
    }

    /// Taken once per request, for the store and the flights.
    package func hash(_ key: Span<UInt8>) -> KeyHash { hasher(key) }

    private func shard(_ hash: KeyHash) -> StoreShardBox {
        shards[Int(hash.high & UInt64(Self.shardCount - 1))]
    }

    // MARK: - Looking up

    /// The newest variant under the key for which `matches` holds (asked with the shard's lock
    /// held: compare, do not compute). What a purge has taken counts as absent, and is removed.
    package func lookUp(
        _ key: Span<UInt8>, _ hash: KeyHash,
        where matches: (StoredResponse) -> Bool = { _ in true }
    ) -> FoundResponse? {
        let box = shard(hash)
        while let response = box.state.withLock({ $0.find(key, hash, where: matches) }) {
            let verdict = ledger.verdict(on: response.stamp)
            if verdict != .gone { return FoundResponse(response: response, verdict: verdict) }
            // An older variant may match as well.
            if !remove(response) { continue }
        }
        return nil
    }

    /// All variants, newest first.
    package func variants(_ key: Span<UInt8>, _ hash: KeyHash) -> [StoredResponse] {
        shard(hash).state.withLock { $0.variants(key, hash) }
    }

    // MARK: - Storing

    /// A writer for the body of what may be stored; nil if it is known to be too large.
    package func makeBody(expecting count: Int?) -> BodyWriter? {
        if let count, count > limits.maxObject { return nil }
        return BodyWriter(self, expecting: count)
    }

    /// A writer for the body of what memory does not keep: those who read it from the start do
    /// so at their own speed.
    package func makePassingBody() -> BodyWriter { BodyWriter(self, expecting: nil) }

    /// Stands for a body of so many bytes on disk.
    package func makeBody(elsewhere count: Int) -> GrowingBody {
        GrowingBody(pool: pool, elsewhere: count)
    }

    /// Makes it the answer for its key and variant. False if it is not stored: its stamp is incomplete
    /// or its resource was changed meanwhile, its body is lost already, or it alone exceeds the budget.
    @discardableResult package func insert(_ response: StoredResponse) -> Bool {
        insert(response, onlyIfAbsent: false)
    }

    /// Takes in what was on disk, unless its key and variant are there already: that is newer.
    package func promote(_ response: StoredResponse) -> Bool {
        insert(response, onlyIfAbsent: true)
    }

    private func insert(_ response: StoredResponse, onlyIfAbsent: Bool) -> Bool {
        guard response.disk == nil, !response.stamp.isIncomplete,
            !response.stamp.isInvalidated, response.body.phase.isReusable
        else { return false }
        let box = shard(response.hash)
        var replaced: [StoredResponse] = []
        let inserted = box.state.withLock { shard -> (Int, Int)? in
            // With the lock held: whoever surveys the shard later sees it.
            if !ledger.isSurveyed(response.stamp) { return nil }
            if onlyIfAbsent,
                shard.variants(response.key, response.hash).contains(where: {
                    $0.variant.equals(response.variant)
                })
            {
                return nil
            }
            let before = shard.footprint
            shard.insert(
                response, weight: response.bytes, maxVariants: limits.maxVariants, into: &replaced)
            return (shard.footprint - before, shard.weight)
        }
        guard let (grown, weight) = inserted else { return false }
        box.weight.store(weight, ordering: .relaxed)
        if grown != 0 { meter.charge(grown) }
        replaced = []
        if makeRoom(for: 0) { return true }
        remove(response)
        return false
    }

    /// Says that a response's body, or what was made of it, is complete: eviction weighs by that.
    package func reweigh(_ response: StoredResponse) {
        let box = shard(response.hash)
        let bytes = response.weight
        let weight = box.state.withLock { shard in
            shard.reweigh(response, to: bytes)
            return shard.weight
        }
        box.weight.store(weight, ordering: .relaxed)
    }

    /// Removes this very response: its body failed, or it was replaced.
    @discardableResult package func remove(_ response: StoredResponse) -> Bool {
        let box = shard(response.hash)
        let (isRemoved, weight) = box.state.withLock { ($0.remove(response), $0.weight) }
        box.weight.store(weight, ordering: .relaxed)
        return isRemoved
    }

    /// Removes all variants of a key (RFC 9111 §4.4); answers how many there were.
    @discardableResult package func removeAll(_ key: Span<UInt8>, _ hash: KeyHash) -> Int {
        let box = shard(hash)
        let (removed, weight) = box.state.withLock { ($0.removeAll(key, hash), $0.weight) }
        box.weight.store(weight, ordering: .relaxed)
        return removed.count
    }

    /// Evicts until so many more bytes fit; false if they never will, because what is left is
    /// held by those who read it.
    package func makeRoom(for bytes: Int) -> Bool {
        var isCooled = false
        var misses = 0
        while meter.bytes + ledger.bytes + bytes > limits.memory {
            let first = hand.add(1, ordering: .relaxed).newValue
            let one = shards[first & (Self.shardCount - 1)]
            let other = shards[(first &* 89 &+ 41) & (Self.shardCount - 1)]
            let isHeavier =
                one.weight.load(ordering: .relaxed) >= other.weight.load(ordering: .relaxed)
            let box = isHeavier ? one : other
            let (response, weight) = box.state.withLock { ($0.evict(), $0.weight) }
            box.weight.store(weight, ordering: .relaxed)
            if response != nil {
                evicted.add(1, ordering: .relaxed)
                misses = 0
                continue
            }
            misses += 1
            if misses < Self.shardCount { continue }
            if isCooled { return false }
            pool.cool()
            isCooled = true
            misses = 0
        }
        return true
    }

    // MARK: - Purging object by object

    /// Removes what several conditions reach together (`PurgeTarget.allOf`), and what is being
    /// fetched by now. Looks at all objects: for the pool. `words`: what an object is called by.
    package func purge(
        surveying target: PurgeTarget, of site: PurgeSite?, _ depth: PurgeDepth,
        words: (StoredResponse) -> PurgeWords?
    ) -> PurgeReceipt {
        let isMeant = target.matcher
        return ledger.purge(surveying: target, of: site, depth) { number in
            var removed = 0
            forEach { response, _ in
                if site == nil || response.stamp.site == site?.number,
                    words(response).map(isMeant) ?? true
                {
                    if remove(response) { removed += 1 }
                } else {
                    response.stamp.surveyed.store(number, ordering: .sequentiallyConsistent)
                }
            }
            return removed
        }
    }

    // MARK: - In the background

    /// Keeps so much of the budget for others, in place of what was kept before; at most half.
    package func setAside(_ bytes: Int) {
        let bytes = min(bytes, limits.memory / 2)
        let before = aside.exchange(bytes, ordering: .relaxed)
        meter.charge(bytes - before)
        _ = makeRoom(for: 0)
    }

    /// Looks at about `budget` more objects and removes those that a purge took or whose body was
    /// lost. Answers how many it removed, and whether it has come round.
    package func sweep(budget: Int) -> (removed: Int, cameRound: Bool) {
        var removed = 0
        var left = budget
        while left > 0 {
            let (index, start) = broom.withLock { ($0.shard, $0.node) }
            let box = shards[index]
            // Few at a time: the lock is held for each batch.
            let end = start + min(left, 64)
            let (batch, count) = box.state.withLock {
                ($0.responses(in: start..<end, forgetting: true), $0.nodes.count)
            }
            left -= min(left, 64)
            for (response, _) in batch
            where !response.body.phase.isReusable || ledger.verdict(on: response.stamp) == .gone {
                if remove(response) { removed += 1 }
            }
            let next = end < count ? (index, end) : ((index + 1) % Self.shardCount, 0)
            broom.withLock { $0 = (shard: next.0, node: next.1) }
            if next == (0, 0) { return (removed, true) }
        }
        return (removed, false)
    }

    // MARK: - For people

    /// Every response for which `isWanted` holds; looks at all of them.
    package func entries(
        limit: Int = .max, where isWanted: (StoredResponse) -> Bool
    ) -> [StoredResponse] {
        var found: [StoredResponse] = []
        forEach { response, _ in
            if found.count < limit, isWanted(response) { found.append(response) }
        }
        return found
    }

    /// Of the responses for which `isWanted` holds, those most asked for, most first; none that
    /// nobody has asked for again.
    package func hottest(
        _ limit: Int, where isWanted: (StoredResponse) -> Bool
    ) -> [StoredResponse] {
        var found: [(response: StoredResponse, hits: UInt32)] = []
        forEach { response, hits in
            if hits > 0, isWanted(response) { found.append((response, hits)) }
        }
        found.sort { $0.hits > $1.hits }
        return found.prefix(limit).map(\.response)
    }

    /// What a soft purge made stale and should be fetched anew first: fetched before purge
    /// `number`, and touched by some soft purge.
    package func hottest(staleAfter number: UInt64, limit: Int) -> [StoredResponse] {
        hottest(limit) {
            $0.stamp.fence < number && ledger.verdict(on: $0.stamp) == .stale
        }
    }

    private func forEach(_ body: (StoredResponse, UInt32) -> Void) {
        for box in shards {
            var start = 0
            while true {
                let (batch, count) = box.state.withLock {
                    ($0.responses(in: start..<(start + 256), forgetting: false), $0.nodes.count)
                }
                for (response, hits) in batch { body(response, hits) }
                start += 256
                if start >= count { break }
            }
        }
    }

    /// By which shards are compared, in units of 64 bytes.
    var weight: Int { shards.reduce(0) { $0 + $1.weight.load(ordering: .relaxed) } }

    /// How many objects there are.
    package var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.count } } }

    package var usage: StoreUsage {
        var usage = StoreUsage(
            bytes: meter.bytes, budget: limits.memory, ledgerBytes: ledger.bytes,
            evictions: evicted.load(ordering: .relaxed))
        for box in shards {
            let (count, bytes) = box.state.withLock { ($0.count, $0.footprint) }
            usage.objects += count
            usage.indexBytes += bytes
        }
        return usage
    }
}
