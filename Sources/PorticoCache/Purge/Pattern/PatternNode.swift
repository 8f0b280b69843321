internal import PorticoBytes

/// Why a pattern is not understood.
package enum PatternFault: Error, Equatable, Sendable {
    /// At this byte something is wrong or missing.
    case malformed(at: Int)
    /// Backreferences, assertions that look around, word boundaries, possessive repetition: what no
    /// finite automaton decides, or nobody has asked a purge for.
    case unsupported(at: Int)
    /// Its automaton would have too many states.
    case tooLarge
}

/// A pattern as a tree.
indirect enum PatternNode {
    case set(ByteSet)
    case begin
    case end
    case sequence([PatternNode])
    case choice([PatternNode])
    /// `most`: nil without a bound.
    case repeated(PatternNode, least: Int, most: Int?)
}

/// Reads the part of Perl's syntax that has to do with finite automata.
struct PatternReader {
    /// Groups within groups: the reader calls itself for each.
    private static let mostDepth = 100
    /// The largest count in braces.
    private static let mostRepetitions = 1000

    private let text: [UInt8]
    private var index = 0
    private var foldsCase = false

    init(_ text: Span<UInt8>) { self.text = text.array }

    mutating func read() throws(PatternFault) -> PatternNode {
        if skip("(?i)") { foldsCase = true }
        let node = try choice(depth: 0)
        if index < text.count { throw .malformed(at: index) }
        return node
    }

    private var peek: UInt8? { index < text.count ? text[index] : nil }

    private mutating func next() throws(PatternFault) -> UInt8 {
        guard let byte = peek else { throw .malformed(at: index) }
        index += 1
        return byte
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        let end = index + word.utf8CodeUnitCount
        guard end <= text.count, text.span.extracting(index..<end).equals(word) else {
            return false
        }
        index = end
        return true
    }

    // MARK: - Structure

    private mutating func choice(depth: Int) throws(PatternFault) -> PatternNode {
        if depth > Self.mostDepth { throw .tooLarge }
        var branches = [try sequence(depth: depth)]
        while skip("|") { branches.append(try sequence(depth: depth)) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence(depth: Int) throws(PatternFault) -> PatternNode {
        var parts: [PatternNode] = []
        while let byte = peek, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            parts.append(try repetition(of: try atom(depth: depth)))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repetition(of atom: PatternNode) throws(PatternFault) -> PatternNode {
        var node = atom
        while let byte = peek {
            let start = index
            switch byte {
            case UInt8(ascii: "*"):
                index += 1
                node = .repeated(node, least: 0, most: nil)
            case UInt8(ascii: "+"):
                index += 1
                node = .repeated(node, least: 1, most: nil)
            case UInt8(ascii: "?"):
                index += 1
                node = .repeated(node, least: 0, most: 1)
            case UInt8(ascii: "{"):
                guard let (least, most) = try braces() else { return node }
                node = .repeated(node, least: least, most: most)
            default: return node
            }
            // Lazy or greedy, the same texts match; possessive, fewer do.
            if skip("?") { continue }
            if peek == UInt8(ascii: "+") { throw .unsupported(at: start) }
        }
        return node
    }

    /// `{2}`, `{2,}` or `{2,5}`; nil, and nothing is taken, where a brace is only a brace.
    private mutating func braces() throws(PatternFault) -> (Int, Int?)? {
        let start = index
        index += 1
        guard let least = number() else {
            index = start
            return nil
        }
        var most: Int? = least
        if skip(",") { most = number() }
        guard skip("}") else {
            index = start
            return nil
        }
        guard least <= Self.mostRepetitions, most ?? 0 <= Self.mostRepetitions else {
            throw .tooLarge
        }
        if let most, most < least { throw .malformed(at: start) }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = peek, ASCII.isDigit(byte), value ?? 0 < 1_000_000 {
            value = (value ?? 0) * 10 + Int(byte - 0x30)
            index += 1
        }
        return value
    }

    // MARK: - Atoms

    private mutating func atom(depth: Int) throws(PatternFault) -> PatternNode {
        let start = index
        let byte = try next()
        switch byte {
        case UInt8(ascii: "("): return try group(from: start, depth: depth)
        case UInt8(ascii: "["): return set(try bracket())
        case UInt8(ascii: "."): return .set(.dot)
        case UInt8(ascii: "^"): return .begin
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "\\"):
            switch peek {
            case UInt8(ascii: "A"):
                index += 1
                return .begin
            case UInt8(ascii: "z"), UInt8(ascii: "Z"):
                index += 1
                return .end
            default: return set(try escape(from: start))
            }
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"): throw .malformed(at: start)
        // A brace that begins no count.
        case UInt8(ascii: "{"):
            index = start
            if try braces() != nil { throw .malformed(at: start) }
            index = start + 1
            return set(ByteSet(byte))
        default: return set(ByteSet(byte))
        }
    }

    private func set(_ set: ByteSet) -> PatternNode { .set(foldsCase ? set.folded : set) }

    private mutating func group(
        from start: Int, depth: Int
    ) throws(PatternFault) -> PatternNode {
        if skip("?") {
            let isNamed =
                skip("P<")
                || (peek == UInt8(ascii: "<") && index + 1 < text.count
                    && ASCII.isLetter(text[index + 1]) && skip("<"))
            if isNamed {
                while try next() != UInt8(ascii: ">") {}
            } else if !skip(":") {
                throw .unsupported(at: start)
            }
        }
        let node = try choice(depth: depth + 1)
        guard skip(")") else { throw .malformed(at: index) }
        return node
    }

    /// What a backslash and the byte behind it stand for.
    private mutating func escape(from start: Int) throws(PatternFault) -> ByteSet {
        let byte = try next()
        switch byte {
        case UInt8(ascii: "d"): return .digits
        case UInt8(ascii: "D"): return ByteSet.digits.inverted
        case UInt8(ascii: "w"): return .wordBytes
        case UInt8(ascii: "W"): return ByteSet.wordBytes.inverted
        case UInt8(ascii: "s"): return .spaces
        case UInt8(ascii: "S"): return ByteSet.spaces.inverted
        case UInt8(ascii: "t"): return ByteSet(0x09)
        case UInt8(ascii: "n"): return ByteSet(0x0A)
        case UInt8(ascii: "r"): return ByteSet(0x0D)
        case UInt8(ascii: "f"): return ByteSet(0x0C)
        case UInt8(ascii: "x"):
            guard let high = ASCII.hexadecimalValue(try next()),
                let low = ASCII.hexadecimalValue(try next())
            else { throw .malformed(at: start) }
            return ByteSet(high << 4 | low)
        default:
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) { throw .unsupported(at: start) }
            return ByteSet(byte)
        }
    }

    // MARK: - Bracket expressions

    private mutating func bracket() throws(PatternFault) -> ByteSet {
        let isInverted = skip("^")
        var set = ByteSet()
        var isFirst = true
        while true {
            let start = index
            let byte = try next()
            if byte == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            if byte == UInt8(ascii: "["), peek == UInt8(ascii: ":") {
                set.formUnion(try namedSet(from: start))
                continue
            }
            var low = byte
            if byte == UInt8(ascii: "\\") {
                let escaped = try escape(from: start)
                guard let single = escaped.only else {
                    set.formUnion(escaped)
                    continue
                }
                low = single
            }
            guard peek == UInt8(ascii: "-"), index + 1 < text.count,
                text[index + 1] != UInt8(ascii: "]")
            else {
                set.insert(low)
                continue
            }
            index += 1
            var high = try next()
            if high == UInt8(ascii: "\\") {
                guard let single = try escape(from: start).only else {
                    throw .malformed(at: start)
                }
                high = single
            }
            guard low <= high else { throw .malformed(at: start) }
            set.formUnion(ByteSet(low...high))
        }
        let folded = foldsCase ? set.folded : set
        return isInverted ? folded.inverted : folded
    }

    /// `[:alpha:]` and the like.
    private mutating func namedSet(from start: Int) throws(PatternFault) -> ByteSet {
        var letters = ByteSet(0x41...0x5A)
        letters.formUnion(ByteSet(0x61...0x7A))
        if skip(":alpha:]") { return letters }
        if skip(":digit:]") { return .digits }
        if skip(":space:]") { return .spaces }
        if skip(":upper:]") { return ByteSet(0x41...0x5A) }
        if skip(":lower:]") { return ByteSet(0x61...0x7A) }
        letters.formUnion(.digits)
        if skip(":alnum:]") { return letters }
        throw .unsupported(at: start)
    }
}

extension ByteSet {
    /// The byte, where there is just one.
    fileprivate var only: UInt8? {
        var found: UInt8?
        for byte in UInt8.min...UInt8.max where contains(byte) {
            if found != nil { return nil }
            found = byte
        }
        return found
    }
}
