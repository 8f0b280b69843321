internal import PorticoBytes

/// A set of byte values; `@validateByteRange`'s table.
struct ByteSet: Equatable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    /// Reads `1-255,38,44-46`.
    init(ranges operand: [UInt8]) throws(OperatorFault) {
        for item in operand.split(separator: 0x2C, omittingEmptySubsequences: false) {
            let text = Array(item)
            let trimmed = text.span.trimmingOWS
            let dash = trimmed.firstIndex(of: 0x2D) ?? trimmed.count
            let lower = trimmed.extracting(0..<dash).trimmingOWS.decimal
            let upper =
                dash == trimmed.count
                ? lower : trimmed.extracting((dash + 1)..<trimmed.count).trimmingOWS.decimal
            guard let lower, let upper, lower <= upper, upper <= 255 else {
                throw .badOperand(
                    .validateByteRange, item: trimmed.text,
                    expected: "a value of 0 to 255, or a range of them")
            }
            for byte in lower...upper { insert(UInt8(byte)) }
        }
    }

    mutating func insert(_ byte: UInt8) {
        let bit = 1 as UInt64 &<< UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 128 ? (byte < 64 ? words.0 : words.1) : (byte < 192 ? words.2 : words.3)
        return (word &>> UInt64(byte & 63)) & 1 == 1
    }

    /// The first position whose byte is not in the set.
    func firstOutsider(in value: Span<UInt8>) -> Int? {
        var index = 0
        while index < value.count {
            if !contains(value[index]) { return index }
            index &+= 1
        }
        return nil
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }
}
