import PorticoBytes
import Testing

@Suite("JSON that is read (RFC 8259)")
struct JSONValueTests {
    private func read(_ text: String) -> JSONValue? { JSONValue(Array(text.utf8).span) }

    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .flag(true)), ("false", .flag(false)),
        ("-0.5e+3", .number("-0.5e+3")), ("0", .number("0")), ("[]", .list([])),
        ("[1, [2]]", .list([.number("1"), .list([.number("2")])])),
        (#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00ü""#, .string("a\"\\/\u{08}\u{0C}\n\r\té😀ü")),
        ("{}", .object([])), ("\r\n\t{ } ", .object([])),
    ])
    func `a value reads as what it is`(_ text: String, _ value: JSONValue) {
        #expect(read(text) == value)
    }

    @Test(arguments: [
        "", "nul", "truex", "01", "-", "1.", ".5", "1e", "+1", "\"", "\"\n\"", #""\x""#, #""\u12""#,
        #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "[", "[1", "[1,]", "[1 2]", "{", "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{a:1}", "1 2", "[\"\u{01}\"]",
    ])
    func `what is no JSON text is refused`(_ text: String) { #expect(read(text) == nil) }

    @Test func `bytes that are not UTF-8 are refused`() {
        let bytes: [UInt8] = [0x22, 0xFF, 0x22]
        let value = JSONValue(bytes.span)
        #expect(value == nil)
    }

    @Test func `members are found by name, and the last one counts`() throws {
        let value = try #require(read(#"{"a":1,"b":{"c":["x",true]},"a":2}"#))
        #expect(value["a"]?.integer == 2)
        #expect(value["b"]?["c"]?.elements == [.string("x"), .flag(true)])
        #expect(value.members.map(\.name) == ["a", "b", "a"])
        #expect(value["z"] == nil)
        #expect(value["b"]?.text == nil)
    }

    @Test func `depth has a bound`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(read(nested(60)) != nil)
        #expect(read(nested(100_000)) == nil)
    }

    @Test func `what Portico writes it can read`() {
        let text = "a\"\\\n\u{7F}\u{85}é\u{1}"
        var buffer = Buffer()
        buffer.append(json: Array(text.utf8).span)
        let value = JSONValue(buffer.bytes)
        #expect(value == .string(text))
    }
}
