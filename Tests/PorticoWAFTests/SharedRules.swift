import PorticoBytes

/// What stands outside of the repository, in `../shared/crs`: empty where it is absent.
enum SharedRules {
    /// The texts of all `@rx` operators.
    static func patterns(beside path: String) -> [[UInt8]] {
        var found: Set<[UInt8]> = []
        for name in names {
            guard let bytes = TestFile.shared("crs/rules/\(name).conf", beside: path) else {
                continue
            }
            for line in bytes.split(separator: 0x0A) {
                let text = String(decoding: line, as: UTF8.self)
                guard text.hasPrefix("SecRule ") || text.hasPrefix("    SecRule "),
                    let start = text.firstEnd(of: "@rx "), let end = text.lastStart(of: "\" \\")
                else { continue }
                let operand = text[start..<end].utf8
                found.insert(resolvingQuotes(Array(operand)))
            }
        }
        return found.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Inputs of the libinjection vectors, each tenth.
    static func attacks(beside path: String) -> [[UInt8]] {
        guard let bytes = TestFile.shared("crs/libinjection-vectors.jsonl", beside: path) else {
            return []
        }
        return bytes.split(separator: 0x0A).enumerated().filter { $0.offset % 10 == 0 }
            .compactMap { JSONValue(Array($0.element).span)?["in"]?.text }
            .map(TransformationTests.Vector.bytes)
    }

    private static func resolvingQuotes(_ operand: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in operand {
            if byte == 0x22, result.last == 0x5C { result.removeLast() }
            result.append(byte)
        }
        return result
    }

    private static let names = [
        "REQUEST-911-METHOD-ENFORCEMENT", "REQUEST-913-SCANNER-DETECTION",
        "REQUEST-920-PROTOCOL-ENFORCEMENT", "REQUEST-921-PROTOCOL-ATTACK",
        "REQUEST-922-MULTIPART-ATTACK", "REQUEST-930-APPLICATION-ATTACK-LFI",
        "REQUEST-931-APPLICATION-ATTACK-RFI", "REQUEST-932-APPLICATION-ATTACK-RCE",
        "REQUEST-933-APPLICATION-ATTACK-PHP", "REQUEST-934-APPLICATION-ATTACK-GENERIC",
        "REQUEST-941-APPLICATION-ATTACK-XSS", "REQUEST-942-APPLICATION-ATTACK-SQLI",
        "REQUEST-943-APPLICATION-ATTACK-SESSION-FIXATION", "REQUEST-944-APPLICATION-ATTACK-JAVA",
        "RESPONSE-950-DATA-LEAKAGES", "RESPONSE-951-DATA-LEAKAGES-SQL",
        "RESPONSE-952-DATA-LEAKAGES-JAVA", "RESPONSE-953-DATA-LEAKAGES-PHP",
        "RESPONSE-954-DATA-LEAKAGES-IIS", "RESPONSE-955-WEB-SHELLS",
        "RESPONSE-956-DATA-LEAKAGES-RUBY",
    ]
}

extension String {
    fileprivate func firstEnd(of text: String) -> Index? {
        indices.first { self[$0...].hasPrefix(text) }.map { index($0, offsetBy: text.count) }
    }

    fileprivate func lastStart(of text: String) -> Index? {
        indices.reversed().first { self[$0...].hasPrefix(text) }
    }
}
