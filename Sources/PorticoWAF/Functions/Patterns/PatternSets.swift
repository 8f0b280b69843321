/// The sets of bytes that patterns write in one letter.
enum PatternSets {
    /// Nil for a letter that stands for more than single bytes.
    static func bytes(_ letter: UInt8) -> Bytes? {
        switch letter {
        case 0x64: digits
        case 0x44: digits.complement
        case 0x77: words
        case 0x57: words.complement
        case 0x73: blanks
        case 0x53: blanks.complement
        default: nil
        }
    }

    private static let digits = Bytes([0x30...0x39])
    // By PCRE2's own tables, those of the C locale.
    private static let words = Bytes([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    private static let blanks = Bytes([0x09...0x0D, 0x20...0x20])

    struct Bytes {
        private var members = ByteSet()
        private(set) var count = 0

        init(_ ranges: [ClosedRange<UInt8>] = []) { for range in ranges { insert(range) } }

        mutating func insert(_ range: ClosedRange<UInt8>) {
            for byte in range where !members.contains(byte) {
                members.insert(byte)
                count += 1
            }
        }

        mutating func formUnion(_ other: Bytes) {
            for byte in other.bytes { insert(byte...byte) }
        }

        var bytes: [UInt8] { (UInt8.min...UInt8.max).filter { members.contains($0) } }

        var complement: Bytes {
            var result = Bytes()
            for byte in UInt8.min...UInt8.max where !members.contains(byte) {
                result.insert(byte...byte)
            }
            return result
        }
    }
}
