internal import PorticoBytes
internal import Synchronization

/// Where a record stands, and what the index knows of it.
///
///     place:  offset 20 | bytes 20 | bytes before the body 20 | flags 4     (in units of 64 bytes)
package struct DiskLocation: Hashable, Sendable {
    package let segment: UInt32
    /// 32 bits of the variant key's digest: tells variants apart without reading them.
    package let variant: UInt32
    fileprivate(set) var place: UInt64

    init(segment: UInt32, variant: UInt32, offset: Int, byteCount: Int, bodyOffset: Int) {
        self.segment = segment
        self.variant = variant
        let unit = DiskGeometry.unit
        place =
            UInt64(offset / unit) << 44 | UInt64(byteCount / unit) << 24
            | UInt64(bodyOffset / unit) << 4
    }

    fileprivate init(segment: UInt32, variant: UInt32, place: UInt64) {
        self.segment = segment
        self.variant = variant
        self.place = place
    }

    var offset: Int { Int(place >> 44) * DiskGeometry.unit }
    var bodyOffset: Int { Int(place >> 4 & 0xFFFFF) * DiskGeometry.unit }
    /// On disk, with head and padding.
    package var byteCount: Int { Int(place >> 24 & 0xFFFFF) * DiskGeometry.unit }

    func has(_ mark: DiskIndex.Mark) -> Bool { place & mark.rawValue != 0 }

    /// Whether it names the same record, whatever is known of it.
    func isSame(as other: DiskLocation) -> Bool {
        segment == other.segment && place >> 4 == other.place >> 4
    }

    func isNewer(than other: DiskLocation) -> Bool {
        (segment, place >> 44) > (other.segment, other.place >> 44)
    }
}

/// Which record holds which key: 32 bytes each, no key bytes.
///
/// Open addressing with linear probing, in shards that grow by two fifths when they are 85 %
/// full: 38 to 53 bytes an object, where doubling would reach 75. The variants of a key stand in
/// one run, since all begin at the key's slot.
final class DiskIndex: Sendable {
    enum Mark: UInt64 {
        /// Asked for since it was written.
        case hot = 1
        /// Read and found whole since the process started.
        case verified = 2
        /// No object but the memory of one that was removed, until all segments are loaded.
        case tombstone = 4
    }

    /// More variants of one key than this push out the oldest: a `Vary: User-Agent` must not
    /// make a run that each lookup walks.
    static let maxVariants = 32

    private let shards: [Shard]

    init() { shards = (0..<256).map { _ in Shard() } }

    var count: Int { shards.reduce(0) { $0 + $1.table.withLock { $0.count } } }
    var byteCount: Int {
        shards.reduce(0) {
            $0 + $1.table.withLock { $0.slots.capacity } * MemoryLayout<Slot>.stride
        }
    }

    private func shard(_ key: DiskKey) -> Shard { shards[Int(key.high >> 56)] }

    // MARK: - Asking

    /// The newest record of a key, whichever variant it is.
    func newest(of key: DiskKey) -> DiskLocation? {
        shard(key).table.withLock { table in
            var found: DiskLocation?
            table.forEach(key) { slot in
                guard !slot.location.has(.tombstone) else { return true }
                if found.map({ slot.location.isNewer(than: $0) }) ?? true { found = slot.location }
                return true
            }
            return found
        }
    }

    func find(_ key: DiskKey, variant: UInt32) -> DiskLocation? {
        shard(key).table.withLock { table in
            guard let index = table.index(of: key, variant) else { return nil }
            let location = table.slots[index].location
            return location.has(.tombstone) ? nil : location
        }
    }

    func variants(of key: DiskKey) -> [DiskLocation] {
        shard(key).table.withLock { table in
            var found: [DiskLocation] = []
            table.forEach(key) { slot in
                if !slot.location.has(.tombstone) { found.append(slot.location) }
                return true
            }
            return found.sorted { $0.isNewer(than: $1) }
        }
    }

    // MARK: - Changing

    /// Takes in what was just written.
    func insert(_ key: DiskKey, _ location: DiskLocation) {
        shard(key).table.withLock { $0.insert(Slot(key, location)) }
    }

    /// Takes in what a scan found, unless something newer is known.
    func insertLoaded(_ key: DiskKey, _ location: DiskLocation, isTombstone: Bool) {
        shard(key).table.withLock { table in
            if let index = table.index(of: key, location.variant),
                !location.isNewer(than: table.slots[index].location)
            {
                return
            }
            var location = location
            if isTombstone { location.place |= Mark.tombstone.rawValue }
            table.insert(Slot(key, location))
        }
    }

    /// Forgets this record; another one of the same key stays.
    func remove(_ key: DiskKey, _ location: DiskLocation) {
        shard(key).table.withLock { table in
            guard let index = table.index(of: key, location.variant),
                table.slots[index].location.isSame(as: location)
            else { return }
            table.remove(at: index)
        }
    }

    /// Forgets a key's variant, and remembers that it did where `location` is given.
    func bury(_ key: DiskKey, variant: UInt32, under location: DiskLocation?) {
        shard(key).table.withLock { table in
            if var location {
                location.place |= Mark.tombstone.rawValue
                table.insert(Slot(key, location))
            } else if let index = table.index(of: key, variant) {
                table.remove(at: index)
            }
        }
    }

    /// The record has moved; false if it had been replaced meanwhile.
    func move(_ key: DiskKey, from old: DiskLocation, to new: DiskLocation) -> Bool {
        shard(key).table.withLock { table in
            guard let index = table.index(of: key, old.variant),
                table.slots[index].location.isSame(as: old)
            else { return false }
            table.slots[index].location = new
            return true
        }
    }

    func mark(_ key: DiskKey, _ location: DiskLocation, _ mark: Mark) {
        shard(key).table.withLock { table in
            guard let index = table.index(of: key, location.variant),
                table.slots[index].location.isSame(as: location)
            else { return }
            table.slots[index].location.place |= mark.rawValue
        }
    }

    /// Forgets what a segment holds, but for the hot records, which it returns.
    func sweep(segment: UInt32) -> [(key: DiskKey, location: DiskLocation)] {
        var hot: [(key: DiskKey, location: DiskLocation)] = []
        for shard in shards {
            hot += shard.table.withLock { table in
                var found: [(key: DiskKey, location: DiskLocation)] = []
                table.removeAll { slot in
                    guard slot.location.segment == segment else { return false }
                    if !slot.location.has(.hot) || slot.location.has(.tombstone) { return true }
                    found.append((slot.key, slot.location))
                    return false
                }
                return found
            }
        }
        return hot
    }

    func dropTombstones() {
        for shard in shards {
            shard.table.withLock { $0.removeAll { $0.location.has(.tombstone) } }
        }
    }

    // MARK: - The table

    fileprivate struct Slot {
        var high: UInt64
        var low: UInt64
        var segment: UInt32
        var variant: UInt32
        /// Zero: the slot is free. No record is zero units long.
        var place: UInt64

        init(_ key: DiskKey, _ location: DiskLocation) {
            high = key.high
            low = key.low
            segment = location.segment
            variant = location.variant
            place = location.place
        }

        private init() { (high, low, segment, variant, place) = (0, 0, 0, 0, 0) }

        static let free = Slot()

        var isFree: Bool { place == 0 }
        var key: DiskKey { DiskKey(high: high, low: low) }
        var location: DiskLocation {
            get { DiskLocation(segment: segment, variant: variant, place: place) }
            set {
                segment = newValue.segment
                variant = newValue.variant
                place = newValue.place
            }
        }
    }

    private final class Shard: Sendable {
        let table = Mutex(Table())
    }

    fileprivate struct Table {
        private(set) var count = 0
        var slots: [Slot] = []

        private func home(_ low: UInt64) -> Int {
            Int(truncatingIfNeeded: low.multipliedFullWidth(by: UInt64(slots.count)).high)
        }

        private func next(_ index: Int) -> Int { index + 1 == slots.count ? 0 : index + 1 }

        func index(of key: DiskKey, _ variant: UInt32) -> Int? {
            if slots.isEmpty { return nil }
            var index = home(key.low)
            while !slots[index].isFree {
                let slot = slots[index]
                if slot.low == key.low, slot.high == key.high, slot.variant == variant {
                    return index
                }
                index = next(index)
            }
            return nil
        }

        /// Until the body returns false.
        func forEach(_ key: DiskKey, _ body: (Slot) -> Bool) {
            if slots.isEmpty { return }
            var index = home(key.low)
            while !slots[index].isFree {
                let slot = slots[index]
                if slot.low == key.low, slot.high == key.high, !body(slot) { return }
                index = next(index)
            }
        }

        mutating func insert(_ slot: Slot) {
            if (count + 1) * 20 > slots.count * 17 { grow() }
            var index = home(slot.low)
            var variants = 0
            var oldest: Int?
            while !slots[index].isFree {
                let other = slots[index]
                if other.low == slot.low, other.high == slot.high {
                    if other.variant == slot.variant {
                        slots[index] = slot
                        return
                    }
                    variants += 1
                    if oldest.map({ slots[$0].location.isNewer(than: other.location) }) ?? true {
                        oldest = index
                    }
                }
                index = next(index)
            }
            if variants >= DiskIndex.maxVariants, let oldest {
                slots[oldest] = slot
                return
            }
            slots[index] = slot
            count += 1
        }

        private mutating func grow() {
            let old = slots
            let wanted = max(16, slots.count * 7 / 5)
            slots = []
            slots.reserveCapacity(wanted)
            for _ in 0..<wanted { slots.append(.free) }
            for slot in old where !slot.isFree {
                var index = home(slot.low)
                while !slots[index].isFree { index = next(index) }
                slots[index] = slot
            }
        }

        /// Later slots of the run move up, so that no search ends too early.
        mutating func remove(at removed: Int) {
            var hole = removed
            var index = next(hole)
            while !slots[index].isFree {
                let home = home(slots[index].low)
                // Whether home lies cyclically outside (hole, index].
                let mayMove =
                    hole < index
                    ? home <= hole || home > index : home <= hole && home > index
                if mayMove {
                    slots[hole] = slots[index]
                    hole = index
                }
                index = next(index)
            }
            slots[hole] = .free
            count -= 1
        }

        mutating func removeAll(where isOut: (Slot) -> Bool) {
            var index = 0
            while index < slots.count {
                // Another slot may have moved up into this place.
                while !slots[index].isFree, isOut(slots[index]) { remove(at: index) }
                index += 1
            }
        }
    }
}
