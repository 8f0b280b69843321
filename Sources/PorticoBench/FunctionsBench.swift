import PorticoBytes
import PorticoWAF

/// The WAF's functions of bytes, on values as requests have them and on one that is attacked:
/// `swift run -c release PorticoBench waf`.
enum FunctionsBench {
    static func run() {
        let plain = bytes("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
        let word = bytes("blue")
        let attack = bytes("%27%20UNION%20/**/SELECT%20password%20FROM%20users%20%26lt;%5Cx41--")
        transform(plain, attack)
        operate(plain, word, attack)
        filter(plain, word, attack)
    }

    private static func transform(_ plain: [UInt8], _ attack: [UInt8]) {
        var output: [UInt8] = []
        var sum = 0
        for transformation in Transformation.allCases {
            for (name, value) in [("plain", plain), ("attack", attack)] {
                measure("waf: \(transformation.name), \(name)", bytes: value.count, count: 20_000) {
                    if transformation.apply(to: value.span, into: &output) { sum &+= output.count }
                }
            }
        }
    }

    private static func operate(_ plain: [UInt8], _ word: [UInt8], _ attack: [UInt8]) {
        var captures = OperatorCaptures()
        var sum = 0
        let operators = [
            ("rx", "(?i)union\\s+(?:all\\s+)?select"), ("rx", "^[\\w]+$"), ("eq", "12"),
            ("streq", "blue"), ("contains", "select"), ("within", "|GET|POST|HEAD|"),
            ("pm", "union select insert update delete drop"), ("validateByteRange", "1-255"),
            ("validateUtf8Encoding", ""), ("validateUrlEncoding", ""), ("detectSQLi", ""),
            ("detectXSS", ""), ("ipMatch", "127.0.0.1,::1"),
        ]
        for (name, operand) in operators {
            let made = try? CompiledOperator(named: name, operand: bytes(operand)) {
                file throws(OperatorFault) in throw .unreadableFile(name: file, why: "")
            }
            guard let made else { continue }
            for (kind, value) in [("plain", plain), ("word", word), ("attack", attack)] {
                measure("waf: @\(name) \(operand), \(kind)", bytes: value.count, count: 20_000) {
                    if made.evaluate(value.span, captures: &captures) { sum &+= 1 }
                }
            }
        }
    }

    private static func filter(_ plain: [UInt8], _ word: [UInt8], _ attack: [UInt8]) {
        let groups = (0..<112).map { group in
            (0..<7).map { bytes("literal\(group * 31 % 112)of\($0)") }
        }
        guard let filter = try? LiteralFilter(groups: groups + [[bytes("union")]]) else { return }
        var scratch = LiteralScratch()
        var bits = [UInt64](repeating: 0, count: filter.wordCount)
        for (kind, value) in [("plain", plain), ("word", word), ("attack", attack)] {
            measure("waf: filter of 785 literals, \(kind)", bytes: value.count, count: 20_000) {
                var span = bits.mutableSpan
                filter.scan(value.span, into: &span, scratch: &scratch)
            }
        }
    }
}
