import PorticoBytes
import Testing

@testable import PorticoTLS

@Suite("Digests and randomness")
struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `SHA-256 is that of FIPS 180-4`(_ text: String, _ digest: String) {
        let made = Digest.hex(Digest.sha256(Array(text.utf8).span).span)
        #expect(made == digest)
    }

    @Test(arguments: [
        (
            "Jefe", "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        ("", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ])
    func `HMAC is that of RFC 4231`(_ key: String, _ text: String, _ code: String) {
        let made = Digest.hmacSHA256(key: Array(key.utf8).span, Array(text.utf8).span)
        let hex = Digest.hex(made.span)
        #expect(hex == code)
    }

    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("a", "b", false), ("a", "aa", false), ("", "a", false),
    ])
    func `equal is what is the same to the last byte`(_ left: String, _ right: String, _ same: Bool)
    {
        let equal = Digest.constantTimeEquals(Array(left.utf8).span, Array(right.utf8).span)
        #expect(equal == same)
    }

    @Test func `random bytes differ`() {
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
    }
}
