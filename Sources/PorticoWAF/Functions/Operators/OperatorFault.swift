/// Why an operator cannot be made of what a rule says: the rule's author erred, or a file or
/// library is missing.
package enum OperatorFault: Error, Equatable, Sendable {
    case unknown(name: String)
    case pattern(PatternFault)
    /// Vectorscan refuses the phrases.
    case phrases(message: String)
    case missingOperand(OperatorName)
    /// `item` is the part of the operand that is wrong, `expected` what may stand there.
    case badOperand(OperatorName, item: String, expected: String)
    /// A line of an operand's file, counted from 1.
    case badLine(OperatorName, file: String, line: Int, expected: String)
    case unreadableFile(name: String, why: String)
    /// The Debian package that has what the operator needs.
    case missingPackage(OperatorName, package: String)
}
