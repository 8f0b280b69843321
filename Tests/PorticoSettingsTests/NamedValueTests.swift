import PorticoSettings
import Testing

@Suite("Named values of requests")
struct NamedValueTests {
    @Test(
        arguments: [
            ("header:X-Key", .header("X-Key")), ("cookie:sid", .cookie("sid")),
            ("header:header", .header("header")), ("header:", nil), ("cookie:a b", nil),
            ("cookie:a:b", nil), ("Header:a", nil), ("query:a", nil), ("header", nil), ("", nil),
            (":", nil), ("header:\u{E4}", nil),
        ] as [(String, NamedValue?)])
    func `a kind, a colon and a token`(_ text: String, _ value: NamedValue?) {
        #expect(NamedValue(text) == value)
    }
}
