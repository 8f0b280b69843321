import PorticoBytes
import PorticoWAF
import Testing

@Suite("Operators")
struct OperatorTests {
    @Sendable private static func files(_ name: String) throws(OperatorFault) -> [UInt8] {
        switch name {
        case "phrases.data": Array("# comment\n\n two words\r\nUnion\n".utf8)
        case "networks.data": Array("# ours\n10.0.0.0/8\n\n2001:db8::/32 # v6\n".utf8)
        case "broken.data": Array("10.0.0.0/8\nnowhere\n".utf8)
        default: throw .unreadableFile(name: name, why: "absent")
        }
    }

    private func make(_ name: String, _ operand: String) throws(OperatorFault) -> CompiledOperator {
        try CompiledOperator(named: name, operand: Array(operand.utf8), files: Self.files)
    }

    private func matches(_ name: String, _ operand: String, _ value: String) throws -> Bool {
        var captures = OperatorCaptures()
        return try make(name, operand).evaluate(Array(value.utf8).span, captures: &captures)
    }

    @Test(arguments: [
        ("eq", "12", "12abc", true), ("eq", "0", "", true), ("lt", "1", "", true),
        ("eq", "12", " +12", true), ("eq", "-3", "-3", true), ("gt", "5", "5", false),
        ("ge", "5", "5", true), ("le", "5", "6", false), ("gt", "5", "99999999999999999999", true),
        ("lt", "5", "-99999999999999999999", true), ("EQ", "x", "y", true),
        ("streq", "a", "a", true), ("streq", "a", "A", false), ("contains", "b", "abc", true),
        ("contains", "", "abc", true), ("contains", "abcd", "abc", false),
        ("contains", "aab", "aaab", true), ("beginsWith", "ab", "abc", true),
        ("beginsWith", "abcd", "abc", false), ("endsWith", "bc", "abc", true),
        ("endsWith", "", "", true), ("within", "|a|b|", "|b|", true), ("within", "abc", "", true),
        ("within", "abc", "abcd", false), ("containsWord", "or", "a or b", true),
        ("containsWord", "or", "for", false), ("strmatch", "web", "a web", true),
        ("pm", "union select", "xSELECTx", true), ("pm", "union select", "sel ect", false),
        ("pm", "a|41 42|b", "xAABBx", true), ("pm", "a|b", "xA|Bx", true),
        ("pmFromFile", "phrases.data", "uniON", true), ("pmf", "phrases.data", "x two words", true),
        ("pmFromFile", "phrases.data", "two words", false),
        ("pmFromFile", "phrases.data", "# comment", false),
        ("ipMatch", "127.0.0.1,::1", "::1", true), ("ipMatch", "10.1.2.3/8", "10.9.9.9", true),
        ("ipMatch", "10.0.0.0/8", "11.0.0.1", false), ("ipMatch", "10.0.0.0/8", "x", false),
        ("ipMatchFromFile", "networks.data", "2001:db8::9", true),
        ("validateByteRange", "1-255", "a\u{0}b", true),
        ("validateByteRange", "1-255", "ab", false),
        ("validateByteRange", "32-36, 38-126", "a%", true), ("validateByteRange", "9", "", false),
        ("validateUrlEncoding", "", "a%20b%zz", true), ("validateUrlEncoding", "", "a%4", true),
        ("validateUrlEncoding", "", "a%20b%ff", false), ("validateUrlEncoding", "", "", false),
        ("unconditionalMatch", "", "", true), ("noMatch", "", "a", false),
        ("rbl", "list.example", "192.0.2.1", false), ("geoLookup", "", "192.0.2.1", false),
        ("verifyCC", "\\d{13,16}", "card 4111111111111111.", true),
        ("verifyCC", "\\d{13,16}", "card 4111111111111112.", false),
        ("verifyCPF", "\\d{11}", "52998224725", true),
        ("verifyCPF", "\\d{11}", "11111111111", false),
        ("verifySSN", "\\d{3}-\\d\\d-\\d{4}", "078-05-1120", true),
        ("verifySSN", "\\d{3}-\\d\\d-\\d{4}", "666-05-1120", false), ("rx", "^b$", "a\nb", true),
    ])
    func `match what they should`(
        _ name: String, _ operand: String, _ value: String, _ expected: Bool
    ) throws {
        #expect(try matches(name, operand, value) == expected)
        // What expands to the same operand says the same.
        let known = try #require(OperatorName(named: name))
        if let expanded = ExpandedOperator(known) {
            var captures = OperatorCaptures()
            let answer = expanded.evaluate(
                Array(value.utf8).span, operand: Array(operand.utf8).span, captures: &captures)
            #expect(answer == expected)
        }
    }

    @Test(
        arguments: [
            ([0xC3, 0xA9], false), ([0xE2, 0x82, 0xAC], false), ([0xF0, 0x9F, 0x98, 0x80], false),
            ([0x61], false), ([], false), ([0xC0, 0xAF], true), ([0xE0, 0x80, 0xAF], true),
            ([0xED, 0xA0, 0x80], true), ([0xF4, 0x90, 0x80, 0x80], true),
            ([0xF5, 0x80, 0x80, 0x80], true),
            ([0xE2, 0x82], true), ([0x80], true), ([0xFF], true), ([0xC3, 0x28], true),
            ([0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x80], true),
        ] as [([UInt8], Bool)])
    func `UTF-8 is held to its table`(_ value: [UInt8], _ isBad: Bool) throws {
        var captures = OperatorCaptures()
        let made = try make("validateUtf8Encoding", "")
        #expect(made.evaluate(value.span, captures: &captures) == isBad)
    }

    @Test func `captures hold what was found`() throws {
        var captures = OperatorCaptures()
        let value = Array("xx SELECT 42".utf8)
        func group(_ index: Int, _ captures: borrowing OperatorCaptures) -> String? {
            captures.group(index, of: value.span)?.text
        }
        #expect(try make("pm", "Union Select").evaluate(value.span, captures: &captures))
        // As the rule wrote it.
        #expect(captures.count == 1)
        #expect(group(0, captures) == "Select")
        #expect(try make("rx", "(\\w+) (\\d)(\\d)(z)?").evaluate(value.span, captures: &captures))
        #expect(group(0, captures) == "SELECT 42")
        #expect(group(1, captures) == "SELECT")
        #expect(group(4, captures) == nil)
        #expect(captures.range(3, of: value.span) == 11..<12)
        #expect(try !make("rx", "nothing").evaluate(value.span, captures: &captures))
        #expect(captures.count == 0)
    }

    @Test(arguments: [
        ("nope", "", OperatorFault.unknown(name: "nope")),
        ("pm", " ", .missingOperand(.pm)),
        ("pmFromFile", "", .missingOperand(.pmFromFile)),
        ("pmFromFile", "x.data", .unreadableFile(name: "x.data", why: "absent")),
        (
            "ipMatch", "10.0.0.0/8,x",
            .badOperand(.ipMatch, item: "x", expected: "an address, or a network as 192.0.2.0/24")
        ),
        (
            "ipMatchFromFile", "broken.data",
            .badLine(
                .ipMatchFromFile, file: "broken.data", line: 2,
                expected: "an address, or a network as 192.0.2.0/24")
        ),
        (
            "validateByteRange", "1-256",
            .badOperand(
                .validateByteRange, item: "1-256",
                expected: "a value of 0 to 255, or a range of them")
        ),
    ])
    func `faults say what is wrong`(_ name: String, _ operand: String, _ fault: OperatorFault) {
        #expect(throws: fault) { try make(name, operand) }
    }

    @Test func `a pattern that costs too much does not match, and says so`() throws {
        var captures = OperatorCaptures(limits: PatternLimits(match: 1000, depth: 1000))
        let value = [UInt8](repeating: 0x61, count: 40) + [0x62]
        #expect(try !make("rx", "^(?:a+)+$").evaluate(value.span, captures: &captures))
        #expect(captures.exceededLimits == true)
        #expect(try make("rx", "b").evaluate(value.span, captures: &captures))
        #expect(captures.exceededLimits == false)
    }

    @Test func `the same pattern is compiled once`() throws {
        var compiler = OperatorCompiler(files: Self.files)
        let operand = Array("(?i)union".utf8)
        let first = try compiler.compile(.rx, operand: operand)
        let second = try compiler.compile(.rx, operand: operand)
        #expect(first.pattern === second.pattern)
        #expect(first.requiredLiterals == [Array("union".utf8)])
    }

    @Test func `libinjection's verdicts are libinjection's`() throws {
        var captures = OperatorCaptures()
        let sqli: CompiledOperator
        do {
            sqli = try make("detectSQLi", "")
        } catch OperatorFault.missingPackage(_, let package) {
            print("skipped: there is no \(package)")
            return
        }
        let attack = Array("1 UNION SELECT password FROM users--".utf8)
        #expect(sqli.evaluate(attack.span, captures: &captures))
        #expect(captures.group(0, of: attack.span)?.text == "1UEnk")
        #expect(!sqli.evaluate(Array("hello".utf8).span, captures: &captures))

        guard let lines = TestFile.shared("crs/libinjection-vectors.jsonl", beside: #filePath)
        else {
            print("skipped: ../shared has no libinjection vectors")
            return
        }
        let xss = try make("detectXSS", "")
        var wrong = 0
        var count = 0
        for line in lines.split(separator: 0x0A) {
            guard let row = JSONValue(Array(line).span), let input = row["in"]?.text,
                let isSQL = row["sqli"]?.integer, let isScript = row["xss"]?.integer
            else { continue }
            let value = TransformationTests.Vector.bytes(input)
            count += 1
            if sqli.evaluate(value.span, captures: &captures) != (isSQL == 1) { wrong += 1 }
            if isSQL == 1, captures.group(0, of: value.span)?.text != row["fp"]?.text { wrong += 1 }
            if xss.evaluate(value.span, captures: &captures) != (isScript == 1) { wrong += 1 }
        }
        #expect(count == 9000)
        #expect(wrong == 0)
    }
}
