/// SipHash-1-3 with 128 bits of output, under a secret key.
///
/// Two texts may still share a hash, so where that matters the texts themselves are compared.
package struct KeyedHash128: Sendable {
    package struct Digest: Hashable, Sendable {
        package let high: UInt64
        package let low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    private let key0: UInt64
    private let key1: UInt64

    package init(seed: (UInt64, UInt64)) { (key0, key1) = seed }

    package func callAsFunction(_ bytes: Span<UInt8>) -> Digest {
        var state = SipState(seed: (key0, key1), isWide: true)
        state.absorb(last: bytes)
        let low = state.finish()
        return Digest(high: state.finishUpper(), low: low)
    }
}
