internal import PorticoBytes

/// Makes operators of what rules say; the same pattern, phrases or file is made once.
package struct OperatorCompiler {
    /// The contents of an operand's file, found as the rule's file names it; throws
    /// `.unreadableFile`.
    package typealias Files = (_ name: String) throws(OperatorFault) -> [UInt8]

    private let files: Files
    private var patterns: [[UInt8]: Pattern] = [:]
    private var phrases: [[[UInt8]]: LiteralSet] = [:]

    package init(files: @escaping Files) { self.files = files }

    /// `operand` is what follows the name, `\"` already resolved, without macros. `files` reads
    /// for this one instead of the compiler's own.
    package mutating func compile(
        _ name: OperatorName, operand: [UInt8], files: Files? = nil
    ) throws(OperatorFault) -> CompiledOperator {
        CompiledOperator(name, try test(name, operand: operand, files: files ?? self.files))
    }

    private mutating func test(
        _ name: OperatorName, operand: [UInt8], files: Files
    ) throws(OperatorFault) -> CompiledOperator.Test {
        switch name {
        case .rx: return .pattern(try pattern(operand))
        case .strmatch, .contains, .containsWord, .beginsWith, .endsWith, .streq, .within:
            return .text(operand)
        case .eq, .ge, .gt, .le, .lt: return .number(DecimalPrefix.value(of: operand.span))
        case .pm:
            let phrases = PhraseList.phrases(inOperand: operand)
            if phrases.isEmpty { throw .missingOperand(name) }
            return .phrases(try set(of: phrases))
        case .pmFromFile:
            var phrases: [[UInt8]] = []
            for file in try Self.names(of: name, in: operand) {
                phrases += PhraseList.phrases(inFile: try files(file))
            }
            return .phrases(try set(of: phrases))
        case .ipMatch: return .networks(try AddressText.networks(inOperand: operand))
        case .ipMatchFromFile:
            var networks: [Network] = []
            for file in try Self.names(of: name, in: operand) {
                networks += try AddressText.networks(inFile: try files(file), named: file)
            }
            return .networks(NetworkList(networks))
        case .validateByteRange: return .bytes(try ByteSet(ranges: operand))
        case .verifyCC, .verifyCPF, .verifySSN:
            if operand.isEmpty { throw .missingOperand(name) }
            return .pattern(try pattern(operand))
        case .detectSQLi, .detectXSS:
            guard Injection.isAvailable else {
                throw .missingPackage(name, package: Injection.package)
            }
            return .none
        case .geoLookup, .noMatch, .rbl, .unconditionalMatch, .validateUrlEncoding,
            .validateUtf8Encoding:
            return .none
        }
    }

    private mutating func pattern(_ text: [UInt8]) throws(OperatorFault) -> Pattern {
        if let known = patterns[text] { return known }
        do throws(PatternFault) {
            let made = try Pattern(text.span)
            patterns[text] = made
            return made
        } catch {
            throw .pattern(error)
        }
    }

    private mutating func set(of texts: [[UInt8]]) throws(OperatorFault) -> LiteralSet {
        if let known = phrases[texts] { return known }
        do throws(LiteralSet.Fault) {
            let made = try LiteralSet(texts, caseless: true)
            phrases[texts] = made
            return made
        } catch {
            throw .phrases(message: error.message)
        }
    }

    /// The names of files in an operand: blanks separate them.
    private static func names(
        of name: OperatorName, in operand: [UInt8]
    ) throws(OperatorFault) -> [String] {
        let names = operand.split(whereSeparator: Blanks.isBlank).map {
            String(decoding: $0, as: UTF8.self)
        }
        if names.isEmpty { throw .missingOperand(name) }
        return names
    }
}
