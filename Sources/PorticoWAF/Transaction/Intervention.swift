internal import PorticoBytes

/// What the rules want to be done with a request. The client's fault; trying again does not help.
package enum Intervention: Equatable, Sendable {
    case deny(status: UInt16)
    /// Close the connection without an answer.
    case drop
    case redirect(status: UInt16, location: [UInt8])
}

/// A rule that matched and logs.
struct MatchedRule {
    let rule: Int32
    let message: ByteRange
    let data: ByteRange
    /// Its macros expanded.
    var tags: [ByteRange] = []
    /// Into the transaction's `matches`.
    let matches: Range<Int>
}

/// One value that a rule matched.
struct Match {
    /// Name and value are ranges of the heap.
    let name: ByteRange
    let value: ByteRange
    /// Where in the value; -1: unknown.
    let start: Int32
    let end: Int32
}
