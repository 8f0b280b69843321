import PorticoBytes
import Testing

@Suite("JSON strings (RFC 8259 §7)")
struct JSONTextTests {
    @Test(arguments: [
        ("", #""""#),
        ("plain /path?a=b&c=[d]~", #""plain /path?a=b&c=[d]~""#),
        ("say \"hi\" \\ there", #""say \"hi\" \\ there""#),
        ("a\r\n\tb\u{0}\u{1F}", #""a\r\n\tb\u0000\u001f""#),
        ("\u{7F}\u{80}\u{9B}31m\u{9F}", #""\u007f\u0080\u009b31m\u009f""#),
        ("é €😀\u{A0}", "\"é €😀\u{A0}\""),
    ])
    func `text is escaped where it must be`(_ text: String, _ json: String) {
        #expect(written(Array(text.utf8)) == json)
    }

    @Test(arguments: [
        (0xE9, #""\u00e9""#),
        (0x61_80_62, #""a\u0080b""#),
        // Overlong forms, a surrogate, above U+10FFFF.
        (0xC0_AF, #""\u00c0\u00af""#),
        (0xC1_BF, #""\u00c1\u00bf""#),
        (0xE0_9F_BF, #""\u00e0\u009f\u00bf""#),
        (0xED_A0_80, #""\u00ed\u00a0\u0080""#),
        (0xF0_8F_BF_BF, #""\u00f0\u008f\u00bf\u00bf""#),
        (0xF4_90_80_80, #""\u00f4\u0090\u0080\u0080""#),
        (0xF5, #""\u00f5""#),
        // Cut off, at the end and before another byte.
        (0xC3, #""\u00c3""#),
        (0xE2_82, #""\u00e2\u0082""#),
        (0xF0_9F_98_22, #""\u00f0\u009f\u0098\"""#),
        (0xC3_C3_A9, "\"\\u00c3é\""),
    ])
    func `what is not UTF-8 is escaped byte by byte`(_ number: UInt32, _ json: String) {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
            .drop { $0 == 0 }
        #expect(written(Array(bytes)) == json)
    }

    @Test func `exactly the well-formed sequences stay`() {
        var random = SystemRandomNumberGenerator()
        // Few different bytes, so that sequences come about.
        let alphabet: [UInt8] = [
            0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF1, 0xF4,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let json = written(bytes)
            let isText = String(validating: bytes, as: UTF8.self) != nil
            let isControl = zip(bytes, bytes.dropFirst()).contains { $0 == 0xC2 && $1 < 0xA0 }
            if isText && !isControl { #expect(json.utf8.count == bytes.count + 2) }
            if !isText { #expect(json.contains("\\u00"), "\(bytes)") }
            #expect(!json.contains("\u{FFFD}"), "\(bytes)")
        }
    }

    @Test func `a byte is escaped or not wherever it stands`() {
        for byte in 0..<0x80 as Range<UInt8> {
            let isPlain = byte >= 0x20 && byte != 0x22 && byte != 0x5C && byte != 0x7F
            for place in 0..<20 {
                var bytes = [UInt8](repeating: 0x61, count: 20)
                bytes[place] = byte
                let json = written(bytes)
                let before = String(repeating: "a", count: place)
                let after = String(repeating: "a", count: 19 - place)
                #expect(json.hasPrefix("\"\(before)") && json.hasSuffix("\(after)\""))
                #expect((json.utf8.count == 22) == isPlain, "byte \(byte) at \(place)")
            }
        }
    }

    @Test(arguments: [([], "[]"), (["a"], "[\"a\"]"), (["a\"", ""], "[\"a\\\"\",\"\"]")])
    func `texts become an array`(_ texts: [String], _ json: String) {
        var buffer = Buffer()
        buffer.append(jsonArray: texts)
        #expect(buffer.bytes.text == json)
    }

    private func written(_ bytes: [UInt8]) -> String {
        var buffer = Buffer()
        buffer.append(json: bytes.span)
        return buffer.bytes.text
    }
}
