/// Searches that look at eight bytes at a time: what they stop at is rare in heads.
extension Span where Element == UInt8 {
    /// The first position from `start` on, below `end`, whose byte is a control (below 0x20, or
    /// 0x7F); `end` if there is none. `end` must not exceed the count.
    @inlinable package func firstControl(from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= count)
        var index = start
        while index &+ 8 <= end {
            // SAFETY: index + 8 <= end <= count, and index never falls below start.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            // The lowest flagged byte is exact; higher ones may be flagged by a borrow.
            let low = (word &- 0x2020_2020_2020_2020) & ~word
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let hits =
                (low | ((delete &- 0x0101_0101_0101_0101) & ~delete)) & 0x8080_8080_8080_8080
            if hits != 0 { return index &+ UInt64(littleEndian: hits).trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < end {
            let byte = self[index]
            if byte < 0x20 || byte == 0x7F { break }
            index &+= 1
        }
        return index
    }

    /// The first position from `start` on, below `end`, whose byte is no visible ASCII character
    /// (0x21 to 0x7E); `end` if there is none. `end` must not exceed the count.
    @inlinable package func firstInvisible(from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= count)
        var index = start
        while index &+ 8 <= end {
            // SAFETY: index + 8 <= end <= count, and index never falls below start.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            let low = word &- 0x2121_2121_2121_2121
            let delete = (word ^ 0x7F7F_7F7F_7F7F_7F7F) &- 0x0101_0101_0101_0101
            let hits = (low | delete | word) & 0x8080_8080_8080_8080
            if hits != 0 {
                // `low` and `delete` also flag bytes above 0x7F, which are to be found anyway.
                return index &+ UInt64(littleEndian: hits).trailingZeroBitCount / 8
            }
            index &+= 8
        }
        while index < end, self[index] &- 0x21 < 0x5E { index &+= 1 }
        return index
    }
}
