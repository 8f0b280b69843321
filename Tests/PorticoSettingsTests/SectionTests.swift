import PorticoBytes
import PorticoSettings
import Testing

@Suite("Sections")
struct SectionTests {
    enum Colour: String, CaseIterable { case red, green }

    /// A reader with one key of each type.
    struct Everything: Equatable {
        var flag = false
        var number = 1
        var count = 1
        var text = "default"
        var colour = Colour.red
        var wait = Duration.seconds(1)
        var sizeBytes = 1
        var rate = Rate(1, per: .seconds(1))
        var words: [String] = []
        var numbers: [Int] = []
        var networks = NetworkList()
        var file = "a.txt"
        var pool = ""

        init() {}

        init(from section: inout Section) {
            section.read("flag", into: &flag)
            section.read("number", into: &number, within: 1...10)
            section.readCount("count", into: &count, within: 1...5000)
            section.read("text", into: &text)
            section.read("colour", into: &colour)
            section.read("wait", into: &wait, within: .milliseconds(100)...(.seconds(60)))
            section.readBytes("size", into: &sizeBytes, within: ByteCount(1)...(.mebibytes(1)))
            section.read("rate", into: &rate)
            section.read("words", into: &words)
            section.read("numbers", into: &numbers, within: 0...9)
            section.read("networks", into: &networks)
            section.readPath("file", into: &file)
            section.read("pool", into: &pool, namingA: "pool")
            section.finish()
        }
    }

    func read(_ text: String, environment: [String: String] = [:]) throws(SettingsFaults)
        -> Everything
    {
        let reading = Reading(file: "etc/x.toml", environment: environment)
        reading.define("pool", "shop")
        reading.define("pool", "blog")
        var everything = Everything()
        if var root = reading.root(of: text) { everything = Everything(from: &root) }
        try reading.conclude()
        return everything
    }

    func faults(_ text: String) -> [SettingsFault] {
        do throws(SettingsFaults) {
            _ = try read(text)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `every type reads what was written`() throws {
        let read = try read(
            """
            flag = true
            number = 10
            count = "5k"
            text = 'a"b'
            colour = "green"
            wait = "250ms"
            size = "64KiB"
            rate = "600/m"
            words = ["a", "b"]
            numbers = [1, 2]
            networks = ["10.0.0.0/8", "::1"]
            file = "b/c.txt"
            pool = "blog"
            """)
        var expected = Everything()
        expected.flag = true
        expected.number = 10
        expected.count = 5000
        expected.text = "a\"b"
        expected.colour = .green
        expected.wait = .milliseconds(250)
        expected.sizeBytes = 65_536
        expected.rate = Rate(600, per: .seconds(60))
        expected.words = ["a", "b"]
        expected.numbers = [1, 2]
        expected.networks = try NetworkList([Network("10.0.0.0/8"), Network("::1/128")])
        expected.file = "etc/b/c.txt"
        expected.pool = "blog"
        #expect(read == expected)
    }

    @Test func `what is absent keeps its default, and a default path is relative to the file too`()
        throws
    {
        var expected = Everything()
        expected.file = "etc/a.txt"
        #expect(try read("") == expected)
    }

    @Test func `sizes and counts may be plain numbers, and paths absolute`() throws {
        let read = try read("size = 4096\ncount = 70\nfile = '/a'")
        #expect(read.sizeBytes == 4096)
        #expect(read.count == 70)
        #expect(read.file == "/a")
    }

    /// One fault a row: the text, where it is found, and what is said.
    @Test(arguments: [
        ("number = 1\nflag = maybe", 2, 8, "not valid TOML: "),
        ("flag = true\n\n[}\nnumber = 1", 3, 1, "not valid TOML: A key is missing"),
        ("flag = true\nflag = true", 2, 8, "not valid TOML: "),
        ("flag = true\n  numbr = 2", 2, 3, "numbr: no such key; did you mean \"number\"?"),
        ("x = 1", 1, 1, "x: no such key; allowed are flag, number, "),
        ("flag = 1", 1, 8, "flag: found a whole number; it takes true or false"),
        ("number = \"1\"", 1, 10, "number: found a string; it takes a whole number from 1 to 10"),
        ("number = 1.5", 1, 10, "number: found a fraction; it takes a whole number from 1 to 10"),
        ("number = 11", 1, 10, "number: found 11; allowed is from 1 to 10"),
        ("number = -9223372036854775808", 1, 10, "number: found -9223372036854775808; allowed is"),
        ("count = \"6k\"", 1, 9, "count: found 6000; allowed is from 1 to 5000"),
        ("count = \"6m\"", 1, 9, "count: found \"6m\"; it takes a count such as 5000 or \"100M\""),
        ("text = []", 1, 8, "text: found an array; it takes a string"),
        ("text = {}", 1, 8, "text: found a table; it takes a string"),
        ("text = 2026-01-01", 1, 8, "text: found a date or time; it takes a string"),
        ("text = false", 1, 8, "text: found false; it takes a string"),
        (
            "\ncolour = \"gren\"", 2, 10,
            "colour: found \"gren\"; allowed are \"red\", \"green\"; did you mean \"green\"?"
        ),
        ("colour = \"blue\"", 1, 10, "colour: found \"blue\"; allowed are \"red\", \"green\""),
        ("colour = 1", 1, 10, "colour: found a whole number; it takes one of \"red\", \"green\""),
        ("wait = \"5\"", 1, 8, "wait: found \"5\"; it takes a duration such as \"250ms\""),
        ("wait = 5", 1, 8, "wait: found a whole number; it takes a duration such as \"250ms\""),
        ("wait = \"2m\"", 1, 8, "wait: found 2m; allowed is 100ms to 1m"),
        ("size = \"2MiB\"", 1, 8, "size: found 2MiB; allowed is 1B to 1MiB"),
        ("size = 0", 1, 8, "size: found 0; allowed is 1B to 1MiB"),
        ("size = \"lots\"", 1, 8, "size: found \"lots\"; it takes a size such as \"64KiB\""),
        ("size = true", 1, 8, "size: found true; it takes a size such as \"64KiB\""),
        ("rate = \"10\"", 1, 8, "rate: found \"10\"; it takes a rate such as \"10/s\""),
        ("words = \"a\"", 1, 9, "words: found a string; it takes an array"),
        ("words = [\"a\", 2]", 1, 15, "words[1]: found a whole number; it takes a string"),
        ("numbers = [0,\n 10]", 2, 2, "numbers[1]: found 10; allowed is from 0 to 9"),
        (
            "networks = [\"10.0.0.0/40\"]", 1, 13,
            "networks[0]: found \"10.0.0.0/40\"; it takes a prefix of 0 to 32"
        ),
        (
            "networks = [\"10.1.0.0/8\"]", 1, 13,
            "networks[0]: found \"10.1.0.0/8\"; it takes a network without bits behind its prefix; "
                + "did you mean \"10.0.0.0/8\", or the address alone?"
        ),
        ("networks = [\"ten\"]", 1, 13, "networks[0]: found \"ten\"; it takes a network such as"),
        (
            "text = \"a${NONE}\"", 1, 8,
            "text: the environment has no NONE; set it, or write ${NONE:-default}"
        ),
        ("text = \"${NONE\"", 1, 8, "text: found \"${NONE\"; it takes ${NAME} or ${NAME:-default}"),
        ("text = \"${1X}\"", 1, 8, "text: found \"${1X}\"; it takes ${NAME} or"),
        ("text = \"${A-b}\"", 1, 8, "text: found \"${A-b}\"; it takes ${NAME} or"),
        (
            "pool = \"shp\"", 1, 8,
            "pool: there is no pool \"shp\"; defined are \"shop\", \"blog\"; did you mean \"shop\"?"
        ),
    ])
    func `a fault says where, what was found and what is allowed`(
        _ text: String, _ line: Int, _ column: Int, _ sentence: String
    ) throws {
        let faults = faults(text)
        let fault = try #require(faults.first)
        #expect(faults.count == 1)
        #expect((fault.line, fault.column) == (line, column))
        #expect(
            fault.description.hasPrefix("etc/x.toml:\(line):\(column): \(sentence)"), "\(fault)")
    }

    @Test func `all faults of a file are reported, in the order of its lines`() {
        let found = faults("rate = 1\nflg = 1\nnumber = 0\nwords = [1, 2]\npool = 'x'\ncolour = ''")
        #expect(found.map(\.line) == [1, 2, 3, 4, 4, 5, 6])
        #expect(
            found.map(\.key) == ["rate", "flg", "number", "words[0]", "words[1]", "pool", "colour"])
    }

    @Test(arguments: [
        ("${A}", "1"), ("x${A}y${B}z", "x1y2z"), ("${NONE:-d}", "d"), ("${NONE:-}", ""),
        ("${A:-d}", "1"),
        ("${EMPTY}", ""), ("${EMPTY:-d}", "d"), ("$A", "$A"), ("$", "$"), ("$$", "$$"),
        ("a$", "a$"),
        ("${NEST}", "${A}"), ("${NONE:-a:-b}", "a:-b"), ("$${A}", "$1"), ("{A}", "{A}"),
    ])
    func `names are replaced from the environment`(_ text: String, _ result: String) throws {
        let environment = ["A": "1", "B": "2", "EMPTY": "", "NEST": "${A}"]
        #expect(try read("text = '\(text)'", environment: environment).text == result)
    }

    @Test func `what stands in for a name is judged like anything else`() throws {
        #expect(
            try read("wait = '${W}'\nwords = ['${W}']", environment: ["W": "7s"]).wait
                == .seconds(7))
        #expect(throws: SettingsFaults.self) {
            try read("colour = '${W}'", environment: ["W": "7s"])
        }
    }

    @Test func `tables are read wherever they stand`() throws {
        let reading = Reading(file: "x.toml", environment: [:])
        var root = try #require(
            reading.root(
                of:
                    "[pool.b]\nsize = 2\n[[list]]\nn = 1\n[pool.a]\n[[list]]\nn = 2\n[pool.b.inner]\nx = 1"
            ))
        #expect(root.namedSections("pool").map(\.name) == ["b", "a"])
        let lines = root.sections("list").map(\.line)
        #expect(lines == [3, 6])
        root.finish()
        #expect(reading.faults.isEmpty)
    }

    @Test(arguments: [
        ("a = 1", "a: found a whole number; it takes a table"),
        ("b = {}", "b: found a table; it takes an array of tables, each under [[b]]"),
        ("b = [1]", "b[0]: found a whole number; it takes a table"),
        ("c = []", "c: found an array; it takes a table"),
        ("c = { x = 1 }", "c.x: found a whole number; it takes a table"),
    ])
    func `what should be a table and is none says so`(_ text: String, _ sentence: String) throws {
        let reading = Reading(file: "x.toml", environment: [:])
        var root = try #require(reading.root(of: text))
        _ = root.section("a")
        _ = root.sections("b")
        _ = root.namedSections("c")
        root.finish()
        #expect(reading.faults.map { "\($0.key): \($0.sentence)" } == [sentence])
    }

    @Test func `nesting has an end`() {
        let reading = Reading(file: "x.toml", environment: [:])
        let dots = String(repeating: "a.", count: 200_000)
        for text in ["\(dots)a = 1", "[\(dots)a]", "a = " + String(repeating: "[", count: 100_000)]
        {
            #expect(reading.root(of: text) == nil)
        }
        #expect(reading.faults.count == 3)
    }

    @Test(arguments: [
        "a = 1\u{0}", "\u{FEFF}a = 1", "a = \"\u{7F}\"", "a = 99999999999999999999", "[", "]", "a",
        "=", "a = '''",
    ])
    func `strange texts are faults or values, and never the end`(_ text: String) {
        let reading = Reading(file: "x.toml", environment: [:])
        #expect((reading.root(of: text) == nil) == !reading.faults.isEmpty)
    }
}
