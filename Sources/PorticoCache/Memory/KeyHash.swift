internal import PorticoBytes

/// The hash of a cache key: wide enough that equal hashes of different keys do not happen, and
/// secret, so that nobody can choose keys that fall together.
package struct KeyHash: Hashable, Sendable {
    package let low: UInt64
    package let high: UInt64
}

/// SipHash-1-3 with 128 bits of outcome, under a key that is drawn at start.
///
/// Keys are chosen by clients: with a hash that they could compute, they would fill one shard or
/// one run of slots. Its authors designed SipHash for exactly this use.
package struct KeyHasher: Sendable {
    private let key0: UInt64
    private let key1: UInt64

    package init(seed: (UInt64, UInt64)) { (key0, key1) = seed }

    package init() {
        var generator = SystemRandomNumberGenerator()
        self.init(seed: (generator.next(), generator.next()))
    }

    /// `prefix` is hashed before the bytes, as eight of them.
    package func callAsFunction(_ bytes: Span<UInt8>, prefix: UInt64 = 0) -> KeyHash {
        var state = SipState(
            v0: key0 ^ 0x736F_6D65_7073_6575, v1: key1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE,
            v2: key0 ^ 0x6C79_6765_6E65_7261, v3: key1 ^ 0x7465_6462_7974_6573)
        state.absorb(prefix)
        let count = bytes.count
        var index = 0
        while index &+ 8 <= count {
            // SAFETY: index + 8 <= count.
            state.absorb(
                unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        // The last block holds the length of the message in its top byte.
        var last = UInt64(truncatingIfNeeded: count &+ 8) << 56
        var shift: UInt64 = 0
        while index < count {
            last |= UInt64(bytes[index]) << shift
            shift &+= 8
            index &+= 1
        }
        state.absorb(last)
        state.v2 ^= 0xEE
        let low = state.finish()
        state.v1 ^= 0xDD
        return KeyHash(low: low, high: state.finish())
    }
}

private struct SipState {
    var v0: UInt64
    var v1: UInt64
    var v2: UInt64
    var v3: UInt64

    @inline(__always) mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    @inline(__always) mutating func finish() -> UInt64 {
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always) mutating func round() {
        v0 &+= v1
        v1 = Self.rotate(v1, 13) ^ v0
        v0 = Self.rotate(v0, 32)
        v2 &+= v3
        v3 = Self.rotate(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotate(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotate(v1, 17) ^ v2
        v2 = Self.rotate(v2, 32)
    }

    @inline(__always) private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        word &<< bits | word &>> (64 - bits)
    }
}
