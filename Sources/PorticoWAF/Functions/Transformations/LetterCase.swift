/// `t:lowercase`, `t:uppercase`.
enum LetterCase {
    static func lower(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        flip(input, between: 0x41, and: 0x5A, into: &output)
    }

    static func raise(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        flip(input, between: 0x61, and: 0x7A, into: &output)
    }

    /// Turns the case of the letters in a range.
    @inline(__always)
    private static func flip(
        _ input: Span<UInt8>, between lower: UInt8, and upper: UInt8, into output: inout [UInt8]
    ) -> Bool {
        let first = input.firstIndex(between: lower, and: upper, from: 0)
        if first == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        var bytes = output.mutableSpan
        for index in first..<bytes.count {
            let byte = bytes[index]
            // One comparison and no branch: compilers make vectors of it.
            bytes[index] = byte ^ (byte &- lower <= upper &- lower ? 0x20 : 0)
        }
        return true
    }
}
