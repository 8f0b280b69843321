internal import PorticoBytes

/// A value of a transaction: an index into its heap.
typealias ValueID = Int32

/// All bytes that a transaction looks at, in one array; values are ranges of it, and what
/// transformations make of them is kept beside them.
struct ValueHeap {
    struct Slot {
        var range: ByteRange
        /// Where what the chains make of it stands in `results`; -1: nowhere yet.
        var results: Int32 = -1
        /// Its row of prefilter bits; -1: not scanned yet.
        var mask: Int32 = -1
    }

    static let empty: ValueID = 0
    static let zero: ValueID = 1
    static let one: ValueID = 2
    /// The name of slot n of TX is value `slotNames + n`.
    static let slotNames: ValueID = 3

    private(set) var arena: [UInt8] = []
    var slots: [Slot] = []
    private var results: [ValueID] = []
    private var scratch: [UInt8] = []

    init(_ plan: RuleSet) { start(plan) }

    /// Back to what each transaction begins with.
    mutating func start(_ plan: RuleSet) {
        arena.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        results.removeAll(keepingCapacity: true)
        arena.append(contentsOf: plan.seed.arena)
        slots.append(contentsOf: plan.seed.slots)
    }

    var byteCount: Int { arena.count }

    @_lifetime(borrow self)
    func bytes(_ value: ValueID) -> Span<UInt8> {
        arena.span.extracting(slots[Int(value)].range.range)
    }

    @_lifetime(borrow self)
    func bytes(in range: ByteRange) -> Span<UInt8> { arena.span.extracting(range.range) }

    /// The bytes of a value for a call that changes another part of the transaction: the borrow of
    /// a property's span covers all of its owner.
    ///
    /// Whoever asks promises to add nothing to the heap while it uses them.
    @_lifetime(immortal)
    func loan(_ value: ValueID) -> Span<UInt8> { loan(in: slots[Int(value)].range) }

    @_lifetime(immortal)
    func loan(in range: ByteRange) -> Span<UInt8> {
        // SAFETY: the array stays where it is until something is added; see above.
        let bytes = unsafe arena.withUnsafeBufferPointer { all in
            unsafe UnsafeBufferPointer(rebasing: all[range.range])
        }
        let span = unsafe Span<UInt8>(_unsafeElements: bytes)
        return unsafe _overrideLifetime(span, copying: ())
    }

    func count(_ value: ValueID) -> Int { slots[Int(value)].range.count }

    // MARK: - Adding

    mutating func append(_ bytes: Span<UInt8>) {
        // SAFETY: the array copies before the pointer ends.
        unsafe bytes.withUnsafeBufferPointer { unsafe arena.append(contentsOf: $0) }
    }

    mutating func append(_ byte: UInt8) { arena.append(byte) }

    mutating func append(_ text: StaticString) {
        // SAFETY: a static string's bytes live for ever.
        unsafe arena.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(copyOf value: ValueID, upTo limit: Int = .max) {
        let range = slots[Int(value)].range
        var index = Int(range.lower)
        let end = index + min(limit, range.count)
        while index < end {
            arena.append(arena[index])
            index &+= 1
        }
    }

    mutating func append(decimal number: Int64) {
        if number < 0 { arena.append(0x2D) }
        let magnitude = number.magnitude
        var divisor: UInt64 = 1
        while magnitude / divisor >= 10 { divisor &*= 10 }
        while divisor > 0 {
            arena.append(UInt8(truncatingIfNeeded: magnitude / divisor % 10) &+ 0x30)
            divisor /= 10
        }
    }

    /// Takes back what was appended since the arena had so many bytes.
    mutating func truncate(to count: Int) { arena.removeLast(arena.count - count) }

    /// What was appended since `start` becomes a value.
    mutating func value(from start: Int) -> ValueID {
        slots.append(Slot(range: ByteRange(start, arena.count)))
        return ValueID(truncatingIfNeeded: slots.count - 1)
    }

    mutating func add(_ bytes: Span<UInt8>) -> ValueID {
        if bytes.isEmpty { return Self.empty }
        let start = arena.count
        append(bytes)
        return value(from: start)
    }

    mutating func add(number: Int64) -> ValueID {
        if number == 0 { return Self.zero }
        if number == 1 { return Self.one }
        let start = arena.count
        append(decimal: number)
        return value(from: start)
    }

    /// A part of a value, without a copy. The range lies within the value.
    mutating func add(part: Range<Int>, of value: ValueID) -> ValueID {
        let lower = Int(slots[Int(value)].range.lower)
        slots.append(Slot(range: ByteRange(lower + part.lowerBound, lower + part.upperBound)))
        return ValueID(truncatingIfNeeded: slots.count - 1)
    }

    mutating func add(range: ByteRange) -> ValueID {
        slots.append(Slot(range: range))
        return ValueID(truncatingIfNeeded: slots.count - 1)
    }

    // MARK: - Transformations

    /// What the chain makes of a value; computed once.
    mutating func transformed(_ value: ValueID, by chain: Int32, _ chains: [Chain]) -> ValueID {
        if chain == 0 { return value }
        let row = slots[Int(value)].results
        if row >= 0 {
            let known = results[Int(row + chain)]
            if known >= 0 { return known }
        } else {
            slots[Int(value)].results = Int32(truncatingIfNeeded: results.count)
            results.append(contentsOf: repeatElement(-1, count: chains.count))
        }
        let input = transformed(value, by: chains[Int(chain)].parent, chains)
        let step = chains[Int(chain)].step
        let result: ValueID
        if step.apply(to: loan(input), into: &scratch) {
            let start = arena.count
            arena.append(contentsOf: scratch)
            result = self.value(from: start)
        } else {
            result = input
        }
        results[Int(slots[Int(value)].results + chain)] = result
        return result
    }
}

/// What each transaction's heap begins with: the shortest numbers and the names of TX's slots.
struct HeapSeed: Sendable {
    var arena: [UInt8] = []
    var slots: [ValueHeap.Slot] = []

    init(_ names: SlotNames) {
        for text in [[], [0x30], [0x31]] + names.names {
            let start = arena.count
            arena += text
            slots.append(ValueHeap.Slot(range: ByteRange(start, arena.count)))
        }
    }
}
