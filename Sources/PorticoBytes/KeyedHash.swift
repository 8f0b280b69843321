/// SipHash-1-3 with 64 bits of output, under a secret key.
@usableFromInline package struct KeyedHash: Sendable {
    @usableFromInline let key0: UInt64
    @usableFromInline let key1: UInt64

    package init(seed: (UInt64, UInt64)) { (key0, key1) = seed }

    /// The hash of sixteen bytes: of two words, the first's lowest byte first.
    @inlinable package func callAsFunction(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var state = SipState(seed: (key0, key1), isWide: false)
        state.absorb(first)
        state.absorb(second)
        state.absorb(16 << 56)
        return state.finish()
    }

    @inlinable package func callAsFunction(_ bytes: Span<UInt8>) -> UInt64 {
        var state = SipState(seed: (key0, key1), isWide: false)
        state.absorb(last: bytes)
        return state.finish()
    }
}
