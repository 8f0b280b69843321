import PorticoBytes
import Testing

@Suite("Keyed hash (SipHash-1-3)")
struct KeyedHashTests {
    // From CPython 3.11, which hashes bytes with SipHash-1-3, under the key 0.
    @Test(
        arguments: [
            (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908, 0x8972_1884_33A5_C5B7),
            (0, 0, 0x76BE_999E_3E25_B2A0),
            (UInt64.max, UInt64.max, 0x3502_9A3B_6274_A39B),
        ] as [(UInt64, UInt64, UInt64)])
    func `it is what others compute`(_ first: UInt64, _ second: UInt64, _ hash: UInt64) {
        #expect(KeyedHash(seed: (0, 0))(first, second) == hash)
    }

    @Test func `the key decides`() {
        #expect(KeyedHash(seed: (1, 2))(3, 4) == KeyedHash(seed: (1, 2))(3, 4))
        #expect(KeyedHash(seed: (1, 2))(3, 4) != KeyedHash(seed: (2, 2))(3, 4))
        #expect(KeyedHash(seed: (1, 2))(3, 4) != KeyedHash(seed: (1, 3))(3, 4))
    }

    @Test func `neighbouring addresses spread over all shards`() {
        let hash = KeyedHash(seed: (0xDEAD, 0xBEEF))
        var counts = [Int](repeating: 0, count: 64)
        for low in 0..<64_000 as Range<UInt64> { counts[Int(hash(0, low) >> 58)] += 1 }
        // 1000 each; more than seven standard deviations off would be no accident.
        #expect(counts.allSatisfy { (780...1220).contains($0) })
    }
}
