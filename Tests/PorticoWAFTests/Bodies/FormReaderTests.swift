import PorticoBytes
import PorticoWAF
import Testing

extension PairList {
    /// `name=value` each.
    var texts: [String] { (0..<count).map { name($0).text + "=" + value($0).text } }
}

@Suite("Forms, query strings and cookies")
struct FormReaderTests {
    @Test(arguments: [
        ("a=1&b=2", ["a=1", "b=2"]), ("b", ["b="]), ("=d", ["=d"]), ("&&", []), ("", []),
        ("a=b=c", ["a=b=c"]), ("a+b=%41%zz%4", ["a b=A%zz%4"]), ("a=1&a=1", ["a=1", "a=1"]),
        ("a=1;b=2", ["a=1;b=2"]), ("%3d=%26", ["==&"]), ("a=%", ["a=%"]),
    ])
    func `a form is split and decoded once`(_ text: String, _ expected: [String]) throws {
        var list = PairList()
        try FormReader.read(Array(text.utf8).span, into: &list)
        #expect(list.texts == expected)
    }

    @Test(arguments: [
        ("a=b=c; d", ["a=b=c", "d="]), ("K2=\"q;r\"", ["K2=\"q", "r\"="]), ("; ;a=1;", ["a=1"]),
        ("a=%41+", ["a=%41+"]), ("", []),
    ])
    func `cookies are split and not decoded`(_ text: String, _ expected: [String]) throws {
        var list = PairList()
        try CookieReader.read(Array(text.utf8).span, into: &list)
        #expect(list.texts == expected)
    }

    @Test func `limits are faults, and what was read stays`() {
        var limits = BodyLimits()
        limits.pairs = 2
        var list = PairList()
        let fault = #expect(throws: BodyFault.self) {
            try FormReader.read(Array("a&b&c".utf8).span, limits: limits, into: &list)
        }
        #expect(fault?.kind == .tooManyPairs)
        #expect(fault?.offset == 4)
        #expect(list.texts == ["a=", "b="])
    }
}
