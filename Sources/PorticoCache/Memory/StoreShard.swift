internal import PorticoBytes
internal import Synchronization

/// One shard of the memory store: a table from key to variants, and the queues that say what
/// goes first.
///
/// Eviction is S3-FIFO ("FIFO queues are all you need for cache eviction", SOSP 2023): what is new
/// enters a small queue of a tenth of the bytes; only what is asked for twice more there moves on
/// to the main queue, in which each pass costs one of at most three asks. A ghost list
/// remembers what left the small queue, and takes it into the main queue at once when it comes
/// back. Chosen over LRU because a crawler that reads each page once passes through the small queue
/// and leaves the rest alone; and over W-TinyLFU because a hit moves nothing in any list: it
/// adds to a counter of two bits, with the lock held for a lookup anyway.
///
///     insert ──→ small (10 %) ── asked twice ──→ main ──┐ asked since: once more round
///                  │                              ↑ └───┘
///                  └──→ gone; its hash in ghosts ─┘ inserted again
struct StoreShard {
    enum Queue: UInt8 {
        case none, small, main
    }

    struct Node {
        var response: StoredResponse?
        var hits: UInt32 = 0
        /// In units of 64 bytes, at least 1.
        var weight: UInt32 = 0
        var previous: Int32 = -1
        var next: Int32 = -1
        /// The next older variant under the same key.
        var older: Int32 = -1
        var asked: UInt8 = 0
        var queue = Queue.none
    }

    /// First in, first out: in at the head, out at the tail.
    struct List {
        var head: Int32 = -1
        var tail: Int32 = -1
        var weight = 0
    }

    struct Slot {
        var hash: UInt32
        /// The newest variant; -1: free.
        var node: Int32

        static let free = Slot(hash: 0, node: -1)
    }

    private(set) var nodes: [Node] = []
    private var freeNode: Int32 = -1
    private var slots: [Slot] = []
    private(set) var keyCount = 0
    private(set) var count = 0
    private var small = List()
    private var main = List()
    /// By the hash's low bits: the hash's other half, and the turn in which it was put there.
    private var ghosts: [(hash: UInt32, turn: UInt32)] = []
    private var turn: UInt32 = 0

    /// Nothing is asked for more often than this, as far as eviction knows.
    private static let mostAsked: UInt8 = 3

    /// Of the arrays.
    var footprint: Int {
        nodes.capacity * MemoryLayout<Node>.stride + slots.capacity * MemoryLayout<Slot>.stride
            + ghosts.capacity * 8
    }

    var weight: Int { small.weight + main.weight }

    // MARK: - Looking up

    /// The newest variant for which `matches` holds; counted as asked for.
    mutating func find(
        _ key: Span<UInt8>, _ hash: KeyHash, where matches: (StoredResponse) -> Bool
    ) -> StoredResponse? {
        guard let slot = slot(of: key, hash) else { return nil }
        var index = slots[slot].node
        while index >= 0 {
            let position = Int(index)
            if let response = nodes[position].response, response.body.phase.isReusable,
                matches(response)
            {
                nodes[position].asked = min(nodes[position].asked + 1, Self.mostAsked)
                nodes[position].hits &+= 1
                return response
            }
            index = nodes[position].older
        }
        return nil
    }

    /// All under the key, newest first.
    func variants(_ key: Span<UInt8>, _ hash: KeyHash) -> [StoredResponse] {
        guard let slot = slot(of: key, hash) else { return [] }
        var found: [StoredResponse] = []
        var index = slots[slot].node
        while index >= 0 {
            if let response = nodes[Int(index)].response { found.append(response) }
            index = nodes[Int(index)].older
        }
        return found
    }

    private func slot(of key: Span<UInt8>, _ hash: KeyHash) -> Int? {
        let mask = slots.count - 1
        if mask < 0 { return nil }
        let short = UInt32(truncatingIfNeeded: hash.low)
        var index = Int(short) & mask
        while slots[index].node >= 0 {
            if slots[index].hash == short,
                let response = nodes[Int(slots[index].node)].response,
                response.hash == hash, response.key.equals(key)
            {
                return index
            }
            index = (index + 1) & mask
        }
        return nil
    }

    // MARK: - Inserting

    /// Puts it before all variants of its key. What it replaces (the same variant, or the oldest
    /// of too many) is handed out, to be let go outside the lock.
    mutating func insert(
        _ response: StoredResponse, weight: Int, maxVariants: Int,
        into replaced: inout [StoredResponse]
    ) {
        let hash = response.hash
        var asked: UInt8 = 0
        var hits: UInt32 = 0
        var inMain = takeGhost(hash)
        if let slot = slot(of: response.key, hash) {
            var variants = 0
            var oldest: Int32 = -1
            var index = slots[slot].node
            while index >= 0 {
                let older = nodes[Int(index)].older
                if let old = nodes[Int(index)].response, old.variant.equals(response.variant) {
                    // The newer version of an object inherits its standing.
                    asked = nodes[Int(index)].asked
                    hits = nodes[Int(index)].hits
                    inMain = inMain || nodes[Int(index)].queue == .main
                    if let old = remove(at: index) { replaced.append(old) }
                } else {
                    variants += 1
                    oldest = index
                }
                index = older
            }
            if variants >= maxVariants, let old = remove(at: oldest) { replaced.append(old) }
        }
        let index = makeNode()
        nodes[Int(index)].response = response
        nodes[Int(index)].weight = UInt32(clamping: max(weight >> 6, 1))
        nodes[Int(index)].asked = asked
        nodes[Int(index)].hits = hits
        if let slot = slot(of: response.key, hash) {
            nodes[Int(index)].older = slots[slot].node
            slots[slot].node = index
        } else {
            if (keyCount + 1) * 4 > slots.count * 3 { grow() }
            place(Slot(hash: UInt32(truncatingIfNeeded: hash.low), node: index))
            keyCount += 1
        }
        push(index, to: inMain ? .main : .small)
        count += 1
    }

    private mutating func makeNode() -> Int32 {
        if freeNode >= 0 {
            let index = freeNode
            freeNode = nodes[Int(index)].next
            nodes[Int(index)] = Node()
            return index
        }
        if nodes.count == nodes.capacity { nodes.reserveCapacity(max(16, nodes.count * 3 / 2)) }
        nodes.append(Node())
        return Int32(nodes.count - 1)
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: .free, count: max(16, old.count * 2))
        for slot in old where slot.node >= 0 { place(slot) }
        // As many ghosts as there may be objects in main.
        ghosts = Array(repeating: (0, 0), count: slots.count)
    }

    private mutating func place(_ slot: Slot) {
        let mask = slots.count - 1
        var index = Int(slot.hash) & mask
        while slots[index].node >= 0 { index = (index + 1) & mask }
        slots[index] = slot
    }

    /// What has grown since it was inserted takes its place in the queues by what it weighs now.
    mutating func reweigh(_ response: StoredResponse, to weight: Int) {
        guard let slot = slot(of: response.key, response.hash) else { return }
        var index = slots[slot].node
        while index >= 0 {
            let position = Int(index)
            if nodes[position].response === response {
                let weight = UInt32(clamping: max(weight >> 6, 1))
                let change = Int(weight) - Int(nodes[position].weight)
                nodes[position].weight = weight
                if nodes[position].queue == .main {
                    main.weight += change
                } else {
                    small.weight += change
                }
                return
            }
            index = nodes[position].older
        }
    }

    // MARK: - Removing

    /// Removes this very response, if it is still here.
    mutating func remove(_ response: StoredResponse) -> Bool {
        guard let slot = slot(of: response.key, response.hash) else { return false }
        var index = slots[slot].node
        while index >= 0 {
            if nodes[Int(index)].response === response {
                // The caller holds it: nothing is let go under the lock.
                _ = remove(at: index)
                return true
            }
            index = nodes[Int(index)].older
        }
        return false
    }

    mutating func removeAll(_ key: Span<UInt8>, _ hash: KeyHash) -> [StoredResponse] {
        let all = variants(key, hash)
        for response in all { _ = remove(response) }
        return all
    }

    private mutating func remove(at index: Int32) -> StoredResponse? {
        guard let response = nodes[Int(index)].response else { return nil }
        unlink(index)
        if let slot = slot(of: response.key, response.hash) {
            let older = nodes[Int(index)].older
            if slots[slot].node == index {
                if older >= 0 {
                    slots[slot].node = older
                } else {
                    free(slot)
                }
            } else {
                var newer = slots[slot].node
                while nodes[Int(newer)].older != index { newer = nodes[Int(newer)].older }
                nodes[Int(newer)].older = older
            }
        }
        nodes[Int(index)] = Node()
        nodes[Int(index)].next = freeNode
        freeNode = index
        count -= 1
        return response
    }

    /// Frees a slot and moves back those behind it that were displaced over it.
    private mutating func free(_ slot: Int) {
        let mask = slots.count - 1
        var hole = slot
        var index = (slot + 1) & mask
        while slots[index].node >= 0 {
            let home = Int(slots[index].hash) & mask
            if (index - home) & mask >= (index - hole) & mask {
                slots[hole] = slots[index]
                hole = index
            }
            index = (index + 1) & mask
        }
        slots[hole] = .free
        keyCount -= 1
    }

    // MARK: - Evicting

    /// Takes out what should go first; nil if nothing is here.
    mutating func evict() -> StoredResponse? {
        while count > 0 {
            if small.tail >= 0, small.weight * 10 >= weight || main.tail < 0 {
                let index = small.tail
                if nodes[Int(index)].asked >= 2 {
                    unlink(index)
                    nodes[Int(index)].asked = 0
                    push(index, to: .main)
                    continue
                }
                let response = remove(at: index)
                if let response { addGhost(response.hash) }
                return response
            }
            let index = main.tail
            if nodes[Int(index)].asked > 0 {
                unlink(index)
                nodes[Int(index)].asked -= 1
                push(index, to: .main)
                continue
            }
            return remove(at: index)
        }
        return nil
    }

    private mutating func addGhost(_ hash: KeyHash) {
        if ghosts.isEmpty { return }
        turn &+= 1
        ghosts[Int(truncatingIfNeeded: hash.low) & (ghosts.count - 1)] =
            (UInt32(truncatingIfNeeded: hash.high >> 32), turn)
    }

    private mutating func takeGhost(_ hash: KeyHash) -> Bool {
        if ghosts.isEmpty { return false }
        let place = Int(truncatingIfNeeded: hash.low) & (ghosts.count - 1)
        let ghost = ghosts[place]
        guard ghost.turn != 0, ghost.hash == UInt32(truncatingIfNeeded: hash.high >> 32),
            turn &- ghost.turn < UInt32(max(count, 16))
        else { return false }
        ghosts[place].turn = 0
        return true
    }

    // MARK: - Queues

    private mutating func push(_ index: Int32, to queue: Queue) {
        let position = Int(index)
        nodes[position].queue = queue
        let list = queue == .main ? main : small
        nodes[position].next = list.head
        nodes[position].previous = -1
        if list.head >= 0 { nodes[Int(list.head)].previous = index }
        let changed = List(
            head: index, tail: list.tail >= 0 ? list.tail : index,
            weight: list.weight + Int(nodes[position].weight))
        if queue == .main { main = changed } else { small = changed }
    }

    private mutating func unlink(_ index: Int32) {
        let node = nodes[Int(index)]
        var list = node.queue == .main ? main : small
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            list.head = node.next
        }
        if node.next >= 0 {
            nodes[Int(node.next)].previous = node.previous
        } else {
            list.tail = node.previous
        }
        list.weight -= Int(node.weight)
        if node.queue == .main { main = list } else { small = list }
    }

    // MARK: - Walking

    /// The responses among some nodes, and how often each was asked for; halves those counts, if
    /// `forgetting`, so that yesterday's favourites fade.
    mutating func responses(
        in range: Range<Int>, forgetting: Bool
    ) -> [(response: StoredResponse, hits: UInt32)] {
        var found: [(StoredResponse, UInt32)] = []
        for index in range.clamped(to: 0..<nodes.count) {
            guard let response = nodes[index].response else { continue }
            found.append((response, nodes[index].hits))
            if forgetting { nodes[index].hits /= 2 }
        }
        return found
    }
}

/// A shard where it can be shared.
final class StoreShardBox: Sendable {
    let state = Mutex(StoreShard())
    /// What `state` holds, to be compared without its lock.
    let weight = Atomic<Int>(0)
}
