import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("Numbers of requests")
struct FixedPointTests {
    @Test(arguments: [
        ("0", 0), ("1", 1_000_000), ("0.5", 500_000), (".25", 250_000), ("-3.25", -3_250_000),
        ("1.1234567", 1_123_456), ("007", 7_000_000),
        ("99999999999999999999", 1_000_000_000_000_000),
    ])
    func `a number is read exactly`(_ text: String, _ millionths: Int) {
        #expect(FixedPoint(Array(text.utf8).span)?.millionths == millionths)
    }

    @Test(arguments: ["", "-", ".", "1.", "1e3", "+1", " 1", "1 ", "1.2.3", "0x1", "١"])
    func `what is no number is none`(_ text: String) {
        #expect(FixedPoint(Array(text.utf8).span) == nil)
    }

    @Test(arguments: [(5, 2, 3), (3, 2, 2), (-1, 2, 0), (-3, 2, -1), (-5, 3, -2), (7, 7, 1)])
    func `halves go up, below zero too`(_ number: Int, _ divisor: Int, _ result: Int) {
        #expect(FixedPoint.divide(Int128(number), by: Int128(divisor)) == result)
    }

    @Test func `it is written as it is read`() {
        for value in [0, 1, 500_000, 1_000_000, 33_300_000, -3_250_000, 100_000_001] {
            var text = Buffer()
            FixedPoint(millionths: value).write(into: &text)
            #expect(FixedPoint(text.bytes)?.millionths == value)
        }
    }
}
