import PorticoBytes
import Testing

@testable import PorticoSecLang

@Suite("SecLang text to a tree")
struct SecLangParserTests {
    private func tree(_ text: String, _ others: [String: String] = [:]) -> SecLangTree {
        SecLangParser.parse(
            ["main.conf"], files: RuleFiles(others.merging(["main.conf": text]) { $1 }))
    }

    private func rule(_ text: String) throws -> RuleNode {
        let tree = tree(text)
        #expect(tree.faults.isEmpty)
        guard case .rule(let rule) = try #require(tree.directives.first) else {
            throw SecLangFault(
                .missing("a rule"), at: SourcePlace(file: "", line: 0, column: 0))
        }
        return rule
    }

    @Test(arguments: ["\n", "\r\n"])
    func `a rule may stand on several lines`(_ end: String) throws {
        let rule = try rule(
            "# a comment\(end)\(end)SecRule ARGS|!ARGS:x \"@rx a b\" \\\(end)  \"id:1,\\\(end)"
                + "    phase:2,  t:none ,\\\(end)    msg:'a, \\'b\\'',chain\"\(end)")
        #expect(rule.targets.map(\.name) == ["args", "args"])
        #expect(rule.targets[1].use == .exclusion)
        #expect(rule.targets[1].selector == .key(Array("x".utf8)))
        #expect(rule.test?.operand == Array("a b".utf8))
        #expect(rule.actions.map(\.name) == ["id", "phase", "t", "msg", "chain"])
        #expect(rule.actions[3].value == Array("a, 'b'".utf8))
        #expect(rule.actions[3].place == SourcePlace(file: "main.conf", line: 6, column: 5))
    }

    @Test(arguments: [
        (#""@rx a\"b\s""#, "rx", #"a"b\s"#, false), (#""!@contains a""#, "contains", "a", true),
        (#""^a@b$""#, "rx", "^a@b$", false), (#""!^a""#, "rx", "^a", true),
        (#"@unconditionalMatch"#, "unconditionalmatch", "", false),
        (#""@rx \\\"""#, "rx", #"\\""#, false), (#""@PM a  b""#, "pm", "a  b", false),
    ])
    func `an operator and its operand`(
        _ text: String, _ name: String, _ operand: String, _ isNegated: Bool
    ) throws {
        let test = try #require(try rule("SecRule ARGS \(text) id:1").test)
        #expect(test.name == name)
        #expect(test.operand.span.text == operand)
        #expect(test.isNegated == isNegated)
    }

    @Test func `selectors are keys, patterns and XPaths`() throws {
        let rule = try rule(
            #"SecRule XML:/*|XML://@*|&TX:a.b|REQUEST_COOKIES:/^a|b\/c/|ARGS:'/x|y/'|ARGS:a[0][b] @rx"#
        )
        #expect(
            rule.targets.map(\.selector) == [
                .key(Array("/*".utf8)), .key(Array("//@*".utf8)), .key(Array("a.b".utf8)),
                .pattern(Array(#"^a|b\/c"#.utf8)), .pattern(Array("x|y".utf8)),
                .key(Array("a[0][b]".utf8)),
            ])
        #expect(rule.targets.map(\.use) == [.value, .value, .count, .value, .value, .value])
    }

    /// Found by fuzzing: each depth would have doubled what is read.
    @Test func `a file that includes itself many times ends soon`() {
        let files = RuleFiles(["a.conf": String(repeating: "Include a.conf\n", count: 20)])
        let tree = SecLangParser.parse(["a.conf"], files: files)
        #expect(tree.files.count == 1024)
        #expect(tree.faults.contains { $0.sentence.contains("more than 1024 files") })
    }

    @Test func `included files come in the order of their names, seen from the including file`() {
        let tree = tree(
            "Include rules/*.conf\nIncludeOptional none/*.conf\nSecMarker END",
            ["rules/b.conf": "SecMarker B", "rules/a.conf": "SecMarker A", "rules/c.data": "?"])
        #expect(tree.faults.isEmpty)
        #expect(tree.files == ["main.conf", "rules/a.conf", "rules/b.conf"])
        let names = tree.directives.compactMap { directive -> String? in
            if case .marker(let name, _) = directive { name.span.text } else { nil }
        }
        #expect(names == ["A", "B", "END"])
    }

    @Test(arguments: [
        ("SecRul ARGS a", "unknown directive \"SecRul\": did you mean \"secrule\"?", 1),
        ("\nSecRule ARGS \"a", "a quoted argument has no end", 14),
        ("SecRule ARGS", "expected SecRule VARIABLES OPERATOR [ACTIONS]", 1),
        ("SecRule \"ARGS:/a\" a", "a pattern between slashes has no end", 15),
        ("SecRule ARGS \"@ a\"", "an operator's name is missing", 15),
        ("SecAction \"id:1,msg:'a\"", "a value in single quotes has no end", 21),
        ("SecRuleEngine Maybe", "expected on | off | detectiononly, found \"Maybe\"", 15),
        ("SecRequestBodyLimit 1k", "expected a number, found \"1k\"", 21),
        (
            "Include none/*.conf",
            "no file is named by \"none/*.conf\"; IncludeOptional allows that", 9
        ),
        ("Include main.conf", "a file that includes itself", 9),
        ("SecRuleRemoveById 1-x", "expected an id or a range such as 100-199, found \"1-x\"", 19),
    ])
    func `a fault says where and what`(_ text: String, _ sentence: String, _ column: Int) throws {
        let fault = try #require(tree(text).faults.first)
        #expect(fault.kind.sentence == sentence)
        #expect(fault.place.column == column)
    }

    @Test func `a fault does not hide the next one`() {
        #expect(tree("SecRuleEngine x\nSecMarker\nSecMarker a").faults.count == 2)
    }

    @Test func `what has no effect is a warning`() {
        let tree = tree("SecConnEngine On\nSecAuditLog x")
        #expect(tree.faults.isEmpty)
        #expect(tree.warnings.count == 1)
    }

    @Test(arguments: [
        ("*.conf", "a.conf", true), ("*.conf", ".conf", false), ("a?[b-d]", "axc", true),
        ("a[!b]", "ab", false), ("a[", "a[", true), ("*a*b", "xaxxb", true), ("", "a", false),
    ])
    func `wildcards`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(Glob(pattern).matches(name) == matches)
    }

    @Test func `a file cut anywhere is read without harm`() {
        let text =
            "SecRule ARGS|!ARGS:/x|y/ \"!@rx a\\\"\" \\\n \"id:1,msg:'b\\'',t:none\"\nSecMarker a"
        let bytes = Array(text.utf8)
        for cut in bytes.indices {
            let tree = tree(Array(bytes[..<cut]).span.text)
            #expect(tree.directives.count + tree.faults.count <= 2, "cut at \(cut)")
        }
    }
}
