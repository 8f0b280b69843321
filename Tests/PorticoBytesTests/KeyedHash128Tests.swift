import PorticoBytes
import Testing

@Suite("Keyed hashes of bytes")
struct KeyedHash128Tests {
    private let hash = KeyedHash128(seed: (1, 2))

    @Test func `each byte, each length and the key count`() {
        var seen = Set<KeyedHash128.Digest>()
        for count in 0..<40 {
            let zeros = [UInt8](repeating: 0, count: count)
            let digest = hash(zeros.span)
            #expect(seen.insert(digest).inserted)
            for index in 0..<count {
                var bytes = zeros
                bytes[index] = 1
                let digest = hash(bytes.span)
                #expect(seen.insert(digest).inserted)
            }
        }
        let bytes: [UInt8] = [7]
        let again = KeyedHash128(seed: (1, 2))(bytes.span)
        let other = KeyedHash128(seed: (1, 3))(bytes.span)
        let first = hash(bytes.span)
        #expect(first == again)
        #expect(other != again)
    }
}
