import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Field names")
struct FieldNameTests {
    private func read(_ text: String) -> FieldName { FieldName(Array(text.utf8).span) }

    @Test func `each known name is recognised in any case, and nothing close to it`() {
        var rawValue = FieldName.other.rawValue + 1
        while let name = FieldName(rawValue: rawValue) {
            let text = name.text.description
            #expect(read(text) == name)
            #expect(read(text.lowercased()) == name)
            #expect(read(text.uppercased()) == name)
            #expect(read(text + "s") != name)
            #expect(read("z" + text.dropFirst()) != name)
            #expect(text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D })
            rawValue += 1
        }
        #expect(rawValue > 60)
    }

    @Test(arguments: ["", "x", "Hos", "Hosts", "Content_Length", "Content-Lengti"])
    func `every other name is other`(_ text: String) {
        #expect(read(text) == .other)
    }
}
