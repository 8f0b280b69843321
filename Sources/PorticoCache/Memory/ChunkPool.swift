internal import Glibc
internal import Synchronization

/// The memory of bodies, in chunks of the right size.
///
/// Small chunks are malloc's, which packs them tightly. Large ones are whole pages of our own regions,
/// because malloc under churn keeps holes of the wrong size between objects that live on, and the
/// budget is a promise about resident memory. A free large chunk stays warm up to a
/// thirty-second of the budget; beyond that its pages go back to the system at once, while
/// its addresses wait for a chunk of the same size. So a change in the mix of sizes costs
/// address space only.
///
/// Where there is a `backing`, the regions are parts of a file that lies in memory, so that the
/// kernel can send from it without a copy. What was sent so may still wait in a socket when the chunk
/// is free: its pages are given back, never written again.
@safe final class ChunkPool: Sendable {
    static let largest = 64 << 10
    /// From here on, chunks are pages.
    static let smallestPaged = 16 << 10
    private static let page = 4096
    private static let regionBytes = 4 << 20

    private struct Free {
        // SAFETY: addresses of free chunks; each stands in one list only, under the lock.
        var warm: [UInt] = []
        var cold: [UInt] = []
    }

    private struct State {
        var lists = Array(repeating: Free(), count: ChunkPool.largest / ChunkPool.page + 1)
        var warmBytes = 0
        var region: UInt = 0
        var regionEnd: UInt = 0
    }

    let meter: MemoryMeter
    private let state = Mutex(State())
    private let warmLimit: Int
    private let backing: (any ChunkBacking)?

    init(meter: MemoryMeter, backing: (any ChunkBacking)? = nil) {
        self.meter = meter
        self.backing = backing
        warmLimit = max(meter.budget / 32, 1 << 20)
    }

    // Regions are never unmapped: the pool lives as long as the process. Tests give theirs back
    // by emptying the chunks.

    /// What a chunk of this capacity takes.
    static func cost(of capacity: Int) -> Int {
        capacity >= smallestPaged ? capacity : heapBytes(capacity)
    }

    /// The capacity that a chunk for `count` bytes has.
    static func capacity(for count: Int) -> Int {
        if count >= largest { return largest }
        return count < smallestPaged ? count : (count + page - 1) & ~(page - 1)
    }

    /// Charges the meter.
    func take(_ capacity: Int) -> UnsafeMutableRawPointer {
        guard capacity >= Self.smallestPaged else {
            meter.charge(heapBytes(capacity))
            return .allocate(byteCount: capacity, alignment: 16)
        }
        let (address, isWarm) = state.withLock { state in
            let list = capacity / Self.page
            if let address = state.lists[list].warm.popLast() {
                state.warmBytes -= capacity
                return (address, true)
            }
            if let address = state.lists[list].cold.popLast() { return (address, false) }
            if state.region + UInt(capacity) > state.regionEnd { addRegion(&state) }
            let address = state.region
            state.region += UInt(capacity)
            return (address, false)
        }
        // What is warm has been counted all the time.
        if !isWarm { meter.charge(capacity) }
        // SAFETY: a region is mapped for good, and its addresses are never zero.
        return unsafe UnsafeMutableRawPointer(bitPattern: address)!
    }

    /// The file that holds the chunk, and where in it the chunk begins; nil where none does.
    func place(of base: UnsafeMutableRawPointer, _ capacity: Int) -> (any StoredFile, Int)? {
        guard capacity >= Self.smallestPaged, let backing,
            let offset = unsafe backing.offset(of: base)
        else { return nil }
        return (backing.file, offset)
    }

    /// `wasSent`: some of its bytes were sent from the file.
    func give(_ base: UnsafeMutableRawPointer, _ capacity: Int, wasSent: Bool) {
        guard capacity >= Self.smallestPaged else {
            unsafe base.deallocate()
            meter.refund(heapBytes(capacity))
            return
        }
        let address = UInt(bitPattern: base)
        let staysWarm = state.withLock { state in
            guard !wasSent, state.warmBytes + capacity <= warmLimit else { return false }
            state.warmBytes += capacity
            state.lists[capacity / Self.page].warm.append(address)
            return true
        }
        if !staysWarm { cool(address, capacity) }
    }

    /// Gives the pages of all warm chunks back.
    func cool() {
        let lists = state.withLock { state in
            let lists = state.lists.map(\.warm)
            for index in state.lists.indices { state.lists[index].warm = [] }
            state.warmBytes = 0
            return lists
        }
        for (pages, addresses) in lists.enumerated() {
            for address in addresses { cool(address, pages * Self.page) }
        }
    }

    private func cool(_ address: UInt, _ capacity: Int) {
        // SAFETY: whole pages of our region that nobody uses; they read as zero afterwards.
        let base = unsafe UnsafeMutableRawPointer(bitPattern: address)
        let isInFile = unsafe base.map { unsafe backing?.offset(of: $0) != nil } ?? false
        // In a file they have to be taken out of it, and a socket that still has them keeps them.
        let advice = isInFile ? MADV_REMOVE : MADV_DONTNEED
        if unsafe madvise(base, capacity, advice) != 0 {
            // Never to be used again, rather than to be sent with another's bytes.
            if isInFile { return }
        }
        meter.refund(capacity)
        state.withLock { $0.lists[capacity / Self.page].cold.append(address) }
    }

    private func addRegion(_ state: inout State) {
        // What is left of the last region becomes a cold chunk of its size.
        let rest = Int(state.regionEnd - state.region)
        if rest >= Self.smallestPaged {
            state.lists[rest / Self.page].cold.append(state.region)
        }
        if let base = unsafe backing?.grow(by: Self.regionBytes) {
            _ = unsafe madvise(base, Self.regionBytes, MADV_NOHUGEPAGE)
            state.region = UInt(bitPattern: base)
            state.regionEnd = state.region + UInt(Self.regionBytes)
            return
        }
        let base = unsafe mmap(
            nil, Self.regionBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            preconditionFailure("no memory for a region of the cache")
        }
        // A huge page would be resident as a whole for the first byte in it.
        _ = unsafe madvise(base, Self.regionBytes, MADV_NOHUGEPAGE)
        state.region = UInt(bitPattern: base)
        state.regionEnd = state.region + UInt(Self.regionBytes)
    }
}

/// A file that lies in memory, and is mapped into it as it grows. Its mappings stay.
package protocol ChunkBacking: AnyObject, Sendable {
    var file: any StoredFile { get }
    /// Maps so many bytes more, shared and writable; nil if there is no room. One at a time.
    func grow(by count: Int) -> UnsafeMutableRawPointer?
    /// Where in the file an address stands; nil for one that is not its own.
    func offset(of address: UnsafeMutableRawPointer) -> Int?
}

/// A piece of a body. Its writer fills it from the front; what has been published never changes.
@safe final class BodyChunk: Sendable {
    // SAFETY: written only by the body's one writer, behind the published length; read only
    // below it.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    let capacity: Int
    private let pool: ChunkPool
    private let wasSent = Atomic(false)

    /// What the object itself takes.
    static let overhead = heapBytes(40)

    init(capacity: Int, from pool: ChunkPool) {
        self.capacity = capacity
        self.pool = pool
        unsafe base = pool.take(capacity)
        pool.meter.charge(Self.overhead)
    }

    deinit {
        unsafe pool.give(base, capacity, wasSent: wasSent.load(ordering: .relaxed))
        pool.meter.refund(Self.overhead)
    }

    /// For the writer, with room for the bytes.
    func write(_ bytes: Span<UInt8>, at offset: Int) {
        precondition(offset + bytes.count <= capacity)
        if bytes.isEmpty { return }
        // SAFETY: the range lies in the chunk.
        unsafe bytes.withUnsafeBytes { source in
            unsafe (base + offset).copyMemory(from: source.baseAddress!, byteCount: source.count)
        }
    }

    /// For a reader who has the kernel send a published range: where that is.
    func place(of range: Range<Int>) -> (any StoredFile, Range<Int>)? {
        guard let (file, start) = unsafe pool.place(of: base, capacity) else { return nil }
        wasSent.store(true, ordering: .relaxed)
        return (file, start + range.lowerBound..<start + range.upperBound)
    }

    /// For readers, with a range that has been published.
    func withBytes<R>(_ range: Range<Int>, _ body: (Span<UInt8>) -> R) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= capacity)
        // SAFETY: the range lies in the chunk, which lives during the call.
        return body(
            unsafe Span<UInt8>(
                _unsafeBytes: UnsafeRawBufferPointer(
                    start: base + range.lowerBound, count: range.count)))
    }
}
