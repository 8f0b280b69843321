internal import PorticoBytes

/// An operator and its operand, ready to be asked about values. Immutable, shared between threads.
///
/// A `!` before the operator is the rule's affair, not its.
package final class CompiledOperator: Sendable {
    package let name: OperatorName
    let test: Test

    enum Test: Sendable {
        case none
        case number(Int64)
        case text([UInt8])
        case bytes(ByteSet)
        case networks(NetworkList)
        case phrases(LiteralSet)
        case pattern(Pattern)
    }

    init(_ name: OperatorName, _ test: Test) {
        self.name = name
        self.test = test
    }

    /// From the name in SecLang and a constant operand. Rules that share patterns are better made
    /// by one `OperatorCompiler`.
    package convenience init(
        named name: String, operand: [UInt8], files: @escaping OperatorCompiler.Files
    ) throws(OperatorFault) {
        guard let known = OperatorName(named: name) else { throw .unknown(name: name) }
        var compiler = OperatorCompiler(files: files)
        let made = try compiler.compile(known, operand: operand)
        self.init(made.name, made.test)
    }

    /// Whether the value matches. Allocates nothing; `captures` tells of this evaluation only.
    package func evaluate(_ value: Span<UInt8>, captures: inout OperatorCaptures) -> Bool {
        captures.clear()
        switch test {
        case .number(let number): return Comparison.holds(name, value, number)
        case .text(let text): return Comparison.holds(name, value, text.span)
        case .bytes(let set): return set.firstOutsider(in: value) != nil
        case .networks(let networks):
            guard let address = AddressText.address(value) else { return false }
            return networks.contains(address)
        case .phrases(let set): return captures.match(set, value)
        case .pattern(let pattern):
            if name == .rx { return captures.match(pattern, value) }
            return Numerals.verify(name, pattern, value, captures: &captures)
        case .none: return evaluateWithoutOperand(value, captures: &captures)
        }
    }

    /// Lower-case literals of which one occurs (ASCII case ignored) in each value that matches;
    /// nil if nothing is known. For a `LiteralFilter`.
    package var requiredLiterals: [[UInt8]]? {
        switch test {
        case .none, .number, .bytes, .networks: return nil
        case .text(let text):
            // @within asks the other way round.
            if name == .within || text.count < RequiredLiterals.shortest { return nil }
            return [text.map(ASCII.lowercase)]
        case .phrases(let set):
            let literals = set.literals.map { $0.map(ASCII.lowercase) }
            return literals.allSatisfy { !$0.isEmpty } ? literals : nil
        case .pattern(let pattern):
            let source = pattern.source
            return name == .rx ? RequiredLiterals.literals(in: source.span) : nil
        }
    }

    /// Of `@rx`: the pattern.
    package var pattern: Pattern? {
        if name == .rx, case .pattern(let pattern) = test { pattern } else { nil }
    }

    private func evaluateWithoutOperand(
        _ value: Span<UInt8>, captures: inout OperatorCaptures
    ) -> Bool {
        switch name {
        case .unconditionalMatch: return true
        case .detectSQLi: return Injection.isSQL(value, captures: &captures)
        case .detectXSS: return Injection.isScript(value, captures: &captures)
        case .validateUrlEncoding: return Encodings.hasBadEscape(value)
        case .validateUtf8Encoding: return Encodings.hasBadUTF8(value)
        default: return false
        }
    }
}

extension OperatorCaptures {
    mutating func match(_ pattern: Pattern, _ value: Span<UInt8>) -> Bool {
        switch pattern.firstMatch(in: value, captures: &self.pattern) {
        case .no: return false
        case .limitExceeded:
            exceededLimits = true
            return false
        case .matched:
            (count, source) = (self.pattern.count, .pattern)
            return true
        }
    }

    mutating func match(_ set: LiteralSet, _ value: Span<UInt8>) -> Bool {
        if !wanted { return set.occurs(in: value, scratch: &literals) }
        guard let match = set.firstMatch(in: value, scratch: &literals) else { return false }
        let phrase = set.literals[match.literal]
        capture(text: phrase.span)
        return true
    }
}
