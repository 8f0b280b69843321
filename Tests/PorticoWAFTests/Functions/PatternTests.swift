import PorticoBytes
import PorticoWAF
import Testing

@Suite("Patterns of @rx")
struct PatternTests {
    private func groups(_ pattern: String, _ value: String) throws -> [String?]? {
        var captures = PatternCaptures()
        let bytes = Array(value.utf8)
        guard try Pattern(pattern).firstMatch(in: bytes.span, captures: &captures) == .matched
        else { return nil }
        return (0..<captures.count).map { group in
            captures[group].map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(arguments: [
        ("^b$", "a\nb", true), ("a.b", "a\nb", true), ("A", "a", false), ("(?i)A", "a", true),
        ("a$", "a\n", true), ("^$", "", true), ("b", "", false),
    ])
    func `lines and newlines are as SecLang has them`(
        _ pattern: String, _ value: String, _ matches: Bool
    ) throws {
        #expect(try (groups(pattern, value) != nil) == matches)
    }

    @Test func `bytes are bytes`() throws {
        var captures = PatternCaptures()
        let pattern = try Pattern("^.\\xff.$")
        #expect(pattern.firstMatch(in: [0, 0xFF, 0xC3].span, captures: &captures) == .matched)
    }

    @Test func `groups that took no part have no range, and ten are kept`() throws {
        #expect(try groups("(a)|(b)", "b") == ["b", nil, "b"])
        let many = "(1)(2)(3)(4)(5)(6)(7)(8)(9)(0)(1)"
        #expect(try groups(many, "12345678901")?.count == 10)
    }

    @Test func `a match that costs too much is given up`() throws {
        var captures = PatternCaptures(limits: PatternLimits(match: 1000, depth: 1000))
        let value = [UInt8](repeating: 0x61, count: 40)
        let pattern = try Pattern("^(?:a+)+$")
        #expect(
            pattern.firstMatch(in: (value + [0x62]).span, captures: &captures) == .limitExceeded)
        #expect(captures.count == 0)
        #expect(pattern.firstMatch(in: value.span, captures: &captures) == .matched)
    }

    @Test(arguments: [("a(b", 3), ("[a", 2), ("a**b", 2), ("(*UTF)a", 6)])
    func `a fault says what and where`(_ pattern: String, _ offset: Int) {
        let fault = #expect(throws: PatternFault.self) { try Pattern(pattern) }
        #expect(fault?.offset == offset)
        #expect(fault?.message.isEmpty == false)
    }
}

@Suite("Literal sets")
struct LiteralSetTests {
    private func set(_ texts: String...) throws -> LiteralSet {
        try LiteralSet(texts.map { Array($0.utf8) }, caseless: true)
    }

    @Test(arguments: [
        ("xxUNIONxx", 1, 2..<7), ("select union", 0, 0..<6), ("xabcd", 3, 1..<5),
        ("xbcd", 2, 2..<4),
    ])
    func `the first that ends is found, of several the longest`(
        _ value: String, _ literal: Int, _ range: Range<Int>
    ) throws {
        var scratch = LiteralScratch()
        let set = try set("select", "union", "cd", "abcd", "")
        let match = set.firstMatch(in: Array(value.utf8).span, scratch: &scratch)
        #expect(match?.literal == literal)
        #expect(match?.range == range)
        #expect(set.occurs(in: Array(value.utf8).span, scratch: &scratch))
    }

    @Test func `nothing is found where nothing is`() throws {
        var scratch = LiteralScratch()
        let set = try set("select", "un\u{0}ion")
        for value in ["", "selec", "union", "s e l e c t"] {
            #expect(set.firstMatch(in: Array(value.utf8).span, scratch: &scratch) == nil)
            #expect(!set.occurs(in: Array(value.utf8).span, scratch: &scratch))
        }
        #expect(set.occurs(in: Array("xUN\u{0}ION".utf8).span, scratch: &scratch))
        let empty = try LiteralSet([], caseless: true)
        #expect(!empty.occurs(in: [0x61].span, scratch: &scratch))
    }

    @Test func `case counts where it should`() throws {
        var scratch = LiteralScratch()
        let set = try LiteralSet([Array("Abc".utf8)], caseless: false)
        #expect(set.occurs(in: Array("xAbc".utf8).span, scratch: &scratch))
        #expect(!set.occurs(in: Array("xabc".utf8).span, scratch: &scratch))
    }

    @Test func `a filter says which groups occur, and keeps the bits of others`() throws {
        var groups = (0..<200).map { [Array("group\($0)end".utf8)] }
        groups[7] = []
        groups[9].append(Array("other".utf8))
        let filter = try LiteralFilter(groups: groups)
        var scratch = LiteralScratch()
        var bits = [UInt64](repeating: 0, count: filter.wordCount)
        bits[0] = 1
        let value = Array("GROUP3END group130end group7end an OTHER".utf8)
        var span = bits.mutableSpan
        filter.scan(value.span, into: &span, scratch: &scratch)
        #expect(bits == [0b10_0000_1001, 0, 0b100, 0])
    }
}
