/// SipHash-1-3 of two words, under a secret key.
///
/// Addresses are chosen by peers: with a hash that they could compute, they would fill one shard
/// or one run of slots. Its authors designed SipHash for exactly this use.
package struct KeyedHash: Sendable {
    private let key0: UInt64
    private let key1: UInt64

    package init(seed: (UInt64, UInt64)) { (key0, key1) = seed }

    package func callAsFunction(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var state = State(
            v0: key0 ^ 0x736F_6D65_7073_6575, v1: key1 ^ 0x646F_7261_6E64_6F6D,
            v2: key0 ^ 0x6C79_6765_6E65_7261, v3: key1 ^ 0x7465_6462_7974_6573)
        state.absorb(first)
        state.absorb(second)
        // The last block holds the length of the message, 16 bytes, in its top byte.
        state.absorb(16 << 56)
        state.v2 ^= 0xFF
        state.round()
        state.round()
        state.round()
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }

    private struct State {
        var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

        @inline(__always) mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
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
}
