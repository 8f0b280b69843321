internal import PorticoBytes

/// The prefilter: one pass that says which of many groups of literals occur, ASCII case ignored.
///
/// A group stands for a pattern or phrase list that cannot match where none of its literals occurs
/// (`RequiredLiterals`). Shared between threads.
///
/// Of each literal one window of at most four bytes is looked for, the one that is rarest in
/// ordinary text, told by the bytes' kinds; where it stands, the whole literal is compared. Most
/// values are a few bytes long: starting a scan of Vectorscan costs as much as looking at a hundred
/// bytes so, and compiling its tables for the Core Rule Set takes two seconds.
///
///     byte → symbol (6 bits) → the last four in 24 bits → a bit of `quads`, of its last 18 of
///     `triples`, 12 of `pairs`, 6 of `singles` → `heads`, by hash → entries → compare
@safe package final class LiteralFilter: Sendable {
    package let groupCount: Int
    private let singles: UInt64
    // SAFETY of all pointers: written by `init`, read only afterwards, freed by `deinit`.
    nonisolated(unsafe) private let pairs: UnsafeMutablePointer<UInt64>
    nonisolated(unsafe) private let triples: UnsafeMutablePointer<UInt64>
    nonisolated(unsafe) private let quads: UnsafeMutablePointer<UInt64>
    /// Of each hash, the first entry; -1: none.
    nonisolated(unsafe) private let heads: UnsafeMutablePointer<Int32>
    nonisolated(unsafe) private let entries: UnsafeMutablePointer<Entry>
    private let entryCount: Int
    /// The literals, in lower case.
    nonisolated(unsafe) private let pool: UnsafeMutablePointer<UInt8>
    private let poolCount: Int
    /// Bits of groups; literals that stand in the same groups share a row of `wordCount` words.
    nonisolated(unsafe) private let rows: UnsafeMutablePointer<UInt64>
    private let rowCount: Int

    private struct Entry {
        /// The window's symbols, and its length in the upper eight bits.
        let key: UInt32
        /// Into `pool`.
        let start: UInt32
        let count: UInt32
        /// Bytes from the literal's beginning to the window's end.
        let before: UInt32
        /// A group; or of several, the complement of their row's number.
        let group: Int32
        /// With the same hash; -1: none.
        var next: Int32
    }

    private static let quadBits: UInt32 = 17
    private static let headBits: UInt32 = 14

    /// Group *i* are the literals that stand at *i*. A group without literals is never found; an
    /// empty literal may not be among them.
    package init(groups: [[[UInt8]]]) {
        groupCount = groups.count
        unsafe pairs = Self.zeros(1 << 12)
        unsafe triples = Self.zeros(1 << 18)
        unsafe quads = Self.zeros(1 << Int(Self.quadBits))
        unsafe heads = .allocate(capacity: 1 << Int(Self.headBits))
        unsafe heads.initialize(repeating: -1, count: 1 << Int(Self.headBits))
        let words = (groups.count + 63) / 64
        var (singles, entries, pool): (UInt64, [Entry], [UInt8]) = (0, [], [])
        var rows: [UInt64] = []
        var rowNumbers: [[Int]: Int32] = [:]
        var members: [[UInt8]: [Int]] = [:]
        for (group, literals) in groups.enumerated() {
            for literal in Set(literals.map { $0.map(ASCII.lowercase) }) where !literal.isEmpty {
                members[literal, default: []].append(group)
            }
        }
        for (literal, groups) in members {
            var group = Int32(groups[0])
            if groups.count > 1 {
                let number = rowNumbers[groups] ?? Int32(rowNumbers.count)
                if number == rowNumbers.count {
                    rowNumbers[groups] = number
                    var row = [UInt64](repeating: 0, count: words)
                    for group in groups { row[group >> 6] |= UInt64(1) << UInt64(group & 63) }
                    rows += row
                }
                group = ~number
            }
            let window = Self.rarestWindow(of: literal)
            var code: UInt32 = 0
            for byte in literal[window] { code = code << 6 | Self.symbol(byte) }
            switch window.count {
            case 1: singles |= 1 << UInt64(code)
            case 2: unsafe Self.set(pairs, code)
            case 3: unsafe Self.set(triples, code)
            default: unsafe Self.set(quads, Self.quadHash(code))
            }
            let key = UInt32(window.count) << 24 | code
            let hash = Int(Self.headHash(key))
            entries.append(
                Entry(
                    key: key, start: UInt32(pool.count), count: UInt32(literal.count),
                    before: UInt32(window.upperBound), group: group,
                    next: unsafe heads[hash]))
            unsafe heads[hash] = Int32(entries.count - 1)
            pool += literal
        }
        self.singles = singles
        (entryCount, poolCount) = (entries.count, pool.count)
        unsafe self.entries = .allocate(capacity: entries.count)
        unsafe self.pool = .allocate(capacity: pool.count)
        rowCount = rowNumbers.count
        unsafe self.rows = .allocate(capacity: rows.count)
        for index in entries.indices {
            unsafe (self.entries + index).initialize(to: entries[index])
        }
        for index in pool.indices { unsafe (self.pool + index).initialize(to: pool[index]) }
        for index in rows.indices { unsafe (self.rows + index).initialize(to: rows[index]) }
    }

    deinit {
        unsafe pairs.deallocate()
        unsafe triples.deallocate()
        unsafe quads.deallocate()
        unsafe heads.deallocate()
        unsafe entries.deallocate()
        unsafe pool.deallocate()
        unsafe rows.deallocate()
    }

    /// Bytes of memory that the compiled set takes.
    package var size: Int {
        (1 << 12 + 1 << 18 + 1 << Int(Self.quadBits)) / 8 + 4 << Int(Self.headBits)
            + entryCount * MemoryLayout<Entry>.stride + poolCount + rowCount * 8 * wordCount
    }

    /// Words of 64 bits that `scan` needs.
    package var wordCount: Int { (groupCount + 63) / 64 }

    /// Sets bit *i* (of word *i* / 64) for each group of which a literal occurs, and leaves the
    /// others as they were. `bits` holds at least `wordCount` words. Whether any occurs.
    @discardableResult
    package func scan(_ value: Span<UInt8>, into bits: inout MutableSpan<UInt64>) -> Bool {
        precondition(bits.count >= wordCount)
        // SAFETY: all are used within the call; groups are below `groupCount`, symbols below 64,
        // and codes have as many bits as the tables that they index.
        return unsafe bits.withUnsafeMutableBufferPointer { bits in
            unsafe value.withUnsafeBufferPointer { bytes in
                unsafe scan(bytes, bits.baseAddress)
            }
        }
    }

    private func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, _ bits: UnsafeMutablePointer<UInt64>?
    ) -> Bool {
        guard let start = bytes.baseAddress, let bits = unsafe bits else { return false }
        let symbols = unsafe ByteKinds.symbols
        let (pairs, triples, quads) = unsafe (pairs, triples, quads)
        var code: UInt32 = 0xFF_FFFF
        var found = false
        var index = 0
        while index < bytes.count {
            let symbol = unsafe UInt32(symbols[Int(start[index])] & 63)
            index &+= 1
            code = (code << 6 | symbol) & 0xFF_FFFF
            let quad = unsafe Self.bit(quads, Self.quadHash(code))
            let triple = unsafe Self.bit(triples, code & 0x3_FFFF)
            let pair = unsafe Self.bit(pairs, code & 0xFFF)
            let single = singles &>> UInt64(symbol)
            if (quad | triple | pair | single) & 1 == 0 { continue }
            if quad & 1 == 1, unsafe find(4 << 24 | code, bytes, index, bits) { found = true }
            if triple & 1 == 1, unsafe find(3 << 24 | code & 0x3_FFFF, bytes, index, bits) {
                found = true
            }
            if pair & 1 == 1, unsafe find(2 << 24 | code & 0xFFF, bytes, index, bits) {
                found = true
            }
            if single & 1 == 1, unsafe find(1 << 24 | symbol, bytes, index, bits) { found = true }
        }
        return found
    }

    /// Compares the literals whose window ends before `end`.
    @inline(never)
    private func find(
        _ key: UInt32, _ bytes: UnsafeBufferPointer<UInt8>, _ end: Int,
        _ bits: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        let words = wordCount
        var found = false
        var next = unsafe heads[Int(Self.headHash(key))]
        while next >= 0 {
            let entry = unsafe entries + Int(next)
            next = unsafe entry.pointee.next
            if unsafe entry.pointee.key != key { continue }
            let group = unsafe Int(entry.pointee.group)
            if group >= 0 {
                let bit = (1 as UInt64) &<< UInt64(group & 63)
                // It is known to occur; else it is compared.
                if unsafe bits[group >> 6] & bit != 0 { continue }
                if unsafe !occurs(entry, bytes, end) { continue }
                unsafe bits[group >> 6] |= bit
            } else {
                let row = unsafe rows + ~group &* words
                var missing: UInt64 = 0
                for word in 0..<words { unsafe missing |= row[word] & ~bits[word] }
                if missing == 0 { continue }
                if unsafe !occurs(entry, bytes, end) { continue }
                for word in 0..<words { unsafe bits[word] |= row[word] }
            }
            found = true
        }
        return found
    }

    private func occurs(
        _ entry: UnsafePointer<Entry>, _ bytes: UnsafeBufferPointer<UInt8>, _ end: Int
    ) -> Bool {
        let first = unsafe end &- Int(entry.pointee.before)
        let count = unsafe Int(entry.pointee.count)
        let literal = unsafe pool + Int(entry.pointee.start)
        if first < 0 || first &+ count > bytes.count { return false }
        var offset = 0
        while offset < count {
            if unsafe ASCII.lowercase(bytes[first &+ offset]) != literal[offset] { return false }
            offset &+= 1
        }
        return true
    }

    // MARK: - Windows

    private static func rarestWindow(of literal: [UInt8]) -> Range<Int> {
        let width = min(4, literal.count)
        var best = (frequency: Int.max, start: 0)
        for start in 0...(literal.count - width) {
            var frequency = 0
            for byte in literal[start..<(start + width)] {
                // Of ten digits and forty controls, each is taken for the others.
                frequency += ByteKinds(byte).frequency
            }
            if frequency < best.frequency { best = (frequency, start) }
        }
        return best.start..<(best.start + width)
    }

    private static func symbol(_ byte: UInt8) -> UInt32 {
        // SAFETY: the table has a symbol for each byte.
        unsafe UInt32(ByteKinds.symbols[Int(byte)] & 63)
    }

    private static func zeros(_ bits: Int) -> UnsafeMutablePointer<UInt64> {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: bits / 64)
        unsafe words.initialize(repeating: 0, count: bits / 64)
        return unsafe words
    }

    private static func set(_ words: UnsafeMutablePointer<UInt64>, _ bit: UInt32) {
        unsafe words[Int(bit >> 6)] |= 1 << UInt64(bit & 63)
    }

    /// In the lowest bit; what stands in the others does not matter.
    @inline(__always)
    private static func bit(_ words: UnsafeMutablePointer<UInt64>, _ bit: UInt32) -> UInt64 {
        unsafe words[Int(bit &>> 6)] &>> UInt64(bit & 63)
    }

    @inline(__always)
    private static func quadHash(_ code: UInt32) -> UInt32 {
        (code &* 0x9E37_79B1) &>> (32 &- quadBits)
    }

    private static func headHash(_ key: UInt32) -> UInt32 {
        (key &* 0x85EB_CA6B) &>> (32 &- headBits)
    }
}
