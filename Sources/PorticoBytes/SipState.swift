/// The state of SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
///
/// Whoever sends requests chooses what is hashed: with a hash that he could compute, he would fill
/// one shard or one run of slots. Its authors designed SipHash for exactly this use. The kinds of
/// hashes that Portico uses differ only in what they absorb and how much they give out.
@usableFromInline package struct SipState {
    @usableFromInline var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64
    @usableFromInline let isWide: Bool

    /// `isWide`: for 128 bits of output.
    @inlinable package init(seed: (UInt64, UInt64), isWide: Bool) {
        self.isWide = isWide
        v0 = seed.0 ^ 0x736F_6D65_7073_6575
        v1 = seed.1 ^ 0x646F_7261_6E64_6F6D ^ (isWide ? 0xEE : 0)
        v2 = seed.0 ^ 0x6C79_6765_6E65_7261
        v3 = seed.1 ^ 0x7465_6462_7974_6573
    }

    @inlinable @inline(__always) package mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    /// Absorbs the rest of a message whose first `before` bytes, a multiple of 8, have been.
    @inlinable package mutating func absorb(last bytes: Span<UInt8>, after before: Int = 0) {
        let count = bytes.count
        var index = 0
        while index &+ 8 <= count {
            // SAFETY: 0 <= index, and index + 8 <= count.
            let raw = unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: index, as: UInt64.self)
            absorb(UInt64(littleEndian: raw))
            index &+= 8
        }
        // The last block holds the length of the message in its top byte.
        var last = UInt64(truncatingIfNeeded: before &+ count) << 56
        var shift: UInt64 = 0
        while index < count {
            last |= UInt64(bytes[index]) &<< shift
            shift &+= 8
            index &+= 1
        }
        absorb(last)
    }

    /// The hash's 64 bits, or its lower ones.
    @inlinable @inline(__always) package mutating func finish() -> UInt64 {
        v2 ^= isWide ? 0xEE : 0xFF
        return squeeze()
    }

    /// The upper 64 of 128 bits, after `finish`.
    @inlinable @inline(__always) package mutating func finishUpper() -> UInt64 {
        v1 ^= 0xDD
        return squeeze()
    }

    @inlinable @inline(__always) mutating func squeeze() -> UInt64 {
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inlinable @inline(__always) mutating func round() {
        v0 &+= v1
        v1 = (v1 &<< 13 | v1 &>> 51) ^ v0
        v0 = v0 &<< 32 | v0 &>> 32
        v2 &+= v3
        v3 = (v3 &<< 16 | v3 &>> 48) ^ v2
        v0 &+= v3
        v3 = (v3 &<< 21 | v3 &>> 43) ^ v0
        v2 &+= v1
        v1 = (v1 &<< 17 | v1 &>> 47) ^ v2
        v2 = v2 &<< 32 | v2 &>> 32
    }
}
