/// Which kinds of bytes occur in a text, in one word: what a pattern cannot do without is then
/// asked for with an `and`.
///
///     bits   0 … 25   26      27 … 58          59     60        61     62              63
///            letters  digits  ASCII's marks,   space  controls  high   a capital      always
///                             in its order            (0 … 1F,  (80 …  stands there   set
///                                                     7F)       FF)
struct ByteKinds: OptionSet, Hashable, Sendable {
    let rawValue: UInt64

    static let none: ByteKinds = []
    static let letters = ByteKinds(rawValue: 1 << 26 - 1)
    static let digits = ByteKinds(rawValue: 1 << 26)
    static let space = ByteKinds(rawValue: 1 << 59)
    static let controls = ByteKinds(rawValue: 1 << 60)
    static let high = ByteKinds(rawValue: 1 << 61)
    static let capitals = ByteKinds(rawValue: 1 << 62)
    /// Set in what `init(of:)` says of any text, the empty one too, and never in a demand.
    static let always = ByteKinds(rawValue: 1 << 63)
    static let everything = ByteKinds(rawValue: .max)

    /// The symbol of no byte: what stands before a text.
    static let outside: UInt32 = 63

    /// The kind of one byte; a capital is told as its letter only.
    init(_ byte: UInt8) {
        // SAFETY: the table has a symbol for each byte.
        self.rawValue = unsafe 1 << UInt64(Self.symbols[Int(byte)] & 63)
    }

    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The kinds of these ASCII characters.
    init(_ characters: StaticString) {
        self = characters.withUTF8Buffer { Self(of: unsafe $0.span) }
            .subtracting([.always, .capitals])
    }

    /// All that occur in a text.
    init(of text: Span<UInt8>) {
        // SAFETY: read within the call; the table has a symbol for each byte.
        rawValue = unsafe text.withUnsafeBufferPointer { bytes in
            let symbols = unsafe Self.symbols
            var bits: UInt64 = 1 << 63
            var marks: UInt8 = 0
            var index = 0
            while index < bytes.count {
                let symbol = unsafe symbols[Int(bytes[index])]
                bits |= 1 &<< UInt64(symbol & 63)
                marks |= symbol
                index &+= 1
            }
            return bits | UInt64(marks & 0x40) << 56
        }
    }

    /// For each byte the number of its bit; of capitals with 0x40 beside it.
    // SAFETY: 256 bytes, written once, never freed.
    nonisolated(unsafe) static let symbols: UnsafePointer<UInt8> = {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        var mark: UInt8 = 27
        for value in 0..<256 {
            let symbol: UInt8
            switch UInt8(value) {
            case 0x41...0x5A: symbol = UInt8(value) - 0x41 | 0x40
            case 0x61...0x7A: symbol = UInt8(value) - 0x61
            case 0x30...0x39: symbol = 26
            case 0x20: symbol = 59
            case 0x00...0x1F, 0x7F: symbol = 60
            case 0x80...0xFF: symbol = 61
            default:
                symbol = mark
                mark += 1
            }
            unsafe table[value] = symbol
        }
        return unsafe UnsafePointer(table)
    }()

    /// How often one of these is met in what ordinary requests send, roughly: the sum of the
    /// letters' shares in English in thousandths, with estimates for the rest.
    var frequency: Int {
        var sum = 0
        var rest = rawValue & (1 << 62 - 1)
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest &- 1
            switch bit {
            case 0..<26: sum += Self.shares[bit]
            case 26: sum += 90
            case 59: sum += 60
            case 60, 61: sum += 2
            // Comma, hyphen, dot, slash, colon, equals sign, underscore: in lists, names, paths.
            case 38, 39, 40, 41, 42, 45, 53: sum += 20
            default: sum += 3
            }
        }
        return sum
    }

    private static let shares = [
        82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2,
        20, 1,
    ]
}
