import PorticoBytes
import PorticoWAF
import Testing

@Suite("Transformations")
struct TransformationTests {
    /// What libmodsecurity 3.0.9 makes of inputs; where it is odd, what Portico does instead.
    static let vectors = TestFile.lines(of: "transform-vectors.jsonl", beside: #filePath)
        .compactMap(Vector.init)

    struct Vector {
        let names: [String]
        let input: [UInt8]
        let output: [UInt8]

        init?(_ line: [UInt8]) {
            guard let row = JSONValue(line.span), let names = row["t"]?.text,
                let input = row["in"]?.text, let output = (row["do"] ?? row["out"])?.text
            else { return nil }
            self.names = names.split(separator: ",").map(String.init)
            self.input = Self.bytes(input)
            self.output = Self.bytes(output)
        }

        static func bytes(_ hexadecimal: String) -> [UInt8] {
            let digits = hexadecimal.utf8.compactMap(ASCII.hexadecimalValue)
            return stride(from: 0, to: digits.count - 1, by: 2).map {
                digits[$0] << 4 | digits[$0 + 1]
            }
        }
    }

    @Test func `each measured vector comes out as measured`() throws {
        #expect(Self.vectors.count == 1896)
        var wrong: [String: Int] = [:]
        for vector in Self.vectors {
            var value = vector.input
            for name in vector.names {
                let transformation = try #require(Transformation(named: name), "\(name)")
                var output: [UInt8] = [1, 2, 3]
                if transformation.apply(to: value.span, into: &output) {
                    #expect(output != value, "\(name) says that it changed \(value)")
                    value = output
                } else {
                    #expect(output == [1, 2, 3], "\(name) touched the output of \(value)")
                }
            }
            if value != vector.output {
                let name = vector.names.joined(separator: ",")
                wrong[name, default: 0] += 1
                if wrong[name] == 1 {
                    Issue.record(
                        """
                        \(name) of \(Self.readable(vector.input)) is \(Self.readable(value)), not \
                        \(Self.readable(vector.output))
                        """)
                }
            }
        }
        #expect(wrong == [:])
    }

    @Test func `names are found whatever their case and spelling`() {
        #expect(Transformation(named: "urldecodeuni") == .urlDecodeUni)
        #expect(Transformation(named: "UTF8toUnicode") == .utf8toUnicode)
        #expect(Transformation(named: "normalisePathWin") == .normalizePathWin)
        #expect(Transformation(named: "none") == nil)
        #expect(Transformation.allCases.count == 35)
    }

    @Test(arguments: Transformation.allCases)
    func `a change is told from none, in the room that was promised`(
        _ transformation: Transformation
    ) {
        var random = SmallRandom(seed: UInt64(transformation.rawValue) + 1)
        let alphabet =
            Array("%u+0aF\\x/*.-#&<!;'\"^ \t\n\u{00}A\u{FF1C}\u{A0}=".utf8) + [0xFF, 0xF5]
        var output: [UInt8] = []
        for _ in 0..<4000 {
            let input = (0..<random.below(24)).map { _ in alphabet[random.below(alphabet.count)] }
            let before = output
            if transformation.apply(to: input.span, into: &output) {
                #expect(output != input)
                #expect(output.count <= 4 * input.count + 40)
            } else {
                #expect(output == before)
            }
        }
    }

    private static func readable(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            (0x20..<0x7F).contains(byte)
                ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16)
        }.joined()
    }
}
