/// SipHash-1-3 with 128 bits of output, under a secret key.
///
/// Whoever sends requests chooses what is hashed: with a hash that he could compute, he would fill
/// one shard. Two texts may still share a hash, so the texts themselves are compared.
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
        var v0 = key0 ^ 0x736F_6D65_7073_6575
        var v1 = key1 ^ 0x646F_7261_6E64_6F6D ^ 0xEE
        var v2 = key0 ^ 0x6C79_6765_6E65_7261
        var v3 = key1 ^ 0x7465_6462_7974_6573
        let count = bytes.count
        var index = 0
        while index &+ 8 <= count {
            // SAFETY: 0 <= index, and index + 8 <= count.
            let raw = unsafe bytes.bytes.unsafeLoadUnaligned(
                fromByteOffset: index, as: UInt64.self)
            let word = UInt64(littleEndian: raw)
            v3 ^= word
            Self.round(&v0, &v1, &v2, &v3)
            v0 ^= word
            index &+= 8
        }
        var last = UInt64(truncatingIfNeeded: count) << 56
        var shift: UInt64 = 0
        while index < count {
            last |= UInt64(bytes[index]) << shift
            shift += 8
            index &+= 1
        }
        v3 ^= last
        Self.round(&v0, &v1, &v2, &v3)
        v0 ^= last
        v2 ^= 0xEE
        for _ in 0..<3 { Self.round(&v0, &v1, &v2, &v3) }
        let low = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xDD
        for _ in 0..<3 { Self.round(&v0, &v1, &v2, &v3) }
        return Digest(high: v0 ^ v1 ^ v2 ^ v3, low: low)
    }

    @inline(__always) private static func round(
        _ v0: inout UInt64, _ v1: inout UInt64, _ v2: inout UInt64, _ v3: inout UInt64
    ) {
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
