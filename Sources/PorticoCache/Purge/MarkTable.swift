internal import Glibc
internal import PorticoBytes
internal import Synchronization

/// What a purge can be asked for by: every kind is a word under which objects are marked.
enum MarkKind: UInt8, CaseIterable, Sendable {
    case tag, url, host, site
}

/// The numbers of one mark's last purges.
struct Mark: ~Copyable {
    let hard = Atomic<UInt64>(0)
    let soft = Atomic<UInt64>(0)
    /// How many stamps name the mark.
    let uses = Atomic<UInt32>(0)
}

/// Words to small integers, and for each integer the numbers of its last purges.
///
/// A mark is used by the stamps that name it. One that nobody uses any more, or that was purged
/// without ever being used, is idle, and idle marks are collected when their shard would have to
/// grow: so the table stays within about twice the marks in use. What a collected mark knew
/// is not lost: the shard's `floor` of that kind rises to its last purge, and a mark that is made
/// anew begins at the floor. That can only make a fetch stale which began before that
/// purge and ends now; idle marks of the last `recent` purges are kept so that it
/// hardly ever does.
///
///     slots   (hash, id, where the word stands)     open addressing, linear
///     texts   kind site word kind site word …       words of collected marks are squeezed out
///     marks   [id] → hard, soft, uses               never moves, read without a lock
@safe final class MarkTable: Sendable {
    static let shardCount = 64
    static let recent: UInt64 = 1024
    /// Kind and site before each word.
    private static let prefixCount = 5

    private let hasher: KeyHasher
    private let shards: [MarkShardBox]
    private let limitPerShard: Int
    // SAFETY: allocated zeroed for every possible id and never moved or freed while the table
    // lives; zero bits are the initial value of each atomic.
    nonisolated(unsafe) private let marks: UnsafeMutablePointer<Mark>
    /// Bytes of the slots, the words and the marks that were ever taken.
    let bytes = Atomic<Int>(0)

    /// `limit` costs address space at once, memory only as it is used.
    init(limit: Int, hasher: KeyHasher) {
        self.hasher = hasher
        limitPerShard = max(limit / Self.shardCount, 16)
        shards = (0..<Self.shardCount).map { _ in MarkShardBox() }
        // Id 0 marks a free slot.
        let count = (limitPerShard + 1) * Self.shardCount
        guard let memory = unsafe calloc(count, MemoryLayout<Mark>.stride) else {
            preconditionFailure("no address space for \(count) marks")
        }
        unsafe marks = memory.bindMemory(to: Mark.self, capacity: count)
    }

    deinit { unsafe free(marks) }

    // MARK: - Reading, without a lock

    @inline(__always) func hardNumber(of id: UInt32) -> UInt64 {
        // SAFETY: ids come from this table, which has a mark for each.
        unsafe marks[Int(id)].hard.load(ordering: .relaxed)
    }

    @inline(__always) func softNumber(of id: UInt32) -> UInt64 {
        // SAFETY: as above.
        unsafe marks[Int(id)].soft.load(ordering: .relaxed)
    }

    // MARK: - Using

    /// The mark's id, used once more; nil when the table is full of marks in use.
    func use(_ word: Span<UInt8>, _ kind: MarkKind, site: UInt32, now: UInt64) -> UInt32? {
        let hash = hash(word, kind, site)
        return shards[shardIndex(hash)].state.withLock { shard in
            guard let id = findOrMake(word, kind, site, hash, now, in: &shard) else { return nil }
            // SAFETY: as above.
            unsafe marks[Int(id)].uses.add(1, ordering: .relaxed)
            return id
        }
    }

    /// For who uses the mark already.
    func useAgain(_ id: UInt32) {
        // SAFETY: as above.
        unsafe marks[Int(id)].uses.add(1, ordering: .relaxed)
    }

    func release(_ id: UInt32) {
        // SAFETY: as above.
        unsafe marks[Int(id)].uses.subtract(1, ordering: .releasing)
    }

    func find(_ word: Span<UInt8>, _ kind: MarkKind, site: UInt32) -> UInt32? {
        let hash = hash(word, kind, site)
        return shards[shardIndex(hash)].state.withLock { shard in
            slot(of: word, kind, site, hash, in: shard).map { shard.slots[$0].id }
        }
    }

    // MARK: - Purging

    /// Unknown words are made, so that a fetch which is under way and will name them is found out.
    func purge(
        _ word: Span<UInt8>, _ kind: MarkKind, site: UInt32, _ depth: PurgeDepth, number: UInt64
    ) {
        let hash = hash(word, kind, site)
        shards[shardIndex(hash)].state.withLock { shard in
            guard let id = findOrMake(word, kind, site, hash, number, in: &shard) else {
                return shard.raiseFloor(of: kind, depth, to: number)
            }
            raise(id, depth, to: number)
        }
    }

    /// Purges each word of a kind for which `matches` holds; a mark made from now on begins at
    /// `number`. Answers how many did. The words are copied and looked at outside the lock.
    func purge(
        _ kind: MarkKind, site: UInt32?, _ depth: PurgeDepth, number: UInt64,
        where matches: (Span<UInt8>) -> Bool
    ) -> Int {
        var found = 0
        for box in shards {
            let (slots, texts) = box.state.withLock { shard in
                shard.raiseFloor(of: kind, depth, to: number)
                return (shard.slots, shard.texts)
            }
            for slot in slots where slot.id != 0 {
                let start = Int(slot.start)
                guard texts[start] == kind.rawValue else { continue }
                let owner = Self.site(at: start, in: texts)
                if let site, site != owner { continue }
                let word = texts.span.extracting(
                    (start + Self.prefixCount)..<(start + Int(slot.count)))
                guard matches(word) else { continue }
                found += 1
                // By its word, because its id may have gone to another one meanwhile.
                let hash = hash(word, kind, owner)
                box.state.withLock { shard in
                    if let index = self.slot(of: word, kind, owner, hash, in: shard) {
                        raise(shard.slots[index].id, depth, to: number)
                    }
                }
            }
        }
        return found
    }

    /// Words of this kind that are made from now on begin as purged by `number`.
    func raiseFloors(of kind: MarkKind, _ depth: PurgeDepth, to number: UInt64) {
        for box in shards { box.state.withLock { $0.raiseFloor(of: kind, depth, to: number) } }
    }

    /// How many stamps name the mark.
    func uses(of id: UInt32) -> Int {
        // SAFETY: as above.
        Int(unsafe marks[Int(id)].uses.load(ordering: .relaxed))
    }

    private func raise(_ id: UInt32, _ depth: PurgeDepth, to number: UInt64) {
        // SAFETY: as above. Numbers of a journal may come in any order, hence the maximum.
        switch depth {
        case .hard: _ = unsafe marks[Int(id)].hard.max(number, ordering: .relaxed)
        case .soft: _ = unsafe marks[Int(id)].soft.max(number, ordering: .relaxed)
        }
    }

    // MARK: - A shard

    var count: Int { shards.reduce(0) { $0 + $1.state.withLock { $0.count } } }

    private func hash(_ word: Span<UInt8>, _ kind: MarkKind, _ site: UInt32) -> KeyHash {
        hasher(word, prefix: UInt64(site) << 8 | UInt64(kind.rawValue))
    }

    private func shardIndex(_ hash: KeyHash) -> Int { Int(hash.high & UInt64(Self.shardCount - 1)) }

    private static func site(at start: Int, in texts: [UInt8]) -> UInt32 {
        var site: UInt32 = 0
        for index in (start + 1)..<(start + prefixCount) { site = site << 8 | UInt32(texts[index]) }
        return site
    }

    private func slot(
        of word: Span<UInt8>, _ kind: MarkKind, _ site: UInt32, _ hash: KeyHash,
        in shard: borrowing MarkShard
    ) -> Int? {
        let mask = shard.slots.count - 1
        if mask < 0 { return nil }
        let short = UInt32(truncatingIfNeeded: hash.low)
        var index = Int(short) & mask
        while true {
            let slot = shard.slots[index]
            if slot.id == 0 { return nil }
            if slot.hash == short, Int(slot.count) == word.count + Self.prefixCount {
                let start = Int(slot.start)
                if shard.texts[start] == kind.rawValue,
                    Self.site(at: start, in: shard.texts) == site,
                    shard.texts.span.extracting(
                        (start + Self.prefixCount)..<(start + Int(slot.count))
                    ).equals(word)
                {
                    return index
                }
            }
            index = (index + 1) & mask
        }
    }

    private func findOrMake(
        _ word: Span<UInt8>, _ kind: MarkKind, _ site: UInt32, _ hash: KeyHash, _ now: UInt64,
        in shard: inout MarkShard
    ) -> UInt32? {
        if let index = slot(of: word, kind, site, hash, in: shard) { return shard.slots[index].id }
        let before = shard.footprint
        defer {
            let grown = shard.footprint - before
            if grown != 0 { bytes.add(grown, ordering: .relaxed) }
        }
        if (shard.count + 1) * 4 > shard.slots.count * 3 {
            collect(before: now - min(now, Self.recent), in: &shard)
            // Less than a quarter came free: growing is cheaper than collecting again soon.
            let isTight = (shard.count + 1) * 2 > shard.slots.count
            shard.rebuild(slotCount: isTight ? max(16, shard.slots.count * 2) : shard.slots.count)
        }
        // Offsets have 32 bits.
        guard shard.texts.count + word.count + Self.prefixCount < Int(UInt32.max) else {
            return nil
        }
        if shard.freeIDs.isEmpty && shard.taken == limitPerShard {
            // Every mark that can be spared, but not for every word that finds no room: a look at
            // all of them is worth it only now and then.
            if shard.refused % (shard.count / 4 + 1) == 0 {
                collect(before: now, in: &shard)
                shard.rebuild(slotCount: shard.slots.count)
            }
            shard.refused = shard.freeIDs.isEmpty ? shard.refused + 1 : 0
        }
        let local: UInt32
        if let free = shard.freeIDs.popLast() {
            local = free
        } else if shard.taken < limitPerShard {
            shard.taken += 1
            local = UInt32(shard.taken)
        } else {
            return nil
        }
        // Neighbours in the array belong to different shards.
        let id = local * UInt32(Self.shardCount) + UInt32(shardIndex(hash))
        let floor = shard.floors[Int(kind.rawValue)]
        // SAFETY: as above.
        unsafe marks[Int(id)].hard.store(floor.hard, ordering: .relaxed)
        unsafe marks[Int(id)].soft.store(floor.soft, ordering: .relaxed)
        unsafe marks[Int(id)].uses.store(0, ordering: .relaxed)
        let start = shard.texts.count
        shard.texts.append(kind.rawValue)
        for shift in [24, 16, 8, 0] as [UInt32] {
            shard.texts.append(UInt8(truncatingIfNeeded: site >> shift))
        }
        // SAFETY: the array copies before the pointer ends.
        unsafe word.withUnsafeBufferPointer { unsafe shard.texts.append(contentsOf: $0) }
        shard.place(
            MarkSlot(
                hash: UInt32(truncatingIfNeeded: hash.low), id: id, start: UInt32(start),
                count: UInt32(shard.texts.count - start)))
        shard.count += 1
        return id
    }

    /// Forgets what nobody uses, except for what was purged after `number`. The caller rebuilds.
    private func collect(before number: UInt64, in shard: inout MarkShard) {
        for index in shard.slots.indices where shard.slots[index].id != 0 {
            let id = Int(shard.slots[index].id)
            // SAFETY: as above.
            guard unsafe marks[id].uses.load(ordering: .acquiring) == 0 else { continue }
            let hard = unsafe marks[id].hard.load(ordering: .relaxed)
            let soft = unsafe marks[id].soft.load(ordering: .relaxed)
            let kind = Int(shard.texts[Int(shard.slots[index].start)])
            let floor = shard.floors[kind]
            let isAtFloor = hard <= floor.hard && soft <= floor.soft
            guard isAtFloor || max(hard, soft) <= number else { continue }
            shard.floors[kind].hard = max(shard.floors[kind].hard, hard)
            shard.floors[kind].soft = max(shard.floors[kind].soft, soft)
            shard.freeIDs.append(UInt32(id / Self.shardCount))
            shard.slots[index].id = 0
            shard.count -= 1
        }
    }
}

/// A shard where it can be shared.
private final class MarkShardBox: Sendable {
    let state = Mutex(MarkShard())
}

private struct MarkSlot {
    var hash: UInt32
    /// 0: free.
    var id: UInt32
    var start: UInt32
    var count: UInt32

    static let free = MarkSlot(hash: 0, id: 0, start: 0, count: 0)
}

private struct MarkShard {
    var slots: [MarkSlot] = []
    var texts: [UInt8] = []
    var count = 0
    /// Local numbers given out so far, and those given back.
    var taken = 0
    var freeIDs: [UInt32] = []
    /// Words that found no room since the last one that did.
    var refused = 0
    /// By kind.
    var floors = MarkKind.allCases.map { _ in (hard: UInt64(0), soft: UInt64(0)) }

    var footprint: Int {
        slots.capacity * MemoryLayout<MarkSlot>.stride + texts.capacity + freeIDs.capacity * 4
            + taken * MemoryLayout<Mark>.stride
    }

    mutating func raiseFloor(of kind: MarkKind, _ depth: PurgeDepth, to number: UInt64) {
        let index = Int(kind.rawValue)
        switch depth {
        case .hard: floors[index].hard = max(floors[index].hard, number)
        case .soft: floors[index].soft = max(floors[index].soft, number)
        }
    }

    mutating func place(_ slot: MarkSlot) {
        let mask = slots.count - 1
        var index = Int(slot.hash) & mask
        while slots[index].id != 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    /// Places all slots anew and squeezes out the words that none of them names.
    mutating func rebuild(slotCount: Int) {
        let old = slots
        let words = texts
        slots = Array(repeating: .free, count: slotCount)
        texts = []
        texts.reserveCapacity(words.count)
        for var slot in old where slot.id != 0 {
            let start = Int(slot.start)
            slot.start = UInt32(texts.count)
            texts.append(contentsOf: words[start..<(start + Int(slot.count))])
            place(slot)
        }
    }
}
