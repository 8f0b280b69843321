import PorticoBytes
import Testing

@testable import PorticoCache

@Suite("Patterns in linear time")
struct LinearPatternTests {
    static let rows: [(String, matching: [String], others: [String])] = [
        ("", ["", "a"], []),
        ("abc", ["abc", "xabcx"], ["", "ab", "acb"]),
        ("^abc$", ["abc"], ["xabc", "abcx", ""]),
        ("^$", [""], ["a"]),
        ("$^", [""], ["a"]),
        ("a|b|", ["", "x"], []),
        ("^(a|bc)+$", ["a", "bca", "abcbc"], ["", "b", "abx"]),
        ("((^|,)cat_p_1(,|$))|((^|,)x(,|$))", ["cat_p_1", "x", "a,x"], ["cat_p_12", "xx"]),
        ("^/a.*\\.html$", ["/a.html", "/a/b.html"], ["/b.html", "/a.htmlx", "/axhtml"]),
        ("^a{2}b{1,}c{0,2}$", ["aab", "aabbcc"], ["ab", "aa", "aabccc"]),
        ("x{,2}", ["x{,2}"], ["xx"]), ("a{b", ["a{b"], ["ab"]),
        ("^[a-c\\-]+$", ["abc", "a-b"], ["d", ""]),
        ("^[^a-c]$", ["d", "-"], ["a", "dd"]), ("^[]a]+$", ["]a"], ["b"]),
        ("^[[:alpha:]_]+$", ["aZ_"], ["a1"]),
        ("^\\d+\\s\\w*\\S$", ["12 ab"], ["a b", "12"]),
        ("^\\x41\\.\\/$", ["A./"], ["A/"]),
        ("(?i)^ProD", ["prod", "PROD-1"], ["rod"]),
        ("^(?:a|(?<n>b)|(?P<m>c))$", ["a", "b", "c"], ["d"]),
        ("^a+?b*?$", ["a", "aabb"], ["b"]),
        (".", ["x"], ["", "\n"]),
        ("^(a*)*$", ["", "aaa"], ["b"]), ("(a|b)*c|^$", ["", "abc"], ["ab"]),
        ("ab$|^c", ["xab", "cx"], ["abx", "xc"]),
    ]

    @Test(arguments: rows)
    func `each pattern finds what Perl's would`(
        _ row: (pattern: String, matching: [String], others: [String])
    ) throws {
        var pattern = try LinearPattern(bytes(row.pattern).span)
        // Twice: the second time all states are there.
        for _ in 0..<2 {
            for word in row.matching {
                let isFound = pattern.matches(bytes(word).span)
                #expect(isFound, "\(row.pattern) in \(word)")
            }
            for word in row.others {
                let isFound = pattern.matches(bytes(word).span)
                #expect(!isFound, "\(row.pattern) in \(word)")
            }
        }
    }

    @Test(arguments: [
        ("(", PatternFault.malformed(at: 1)), (")", .malformed(at: 0)), ("*", .malformed(at: 0)),
        ("a|*", .malformed(at: 2)), ("[a", .malformed(at: 2)), ("[b-a]", .malformed(at: 1)),
        ("a{3,2}", .malformed(at: 1)), ("\\", .malformed(at: 1)), ("\\xg0", .malformed(at: 0)),
        ("{2}", .malformed(at: 0)), ("(?=a)", .unsupported(at: 0)), ("(?<!a)", .unsupported(at: 0)),
        ("(a)\\1", .unsupported(at: 3)), ("\\bx", .unsupported(at: 0)),
        ("a++", .unsupported(at: 1)), ("a{9999}", .tooLarge), ("((a{1000}){1000})", .tooLarge),
    ])
    func `what no automaton decides, or is wrong, is said`(_ text: String, _ fault: PatternFault) {
        #expect(throws: fault) { try LinearPattern(bytes(text).span) }
    }

    @Test func `groups may not be nested without end`() {
        let text = String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000)
        #expect(throws: PatternFault.tooLarge) { try LinearPattern(bytes(text).span) }
    }

    @Test func `what drives others into exponential time is nothing here`() throws {
        for text in ["^(a+)+$", "^(a|a)*$", "^(a*a*)*b$", "(.*a){12}"] {
            var pattern = try LinearPattern(bytes(text).span)
            let word = bytes(String(repeating: "a", count: 5000) + "!")
            _ = pattern.matches(word.span)
        }
    }

    @Test func `states that are forgotten are made again`() throws {
        // About 2^12 states: more than are kept.
        var pattern = try LinearPattern(bytes("^(0|1)*1(0|1){11}$").span)
        var number: UInt32 = 1
        for _ in 0..<400 {
            var word = ""
            for _ in 0..<40 {
                number = number &* 1_664_525 &+ 1_013_904_223
                word += number >> 31 == 0 ? "0" : "1"
            }
            let isFound = pattern.matches(bytes(word).span)
            #expect(isFound == (Array(word)[28] == "1"))
        }
    }

    @Test func `a pattern of a purge is held against tags, fields or URLs`() throws {
        func matches(_ target: PurgeTarget, _ word: String) -> Bool {
            PurgeMatcher.closure(for: target)(bytes(word).span)
        }
        #expect(matches(.pattern(bytes("^a")), "ab"))
        #expect(!matches(.pattern(bytes("a")), "content-type\na"))
        let type = PurgeTarget.pattern(
            PurgePattern.text(field: PurgeField.contentType, bytes("^image/")))
        #expect(matches(type, "content-type\nimage/png"))
        #expect(!matches(type, "x-pool\nimage/png"))
        #expect(!matches(type, "image/png"))
        let url = PurgeTarget.urlPattern(
            PurgePattern.text(host: bytes("^a\\.example$"), url: bytes("^/x\\?")))
        #expect(matches(url, "a.example/x?1"))
        #expect(!matches(url, "b.example/x?1"))
        #expect(!matches(url, "a.example/y?1"))
        #expect(!matches(.everything, "a"))
    }
}
