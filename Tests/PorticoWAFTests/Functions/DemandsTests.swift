import PorticoBytes
import Testing

@testable import PorticoWAF

@Suite("What operators demand of values")
struct DemandsTests {
    private static let bytes = Array("abcABC012 \t\n'\"()[]\\;&|$%+-./,<#\u{7F}é".utf8) + [0]

    private static let words = ["or ", "cat", "ls", "c'at", "; ", "a", "b", "(0)"].map {
        Array($0.utf8)
    }

    private static func value(_ random: inout SmallRandom) -> [UInt8] {
        (0..<random.below(9)).flatMap { _ in
            random.below(2) == 0
                ? words[random.below(words.count)] : [bytes[random.below(bytes.count)]]
        }
    }

    @Test(arguments: 1...4)
    func `a transformation leaves alone what it says it does`(_ seed: UInt64) {
        var random = SmallRandom(seed: seed)
        var output: [UInt8] = []
        for _ in 0..<4000 {
            let value = Self.value(&random)
            let kinds = ByteKinds(of: value.span)
            for step in Transformation.allCases where kinds.isDisjoint(with: step.touches) {
                #expect(
                    !step.apply(to: value.span, into: &output) || output == value,
                    "\(step) of \(value)")
            }
        }
    }

    @Test(arguments: [
        "(?i)\\bor\\s+\\d", "[;|&]\\s*(?:cat|ls)\\b", "c[\"'\\\\]*a[\"'\\\\]*t", "(?=.*a)b|\\(0\\)",
        "[^a-z\\s]+'", "a(?:\\$[a-c]*)?b", "(?:'|\")?(a)\\|?(b)", "[\\w.]+/[^a]", "(?<![a])b;?",
    ])
    func `no match lacks what its pattern demands`(_ text: String) throws {
        var random = SmallRandom(seed: 7)
        var compiler = OperatorCompiler { name throws(OperatorFault) in
            throw .unreadableFile(name: name, why: "")
        }
        let test = try compiler.compile(.rx, operand: Array(text.utf8))
        let simpler = test.simplified(.plain)
        let (general, plain) = (test.demands(assuming: .none), test.demands(assuming: .plain))
        var captures = OperatorCaptures()
        var matches = 0
        for _ in 0..<30_000 {
            let value = Self.value(&random)
            let kinds = ByteKinds(of: value.span)
            let isPlain = kinds.isDisjoint(with: Plainness.plain.absent)
            let holds = test.evaluate(value.span, captures: &captures)
            if isPlain, let simpler {
                #expect(simpler.evaluate(value.span, captures: &captures) == holds)
            }
            guard holds else { continue }
            matches += 1
            #expect(general.kinds.areMet(by: kinds), "\(value)")
            if isPlain { #expect(plain.kinds.areMet(by: kinds), "\(value)") }
        }
        #expect(matches > 0)
    }
}
