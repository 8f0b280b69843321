/// A part of a `RateTable`: arrival times by key, 16 bytes each, in sets of eight.
///
/// A key's hash says in which set it stands, and nothing else looks for it. A slot whose time has
/// passed is free, so nothing needs to be removed, and nobody sweeps. In a set without a free slot:
///
/// - While the shard is smaller than it may be, it doubles. Each set splits into two; that happens
///   a dozen times in the life of a process, the last time for 256 KiB.
/// - Else the slot with the *least debt* is taken for the newcomer, which begins with its own
///   charge and nothing of the other's. What is lost is the smallest thing that can be lost: a
///   client who was just beginning begins once more. Least recently used would be wrong here: it
///   would let an attacker free himself by sending from many addresses. Counting the newcomer as
///   the one whose place he takes (as Space-Saving does) would be worse: it would refuse ordinary
///   clients for what others did.
///
/// So the errors go one way: nobody is refused for what another key did, and a key that was
/// displaced may use at most its debt again, which is no more than that of any of the seven beside
/// it. To free a refused client somebody must bring eight other keys of the same set, which he
/// cannot compute, to at least the same debt. Keeping each slot of a table taken costs its number
/// of slots times the permitted rate in requests.
struct RateShard: Sendable {
    private struct Slot {
        /// The key's hash. That two of a million share one: 3 in 10⁸.
        var key: UInt64 = 0
        /// In the past: free.
        var arrival: UInt64 = 0
    }

    static let ways = 8
    static let slotBytes = MemoryLayout<Slot>.size

    private var slots: [Slot]
    private let mostSlots: Int
    /// Slots taken from somebody whose debt was not over.
    private(set) var displaced = 0
    // Keeps neighbours' locks out of this one's cache line.
    private let padding = (0, 0, 0, 0, 0)

    /// Both numbers of slots are powers of two, and not less than `ways`.
    init(slots: Int, most: Int) {
        self.slots = Array(repeating: Slot(), count: slots)
        mostSlots = most
    }

    var capacity: Int { slots.count }

    /// Keys with a debt at `now`.
    func count(at now: UInt64) -> Int { slots.count { $0.arrival > now } }

    mutating func charge(_ key: UInt64, _ cadence: Cadence, at now: UInt64) -> Cadence.Outcome {
        while true {
            let (place, isFound) = find(key)
            var arrival = isFound ? slots[place].arrival : 0
            let isTaken = !isFound && slots[place].arrival > now
            if isTaken, grow() { continue }
            let outcome = cadence.judge(&arrival, at: now)
            // A newcomer is not refused, unless the limit lets nobody in.
            if case .refused = outcome { return outcome }
            if isTaken { displaced &+= 1 }
            slots[place] = Slot(key: key, arrival: arrival)
            return outcome
        }
    }

    mutating func refund(_ key: UInt64, _ cadence: Cadence, at now: UInt64) {
        let (place, isFound) = find(key)
        if isFound { cadence.refund(&slots[place].arrival, at: now) }
    }

    /// The key's arrival time; 0: it owes nothing.
    func arrival(of key: UInt64) -> UInt64 {
        let (place, isFound) = find(key)
        return isFound ? slots[place].arrival : 0
    }

    /// The key's slot, or the one of its set with the least debt.
    @inline(__always) private func find(_ key: UInt64) -> (place: Int, isFound: Bool) {
        let start = Int(truncatingIfNeeded: key) & (slots.count &- 1) & ~(Self.ways &- 1)
        var least = start
        for place in start..<(start &+ Self.ways) {
            // A free slot may still hold a key's hash; it is as good as any other free one.
            if slots[place].key == key { return (place, true) }
            if slots[place].arrival < slots[least].arrival { least = place }
        }
        return (least, false)
    }

    private mutating func grow() -> Bool {
        if slots.count >= mostSlots { return false }
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.arrival > 0 {
            // The slots of one set go to one of two: there is room in either for all of them.
            let (place, _) = find(slot.key)
            slots[place] = slot
        }
        return true
    }
}
