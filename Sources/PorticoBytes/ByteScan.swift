/// Searches that look at eight bytes at a time: what they stop at is rare in heads.
extension Span where Element == UInt8 {
    /// The first position from `start` on, below `end`, whose byte is a control (below 0x20, or
    /// 0x7F); `end` if there is none. `end` must not exceed the count.
    @inlinable @inline(__always) package func firstControl(from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= count)
        var index = start
        // Two words a round: values are long, and fewer rounds are there to mispredict.
        while index &+ 16 <= end {
            // SAFETY: index + 16 <= end <= count, and index never falls below start.
            let (first, second) = unsafe (
                bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self),
                bytes.unsafeLoadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)
            )
            let hits = Self.controls(in: first)
            let more = Self.controls(in: second)
            if hits | more != 0 {
                return hits != 0
                    ? index &+ UInt64(littleEndian: hits).trailingZeroBitCount / 8
                    : index &+ 8 &+ UInt64(littleEndian: more).trailingZeroBitCount / 8
            }
            index &+= 16
        }
        if end &- start >= 8 {
            // The rest by words, too: the last one begins with bytes that have been looked at.
            while index < end {
                let place = min(index, end &- 8)
                // SAFETY: start <= place, and place + 8 <= end <= count.
                let word = unsafe bytes.unsafeLoadUnaligned(
                    fromByteOffset: place, as: UInt64.self)
                let hits = Self.controls(in: word)
                if hits != 0 {
                    return place &+ UInt64(littleEndian: hits).trailingZeroBitCount / 8
                }
                index = place &+ 8
            }
            return end
        }
        while index < end {
            let byte = self[index]
            if byte < 0x20 || byte == 0x7F { break }
            index &+= 1
        }
        return index
    }

    /// The highest bit of each byte of the word that is a control. Exact: no sum of seven bits
    /// carries over.
    @inlinable @inline(__always) static func controls(in word: UInt64) -> UInt64 {
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let delete = low &+ 0x0101_0101_0101_0101
        let printable = low &+ 0x6060_6060_6060_6060
        return (delete | ~printable) & ~word & 0x8080_8080_8080_8080
    }

    /// The first position from `start` on, below `end`, whose byte no token has (RFC 9110
    /// §5.6.2); `end` if there is none. `end` must not exceed the count.
    @inlinable @inline(__always) package func firstNonToken(from start: Int, to end: Int) -> Int {
        precondition(start >= 0 && end <= count)
        var index = start
        while index &+ 8 <= end {
            // SAFETY: index + 8 <= end <= count, and index never falls below start.
            let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            // Letters and "-" by the word, since names have little else; the rest one by one.
            let folded = (word | 0x2020_2020_2020_2020) & 0x7F7F_7F7F_7F7F_7F7F
            let letters =
                (folded &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(folded &+ 0x0505_0505_0505_0505) & ~word
            let dash = word ^ 0x2D2D_2D2D_2D2D_2D2D
            let others = ((dash & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7F7F_7F7F_7F7F_7F7F) | dash
            let hits = ~letters & others & 0x8080_8080_8080_8080
            if hits == 0 {
                index &+= 8
            } else {
                index &+= UInt64(littleEndian: hits).trailingZeroBitCount / 8
                if !ASCII.isTokenByte(self[index]) { return index }
                index &+= 1
            }
        }
        while index < end, ASCII.isTokenByte(self[index]) { index &+= 1 }
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

    /// Whether the bytes are those of a field name, letters compared without case. `text` must be
    /// made of letters, digits and "-" only: of these, letters are the ones with bit 0x40.
    @inlinable @inline(__always) package func equals(name text: StaticString) -> Bool {
        let count = count
        if count != text.utf8CodeUnitCount { return false }
        let other = unsafe UnsafeRawPointer(text.utf8Start)
        let own = unsafe bytes
        var index = 0
        if count >= 8 {
            // The last word overlaps the one before it.
            while true {
                // SAFETY: both texts have `count` bytes, and index + 8 <= count.
                let left = unsafe own.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
                let right = unsafe other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if (left ^ right) & ~((right & 0x4040_4040_4040_4040) &>> 1) != 0 { return false }
                if index == count &- 8 { return true }
                index = min(index &+ 8, count &- 8)
            }
        }
        if count >= 4 {
            let last = count &- 4
            // SAFETY: both texts have `count` bytes, and last + 4 is the count.
            let (left0, left1) = unsafe (
                own.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt32.self),
                own.unsafeLoadUnaligned(fromByteOffset: last, as: UInt32.self)
            )
            let (right0, right1) = unsafe (
                other.loadUnaligned(fromByteOffset: 0, as: UInt32.self),
                other.loadUnaligned(fromByteOffset: last, as: UInt32.self)
            )
            return ((left0 ^ right0) & ~((right0 & 0x4040_4040) &>> 1))
                | ((left1 ^ right1) & ~((right1 & 0x4040_4040) &>> 1)) == 0
        }
        while index < count {
            // SAFETY: both texts have `count` bytes.
            let right = unsafe other.load(fromByteOffset: index, as: UInt8.self)
            if (self[index] ^ right) & ~((right & 0x40) &>> 1) != 0 { return false }
            index &+= 1
        }
        return true
    }
}
