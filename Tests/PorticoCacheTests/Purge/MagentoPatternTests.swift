import Testing

@testable import PorticoCache

@Suite("Tag patterns that are lists")
struct MagentoPatternTests {
    @Test(arguments: [
        ("((^|,)cat_p_1(,|$))", ["cat_p_1"]),
        ("((^|,)cat_p_12(,|$))|((^|,)cat_p(,|$))", ["cat_p_12", "cat_p"]),
        ("(^|,)(a|b-c|d:e)(,|$)", ["a", "b-c", "d:e"]),
        ("(^|,)(a)(,|$)", ["a"]),
    ])
    func `a list is read as its tags`(_ pattern: String, _ tags: [String]) {
        #expect(MagentoPattern(bytes(pattern).span) == .tags(tags.map(bytes)))
    }

    @Test func `all is all`() { #expect(MagentoPattern(bytes(".*").span) == .everything) }

    @Test(arguments: [
        "", ".", ".*.*", "cat_p_1", "((^|,)cat.p(,|$))", "((^|,)(,|$))", "((^|,)a(,|$))|",
        "((^|,)a(,|$)) ", "((^|,)a+(,|$))", "((^|,)a(,|$))((^|,)b(,|$))", "(^|,)(a|)(,|$)",
        "(^|,)()(,|$)", "((^|,)a(,|$)", "((^|,)a\\db(,|$))", "((^|,)a\\,b(,|$))", "|((^|,)a(,|$))",
    ])
    func `anything else is an expression`(_ pattern: String) {
        #expect(MagentoPattern(bytes(pattern).span) == nil)
    }
}
