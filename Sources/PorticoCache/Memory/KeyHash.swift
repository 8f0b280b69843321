internal import PorticoBytes

/// The hash of a cache key: wide enough that equal hashes of different keys do not happen, and
/// secret, so that nobody can choose keys that fall together.
package struct KeyHash: Hashable, Sendable {
    package let low: UInt64
    package let high: UInt64

    /// A dictionary need not hash the hash once more with a secret of its own.
    package func _rawHashValue(seed: Int) -> Int { Int(truncatingIfNeeded: low) ^ seed }
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
        var state = SipState(seed: (key0, key1), isWide: true)
        state.absorb(prefix)
        state.absorb(last: bytes, after: 8)
        let low = state.finish()
        return KeyHash(low: low, high: state.finishUpper())
    }
}
