import PorticoBytes
import PorticoWAF
import Testing

@Suite("JSON bodies")
struct JSONBodyTests {
    private func read(
        _ text: [UInt8], names: JSONBody.ArrayNames = .modsecurity,
        limits: BodyLimits = BodyLimits()
    ) -> ([String], BodyFault?) {
        var reader = JSONBody(arrayNames: names, limits: limits)
        var list = PairList()
        do throws(BodyFault) {
            try reader.read(text.span, into: &list)
            return (list.texts, nil)
        } catch {
            return (list.texts, error)
        }
    }

    @Test(arguments: [
        (
            #"{"a":{"b":[1,"x",{"c":null}],"d":true}}"#,
            ["json.a.b.array_0=1", "json.a.b.array_1=x", "json.a.b.array_2.c=", "json.a.d=true"]
        ),
        ("1.50", ["json=1.50"]), (" \"a\" ", ["json=a"]), ("[]", []), ("{}", []),
        (#"{"":1}"#, ["json.empty-key=1"]), (#"{"a":1,"a":2}"#, ["json.a=1", "json.a=2"]),
        (
            "[[1],[[2]],[],3]",
            ["json.array_0.array_0=1", "json.array_1.array_0.array_0=2", "json.array_3=3"]
        ),
        (#""\u00e9\ud83d\ude00\ud800\n\/""#, ["json=é😀\u{FFFD}\n/"]),
        ("[-0.1e+5,false]", ["json.array_0=-0.1e+5", "json.array_1=false"]),
        (#"{"a":{},"b":[{}],"c":0}"#, ["json.c=0"]),
    ])
    func `leaves are arguments`(_ text: String, _ expected: [String]) {
        let (pairs, fault) = read(Array(text.utf8))
        #expect(pairs == expected)
        #expect(fault == nil)
    }

    @Test func `elements can be named as Coraza names them`() {
        #expect(
            read(Array(#"{"a":[1,[2]]}"#.utf8), names: .coraza).0 == ["json.a.0=1", "json.a.1.0=2"])
    }

    @Test(
        arguments: [
            ("", .unfinished), ("{", .unfinished), (#"{"a":1"#, .unfinished),
            (#"{"a":1}x"#, .malformed),
            ("[1,]", .malformed), ("[1 2]", .malformed), ("[[1] [2]]", .malformed),
            ("[[] []]", .malformed),
            ("{\"a\":{} {}}", .malformed), (#"{"a" 1}"#, .malformed), ("{1:2}", .malformed),
            ("01", .malformed),
            ("1.", .unfinished), ("+1", .malformed), ("tru", .unfinished), ("truth", .malformed),
            ("\"\u{1}\"", .malformed), (#""\q""#, .malformed), (#""\u12g4""#, .malformed),
            ("[1}", .malformed), ("{\"a\":1]", .malformed), ("{,}", .malformed),
            ("'a'", .malformed),
            ("{\"a\":[1}", .malformed), ("nul", .unfinished), ("\"a", .unfinished),
        ] as [(String, BodyFault.Kind)])
    func `what is no JSON is a fault`(_ text: String, _ kind: BodyFault.Kind) {
        #expect(read(Array(text.utf8)).1?.kind == kind)
    }

    @Test func `what was read before a fault stays, whole pairs only`() {
        #expect(read(Array(#"{"a":1,"b":"x"#.utf8)).0 == ["json.a=1"])
    }

    @Test func `a string that is no UTF-8 is a fault`() {
        #expect(read([0x22, 0xC0, 0xAF, 0x22]).1?.kind == .malformed)
    }

    @Test func `depth is limited, and a deep body within the limit takes no stack`() {
        var limits = BodyLimits()
        limits.depth = 100_000
        let deep = [UInt8](repeating: 0x5B, count: 100_000)
        #expect(read(deep, limits: limits).1?.kind == .unfinished)
        #expect(read(deep).1?.kind == .tooDeep)
    }

    @Test func `long names over many leaves do not grow to their square`() {
        var limits = BodyLimits()
        limits.pairs = 1_000_000
        limits.bytes = 1 << 20
        let name = String(repeating: "n", count: 50_000)
        let leaves = [String](repeating: "1", count: 50_000).joined(separator: ",")
        let (pairs, fault) = read(Array("{\"\(name)\":[\(leaves)]}".utf8), limits: limits)
        #expect(fault?.kind == .tooLarge)
        #expect(pairs.count < 25)
    }

    @Test func `any cut and any change of a body ends, with whole pairs`() {
        let body = Array(#"{"a":{"b":[1,"\u00e9x",{"c":null}],"d":true},"e":-1.5e3}"#.utf8)
        for cut in 0..<body.count {
            #expect(read(Array(body[..<cut])).1?.kind == .unfinished, "cut at \(cut)")
        }
        var random = SmallRandom(seed: 7)
        for _ in 0..<20_000 {
            var changed = body
            for _ in 0...random.below(3) {
                changed[random.below(changed.count)] =
                    Array("{}[]\",:\\u0e1 tn\u{1}".utf8)[random.below(16)]
            }
            let (pairs, _) = read(changed)
            #expect(pairs.allSatisfy { $0.hasPrefix("json") })
        }
    }
}
