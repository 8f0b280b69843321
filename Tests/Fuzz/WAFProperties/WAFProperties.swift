import PorticoBytes
import PorticoSecLang
import PorticoWAF

/// What holds for each input of the WAF's functions of bytes. The second argument is one of 256
/// choices; what each answers is a sentence about what does not hold, or nil.
package enum WAFProperties {
    /// The choice is the transformation.
    package static func transformation(_ input: [UInt8], _ choice: Int) -> String? {
        guard let chosen = Transformation(rawValue: UInt8(choice % Transformation.allCases.count))
        else { return nil }
        var output: [UInt8] = [1, 2, 3]
        if !chosen.apply(to: input.span, into: &output) {
            return output == [1, 2, 3] ? nil : "\(chosen) touched the output without a change"
        }
        if output == input { return "\(chosen) says that it changed what it did not" }
        return output.count > 4 * input.count + 40 ? "\(chosen) grew beyond its bound" : nil
    }

    /// The input is the body; the boundary is `B`.
    package static func multipart(_ input: [UInt8], _ choice: Int) -> String? {
        var body = MultipartBody()
        var limits = BodyLimits()
        limits.pairs = choice + 1
        try? body.read(
            input.span, contentType: Array("multipart/form-data; boundary=B".utf8).span,
            limits: limits)
        if body.fields.count + body.files.count > limits.pairs { return "more parts than allowed" }
        if body.files.count != body.contents.count { return "a file without contents" }
        for content in body.contents where content.upperBound > input.count {
            return "contents beyond the body"
        }
        return nil
    }

    /// The input is the body; the choice is the depth that is allowed.
    package static func json(_ input: [UInt8], _ choice: Int) -> String? {
        var limits = BodyLimits()
        limits.depth = choice
        limits.bytes = 1 << 16
        var reader = JSONBody(limits: limits)
        var list = PairList()
        try? reader.read(input.span, into: &list)
        if list.bytes.count > limits.bytes + input.count { return "more bytes than allowed" }
        for index in 0..<list.count where !list.name(index).extracting(0..<4).equals("json") {
            return "a name that is none"
        }
        return nil
    }

    /// The input is a pattern up to the first NUL, and values behind it.
    package static func required(_ input: [UInt8], _ choice: Int) -> String? {
        let pieces = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2, let pattern = try? Pattern(Array(pieces[0]).span),
            let literals = RequiredLiterals.literals(in: Array(pieces[0]).span),
            let set = try? LiteralSet(literals, caseless: true)
        else { return nil }
        var captures = PatternCaptures()
        var scratch = LiteralScratch()
        let value = Array(pieces[1])
        let outcome = pattern.firstMatch(in: value.span, captures: &captures)
        if outcome != .matched { return nil }
        return set.occurs(in: value.span, scratch: &scratch)
            ? nil : "a match without any of \(literals)"
    }

    /// The input is a rule file that may include itself; the choice is not used.
    package static func secLang(_ input: [UInt8], _ choice: Int) -> String? {
        let files = RuleFiles(
            contents: { $0 == "f.conf" ? input : nil }, names: { _ in ["f.conf"] })
        let tree = SecLangParser.parse(["f.conf"], files: files)
        let lines = 1 + input.count { $0 == 0x0A }
        for fault in tree.faults + tree.warnings {
            if !(1...lines).contains(fault.place.line) || fault.place.column < 1 {
                return "a fault beyond the file: \(fault.sentence)"
            }
        }
        do throws(RuleSetFault) {
            let rules = try RuleSet.compile(tree, files: files)
            if !tree.faults.isEmpty { return "rules with a fault were taken" }
            if rules.rules.contains(where: { $0.id <= 0 }) { return "a rule without an id" }
        } catch {
            if error.faults.isEmpty { return "rules were refused without a fault" }
        }
        return nil
    }
}
