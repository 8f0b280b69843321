import PorticoBytes
import PorticoHTTP
import Testing

@Suite struct AcceptEncodingTests {
    private func best(_ values: String...) -> ContentCoding? {
        var fields = Fields()
        for value in values { fields.append(.acceptEncoding, value) }
        return AcceptEncoding(fields).best(of: [.brotli, .zstd, .gzip])
    }

    @Test func theFirstOfEqualsIsTaken() {
        #expect(best("gzip, deflate, br, zstd") == .brotli)
        #expect(best("gzip", "zstd") == .zstd)
        #expect(best("gzip") == .gzip)
        #expect(best("X-GZIP") == .gzip)
    }

    @Test func theWeightGoesFirst() {
        #expect(best("br;q=0.5, gzip;q=0.8") == .gzip)
        #expect(best("br; Q=0.800 , gzip;q=0.8") == .brotli)
    }

    @Test func whatIsRefusedIsNotTaken() {
        #expect(best("br;q=0, gzip;q=0.000") == nil)
        #expect(best("identity") == nil)
        #expect(best("") == nil)
        #expect(best() == nil)
        #expect(best("deflate, compress") == nil)
    }

    @Test func aStarIsAllThatIsNotNamed() {
        #expect(best("*") == .brotli)
        #expect(best("br;q=0, *") == .zstd)
        #expect(best("gzip, *;q=0") == .gzip)
    }

    @Test func spellingsOfTheSameAreOne() {
        func normal(_ value: String) -> String {
            var fields = Fields()
            fields.append(.acceptEncoding, value)
            var buffer = Buffer()
            AcceptEncoding(fields).write(into: &buffer)
            return String(decoding: buffer.bytes.array, as: UTF8.self)
        }
        #expect(normal("br;q=0.9,GZIP , junk") == "gzip, br")
        #expect(normal("evil.example") == "")
    }

    /// A weight that is none refuses: what was meant is not known.
    @Test(arguments: ["br;q=2", "br;q=1.001", "br;q=", "br;q=0.1234", "br;q=-1", "br;q=0,5;q"])
    func aMalformedWeightRefuses(_ value: String) { #expect(best(value) == nil) }
}
