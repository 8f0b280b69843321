import PorticoBytes
import Testing

@Suite("Buffer")
struct BufferTests {
    @Test func `what is appended in pieces is consumed in order`() {
        var buffer = Buffer()
        for piece in 0..<100 {
            buffer.append(Array("piece \(piece);".utf8).span)
            if piece % 3 == 0 { buffer.consume(4) }
        }
        #expect(buffer.count == 10 * 8 + 90 * 9 - 34 * 4)
        #expect(buffer.bytes.text.hasSuffix("piece 98;piece 99;"))
    }

    @Test(arguments: [
        (0, "0"), (7, "7"), (10, "10"), (1024, "1024"), (UInt64.max, "18446744073709551615"),
    ])
    func `numbers are written in decimal`(_ number: UInt64, _ text: String) {
        var buffer = Buffer()
        buffer.append(decimal: number)
        #expect(buffer.bytes.text == text)
        #expect(buffer.bytes.decimal == number)
    }

    @Test(arguments: [
        (0, "0"), (15, "f"), (16, "10"), (0xABCDEF, "abcdef"), (UInt64.max, "ffffffffffffffff"),
    ])
    func `numbers are written in hexadecimal`(_ number: UInt64, _ text: String) {
        var buffer = Buffer()
        buffer.append(hexadecimal: number)
        #expect(buffer.bytes.text == text)
    }

    @Test(arguments: [
        "", "-1", "+1", "1a", " 1", "18446744073709551616", "99999999999999999999999",
    ])
    func `what is no decimal number has no value`(_ text: String) {
        #expect(Array(text.utf8).span.decimal == nil)
    }

    @Test func `token bytes are those of RFC 9110`() {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let allowed = Set("!#$%&'*+-.^_`|~0123456789\(letters)".utf8)
        for byte in UInt8.min...UInt8.max {
            #expect(ASCII.isTokenByte(byte) == allowed.contains(byte), "byte \(byte)")
        }
    }
}
