import PorticoBytes
import PorticoWAF
import Testing

@Suite("Literals that patterns require")
struct RequiredLiteralsTests {
    private func literals(_ pattern: String) -> [String]? {
        RequiredLiterals.literals(in: Array(pattern.utf8).span)?
            .map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("(?i)UNION\\s+select", ["select"]), ("union|select", ["select", "union"]),
        ("x(?:abc|de)y", ["xabcy", "xdey"]), ("a[bc]d", ["abd", "acd"]), ("<\\?php", ["<?php"]),
        ("a+bc", ["abc"]), ("(?:ab){2}", ["abab"]), ("(?:ab){2,}c", ["ababc"]),
        ("\\x3cscript", ["<script"]), ("foo(?:bar)?", ["foo"]),
        ("^https?://", ["http://", "https://"]),
        ("[[:alpha:]]xyz", ["xyz"]), ("a{,3}", ["a{,3}"]), ("[]x]yz", ["]yz", "xyz"]),
    ])
    func `are found`(_ pattern: String, _ expected: [String]) {
        #expect(literals(pattern) == expected)
    }

    @Test(arguments: [
        "a*", "a|b", "abc|", "(?:abc)?", ".*", "(?=abc)d", "(?x)a b c", "(a)\\1", "a(?#x)*",
        "\\Qabc\\E", "(?(1)abc)", "abc|[^x]", "\\d+", "(?<!abc)", "(*UTF)abc", "abc{0}", "(?|abc)",
    ])
    func `nothing is claimed that is not certain`(_ pattern: String) {
        let found = literals(pattern)
        #expect(found == nil || pattern == "abc{0}" && found == ["ab"])
    }

    /// Patterns of random shape over few letters, so that random values often match.
    @Test(arguments: 1...8)
    func `each match of a random pattern has one of its literals`(_ seed: UInt64) throws {
        var random = SmallRandom(seed: seed)
        var captures = PatternCaptures()
        var claims = 0
        var matches = 0
        for _ in 0..<1500 {
            let text = Self.pattern(&random, depth: 0)
            guard let pattern = try? Pattern(text),
                let literals = RequiredLiterals.literals(in: Array(text.utf8).span)
            else { continue }
            claims += 1
            let set = try LiteralSet(literals, caseless: true)
            var scratch = LiteralScratch()
            for _ in 0..<60 {
                let value = (0..<random.below(14)).map { _ in
                    Array("abcABC{,3}]^-".utf8)[min(random.below(22), 12) % 13]
                }
                if pattern.firstMatch(in: value.span, captures: &captures) == .matched {
                    matches += 1
                    #expect(
                        set.occurs(in: value.span, scratch: &scratch),
                        "\(text) matches \(value), and needs \(literals)")
                }
            }
        }
        #expect(claims > 100)
        #expect(matches > 100)
    }

    private static func pattern(_ random: inout SmallRandom, depth: Int) -> String {
        var text = ""
        for _ in 0...random.below(4) {
            switch random.below(depth > 3 ? 8 : 13) {
            case 0...3: text += ["a", "b", "c", "ab"][random.below(4)]
            case 4:
                text +=
                    ["[ab]", "[^a]", "[a-c]", "[]a]", "[a\\w]", "[[:alpha:]b]"][random.below(6)]
            case 5:
                text +=
                    ["\\w", ".", "\\x61", "\\x{62}", "\\b", "{", "\\]", "^", "$"][random.below(9)]
            case 6, 7: text += "cb"
            case 8: text += "(" + pattern(&random, depth: depth + 1) + ")"
            case 9: text += "(?:" + pattern(&random, depth: depth + 1) + ")"
            case 10:
                text +=
                    "(?i:" + pattern(&random, depth: depth + 1) + "|"
                    + pattern(&random, depth: depth + 1) + ")"
            case 11: text += "(?:" + pattern(&random, depth: depth + 1) + "|b)"
            default: text += ["(?=a)", "(?#x)", "(?i)", "(?>ab|a)", "(?<n>ab)"][random.below(5)]
            }
            if random.below(3) == 0 {
                text +=
                    ["*", "+", "?", "{2}", "{0,2}", "{1,}", "+?", "*+", "{,3}", "{0}"][
                        random.below(10)]
            }
        }
        return text
    }

    /// Each pattern of the Core Rule Set over the inputs of the libinjection vectors.
    @Test func `no match of the Core Rule Set is missed`() throws {
        let patterns = SharedRules.patterns(beside: #filePath)
        let values = SharedRules.attacks(beside: #filePath)
        guard !patterns.isEmpty, !values.isEmpty else {
            print("skipped: ../shared has no Core Rule Set")
            return
        }
        var claims = 0
        var captures = PatternCaptures()
        var scratch = LiteralScratch()
        var missed = 0
        for text in patterns {
            let pattern = try Pattern(text.span)
            guard let literals = RequiredLiterals.literals(in: text.span) else { continue }
            claims += 1
            let set = try LiteralSet(literals, caseless: true)
            for value in values
            where pattern.firstMatch(in: value.span, captures: &captures) == .matched {
                if !set.occurs(in: value.span, scratch: &scratch) { missed += 1 }
            }
        }
        #expect(missed == 0)
        // Fewer would make the prefilter idle.
        #expect(claims * 10 >= patterns.count * 6, "\(claims) of \(patterns.count)")
    }
}
