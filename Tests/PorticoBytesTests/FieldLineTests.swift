import PorticoBytes
import Testing

@Suite("Field lines")
struct FieldLineTests {
    @Test(arguments: [
        ("Host", "a", "Host: a\r\n"), ("X", "", "X: \r\n"),
        ("X", "a\tb", "X: a\tb\r\n"), ("X", "a\r\nY: b", "X: a  Y: b\r\n"),
        ("X", "\u{0}\u{7F}\n", "X:    \r\n"),
    ])
    func `a value never begins a line of its own`(
        _ name: String, _ value: String, _ line: String
    ) {
        var buffer = Buffer()
        buffer.append("before ")
        buffer.append(fieldLine: Array(name.utf8).span, Array(value.utf8).span)
        #expect(buffer.bytes.text == "before " + line)
    }

    @Test func `long values are looked through to their end`() {
        for length in 1...70 {
            for place in 0..<length {
                var value = [UInt8](repeating: 0x61, count: length)
                value[place] = 0x0A
                var buffer = Buffer()
                buffer.append(fieldLine: [0x58].span, value.span)
                value[place] = 0x20
                let line = Array("X: ".utf8) + value + Array("\r\n".utf8)
                #expect(buffer.bytes.array == line)
            }
        }
    }
}
