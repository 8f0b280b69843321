/// What is taken for granted of a value while a pattern is read.
///
/// Patterns against evasion allow for quotes and backslashes, and for what a shell makes of `$…`,
/// between any two letters of hundreds of commands. In a value without them the letters follow each
/// other: the pattern without those parts says the same of it, in a small part of the time.
struct Plainness: Sendable {
    /// Kinds that do not occur.
    let absent: ByteKinds

    /// Of any value.
    static let none = Plainness(absent: .none)
    /// Of most values.
    static let plain = Plainness(absent: ByteKinds("\"')[\\|&$"))

    func isAbsent(_ byte: UInt8) -> Bool { absent.contains(ByteKinds(byte)) }
}
