import Testing

@testable import PorticoCache

@Suite("Checksums (XXH64)")
struct ChecksumTests {
    @Test(
        arguments: [
            ("", 0, 0xEF46_DB37_51D8_E999), ("a", 0, 0xD24E_C4F1_A98C_6E5B),
            ("abc", 0, 0x44BC_2CF5_AD77_0999),
            ("Nobody inspects the spammish repetition", 0, 0xFBCE_A83C_8A37_8BF1),
        ] as [(String, UInt64, UInt64)])
    func `the published values come out`(_ text: String, _ seed: UInt64, _ sum: UInt64) {
        #expect(Checksum.of(Array(text.utf8).span, seed: seed) == sum)
    }

    @Test func `each flipped bit shows at every length`() {
        for count in 0..<100 {
            var bytes = (0..<count).map { UInt8($0) }
            let sum = Checksum.of(bytes.span, seed: 7)
            for bit in 0..<count * 8 {
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(Checksum.of(bytes.span, seed: 7) != sum)
                bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }
}
