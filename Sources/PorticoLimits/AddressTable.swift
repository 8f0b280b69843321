/// Counts by address: open addressing, linear probing, 24 bytes a slot.
///
/// An entry whose count falls to 0 is removed by moving back those behind it that may stand in
/// its place, so that no marks of removed entries pile up. The hash is kept beside the count: it
/// is needed for that and for growing, and computing it again would cost more than the 4 bytes.
struct AddressTable: Sendable {
    private struct Slot {
        var address = AddressKey(high: 0, low: 0)
        /// 0 = free.
        var count: UInt32 = 0
        /// The hash's low bits.
        var hash: UInt32 = 0
    }

    private var slots: [Slot] = []
    /// How many addresses have an entry.
    private(set) var entries = 0

    func count(of address: AddressKey, hash: UInt64) -> Int {
        if slots.isEmpty { return 0 }
        return Int(slots[place(of: address, hash)].count)
    }

    /// Whether the address had fewer than `limit`, and now has one more.
    mutating func increment(_ address: AddressKey, hash: UInt64, limit: Int) -> Bool {
        if limit < 1 { return false }
        if entries * 4 >= slots.count * 3 { grow() }
        let place = place(of: address, hash)
        let held = slots[place].count
        if held == 0 {
            slots[place] = Slot(
                address: address, count: 1, hash: UInt32(truncatingIfNeeded: hash))
            entries += 1
            return true
        }
        if Int(held) >= limit || held == .max { return false }
        slots[place].count = held + 1
        return true
    }

    mutating func decrement(_ address: AddressKey, hash: UInt64) {
        precondition(entries > 0, "released a connection that nobody holds")
        let place = place(of: address, hash)
        precondition(slots[place].count > 0, "released a connection that nobody holds")
        slots[place].count -= 1
        if slots[place].count == 0 { remove(place) }
    }

    /// Where the address stands, or the free slot where it would. There always is a free one.
    private func place(of address: AddressKey, _ hash: UInt64) -> Int {
        let mask = slots.count - 1
        var place = Int(UInt32(truncatingIfNeeded: hash)) & mask
        while slots[place].count > 0 && slots[place].address != address {
            place = (place + 1) & mask
        }
        return place
    }

    private mutating func remove(_ freed: Int) {
        let mask = slots.count - 1
        var hole = freed
        var next = (hole + 1) & mask
        while slots[next].count > 0 {
            // It may move if its own place is not behind the hole, seen along the run.
            let home = Int(slots[next].hash) & mask
            if (next - home) & mask >= (next - hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = Slot()
        entries -= 1
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: max(8, old.count * 2))
        let mask = slots.count - 1
        for slot in old where slot.count > 0 {
            var place = Int(slot.hash) & mask
            while slots[place].count > 0 { place = (place + 1) & mask }
            slots[place] = slot
        }
    }
}
