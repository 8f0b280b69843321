/// Searches of transformations: eight bytes at a time, since what they stop at is rare.
extension Span where Element == UInt8 {
    /// The first position from `start` on that holds either; the count if there is none.
    @inline(__always)
    func firstIndex(of first: UInt8, or second: UInt8, from start: Int) -> Int {
        var index = start
        let (one, two) = (UInt64(first) &* SWAR.ones, UInt64(second) &* SWAR.ones)
        while index &+ 8 <= count {
            let word = SWAR.word(self, index)
            let hits = SWAR.zeros(word ^ one) | SWAR.zeros(word ^ two)
            if hits != 0 { return index &+ SWAR.first(hits) }
            index &+= 8
        }
        while index < count, self[index] != first, self[index] != second { index &+= 1 }
        return index
    }

    /// The first position from `start` on whose byte is in the class; the count if there is none.
    @inline(__always)
    func firstIndex(in bytes: ByteClass, from start: Int) -> Int {
        var index = start
        while index < count, !bytes.contains(self[index]) { index &+= 1 }
        return index
    }

    /// The first position from `start` on whose byte, ASCII letters folded, lies between two of the
    /// same case; the count if there is none. `lower` and `upper` are below 0x80.
    @inline(__always)
    func firstIndex(between lower: UInt8, and upper: UInt8, from start: Int) -> Int {
        var index = start
        // Exact: seven bits and a summand below 0x80 carry nothing over.
        let above = UInt64(0x80 &- lower) &* SWAR.ones
        let beyond = UInt64(0x7F &- upper) &* SWAR.ones
        while index &+ 8 <= count {
            let word = SWAR.word(self, index)
            let low = word & ~SWAR.highs
            let hits = (low &+ above) & ~(low &+ beyond) & ~word & SWAR.highs
            if hits != 0 { return index &+ SWAR.first(hits) }
            index &+= 8
        }
        while index < count, !(lower...upper).contains(self[index]) { index &+= 1 }
        return index
    }
}

/// Eight bytes in a word.
enum SWAR {
    static var ones: UInt64 { 0x0101_0101_0101_0101 }
    static var highs: UInt64 { 0x8080_8080_8080_8080 }

    @inline(__always)
    static func word(_ span: Span<UInt8>, _ index: Int) -> UInt64 {
        // SAFETY: callers keep 0 <= index and index + 8 <= count.
        unsafe UInt64(
            littleEndian: span.bytes.unsafeLoadUnaligned(
                fromByteOffset: index, as: UInt64.self))
    }

    /// The highest bit of each byte that is zero; the lowest is exact, higher ones may be a borrow's.
    @inline(__always)
    static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    /// The byte that the lowest flag stands in.
    @inline(__always)
    static func first(_ flags: UInt64) -> Int { flags.trailingZeroBitCount / 8 }
}

/// A set of ASCII bytes and of all or no others, known when it is compiled.
struct ByteClass {
    private let low: UInt64, high: UInt64

    /// The characters of a text of ASCII.
    init(_ members: StaticString) {
        var (low, high): (UInt64, UInt64) = (0, 0)
        for index in 0..<members.utf8CodeUnitCount {
            let byte = unsafe members.utf8Start[index]
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
        }
        (self.low, self.high) = (low, high)
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && (word &>> UInt64(byte & 63)) & 1 == 1
    }
}
