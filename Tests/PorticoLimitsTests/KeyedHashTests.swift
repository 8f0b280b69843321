import PorticoLimits
import Testing

@Suite("Keyed hash (SipHash-1-3)")
struct KeyedHashTests {
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
