import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Fields")
struct FieldsTests {
    private func text(_ fields: borrowing Fields) -> [String] {
        (0..<fields.count).map { "\(fields.name(at: $0).text): \(fields.value(at: $0).text)" }
    }

    @Test func `a copy has the lines of the first, and room of its own`() {
        var first = Fields()
        first.append(.host, "a")
        first.append(name: Array("X-One".utf8).span, value: Array("1".utf8).span)
        let range = first.range(of: .host)
        var copy = Fields()
        copy.take(first, spareBytes: 100, spareLines: 4)
        copy.append(.via, "1.1 portico")
        #expect(text(first) == ["Host: a", "X-One: 1"])
        #expect(text(copy) == ["Host: a", "X-One: 1", "Via: 1.1 portico"])
        // Ranges of the first hold in the copy: the bytes stand where they stood.
        #expect(copy[range].text == "a")
    }

    @Test func `a value can be written in pieces`() {
        var fields = Fields()
        fields.append(.forwarded) { value in
            value.write("for=")
            value.write(Array("1.2.3.4".utf8).span)
            value.write(0x3B)
            value.write(decimal: 0)
            value.write(decimal: 1234567890)
            value.write(decimal: .max)
        }
        #expect(text(fields) == ["Forwarded: for=1.2.3.4;0123456789018446744073709551615"])
    }

    @Test func `the first line can be put before the others, and lines taken out`() {
        var fields = Fields()
        fields.append(.via, "a")
        fields.append(.age, "1")
        fields.insertFirst(.host, Array("h".utf8).span)
        fields.remove(.via)
        fields.set(.age, Array("2".utf8).span)
        #expect(text(fields) == ["Host: h", "Age: 2"])
    }

    @Test(arguments: [
        ("close", true), ("CLOSE", true), (" a , Close,b", true), ("closed", false), ("", false),
        (",,,close", true),
    ])
    func `members of a list are found without case`(_ value: String, _ found: Bool) {
        var fields = Fields()
        fields.append(.connection, "x")
        fields.append(.connection, value)
        #expect(fields.list(.connection, contains: "close") == found)
    }
}
