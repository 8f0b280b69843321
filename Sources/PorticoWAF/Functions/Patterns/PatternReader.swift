internal import PorticoBytes

/// Reads the syntax of PCRE2 as far as it is needed to know which texts must occur
/// (`RequiredLiterals`). Nil from any step: not understood.
struct PatternReader: ~Escapable {
    private let pattern: Span<UInt8>
    private var index = 0
    private var depth = 0
    private static let mostDepth = 200

    @_lifetime(copy pattern)
    init(_ pattern: Span<UInt8>) { self.pattern = pattern }

    @_lifetime(self: copy self)
    mutating func readAll() -> PatternFacts? {
        // Verbs such as (*UTF) change what all the rest means.
        if pattern.firstRange(of: [0x28, 0x2A].span, from: 0) != nil { return nil }
        guard let facts = readAlternatives(), index == pattern.count else { return nil }
        return facts
    }

    @_lifetime(self: copy self)
    private mutating func readAlternatives() -> PatternFacts? {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.mostDepth { return nil }
        guard var facts = readSequence() else { return nil }
        while index < pattern.count, pattern[index] == 0x7C {
            index &+= 1
            guard let next = readSequence() else { return nil }
            facts = facts.or(next)
        }
        return facts
    }

    @_lifetime(self: copy self)
    private mutating func readSequence() -> PatternFacts? {
        var facts = PatternFacts.empty
        while index < pattern.count, pattern[index] != 0x7C, pattern[index] != 0x29 {
            guard let atom = readAtom(), let repeated = readQuantifier(of: atom) else {
                return nil
            }
            facts = facts.followed(by: repeated)
        }
        return facts
    }

    @_lifetime(self: copy self)
    private mutating func readAtom() -> PatternFacts? {
        let byte = pattern[index]
        index &+= 1
        switch byte {
        case 0x5E, 0x24: return .empty
        case 0x2E: return .anything
        case 0x28: return readGroup()
        case 0x5B: return readClass()
        case 0x5C: return readEscape()
        // A quantifier where nothing is to be repeated.
        case 0x2A, 0x2B, 0x3F: return nil
        default: return literal(byte)
        }
    }

    private func literal(_ byte: UInt8) -> PatternFacts {
        PatternFacts(exact: [[ASCII.lowercase(byte)]])
    }

    /// Behind `(`. A comment is nothing, but a quantifier behind it repeats what stands before it:
    /// not understood.
    @_lifetime(self: copy self)
    private mutating func readGroup() -> PatternFacts? {
        if index < pattern.count, pattern[index] == 0x3F {
            index &+= 1
            guard index < pattern.count else { return nil }
            switch pattern[index] {
            case 0x3A, 0x3E: index &+= 1
            case 0x50, 0x3C, 0x27: if !skipName() { return nil }
            default:
                guard let isWhole = readOptions() else { return nil }
                // (?i) holds to the end of the group and is no atom itself.
                if isWhole { return .empty }
            }
        }
        guard let facts = readAlternatives(), index < pattern.count, pattern[index] == 0x29 else {
            return nil
        }
        index &+= 1
        return facts
    }

    /// `P<name>`, `<name>`, `'name'`; false for look-behind and references.
    @_lifetime(self: copy self)
    private mutating func skipName() -> Bool {
        if pattern[index] == 0x50 { index &+= 1 }
        guard index < pattern.count, pattern[index] == 0x3C || pattern[index] == 0x27 else {
            return false
        }
        let end: UInt8 = pattern[index] == 0x3C ? 0x3E : 0x27
        index &+= 1
        let start = index
        while index < pattern.count, pattern[index].isWord { index &+= 1 }
        guard index > start, index < pattern.count, pattern[index] == end else { return false }
        index &+= 1
        return true
    }

    /// Whether the options end with `)` rather than `:`; nil for what is no option or changes the
    /// syntax.
    @_lifetime(self: copy self)
    private mutating func readOptions() -> Bool? {
        while index < pattern.count {
            switch pattern[index] {
            case 0x69, 0x73, 0x6D, 0x55, 0x2D, 0x5E: index &+= 1
            case 0x3A:
                index &+= 1
                return false
            case 0x29:
                index &+= 1
                return true
            default: return nil
            }
        }
        return nil
    }

    /// Behind a backslash, outside of a class.
    @_lifetime(self: copy self)
    private mutating func readEscape() -> PatternFacts? {
        guard index < pattern.count else { return nil }
        let byte = pattern[index]
        switch byte {
        // Places between bytes.
        case 0x62, 0x42, 0x41, 0x5A, 0x7A, 0x47:
            index &+= 1
            return .empty
        // Sets of bytes, and line breaks of one or two.
        case 0x64, 0x44, 0x77, 0x57, 0x73, 0x53, 0x68, 0x48, 0x76, 0x56, 0x4E, 0x52:
            index &+= 1
            // \N{U+…} is no set, and not of bytes.
            if byte == 0x4E, index < pattern.count, pattern[index] == 0x7B { return nil }
            return .anything
        default:
            guard let value = readEscapedByte() else { return nil }
            return literal(value)
        }
    }

    /// The byte that an escape stands for, in a class and outside; nil if it is another escape.
    @_lifetime(self: copy self)
    private mutating func readEscapedByte() -> UInt8? {
        guard index < pattern.count else { return nil }
        let byte = pattern[index]
        index &+= 1
        switch byte {
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case 0x66: return 0x0C
        case 0x61: return 0x07
        case 0x65: return 0x1B
        case 0x78: return readHexadecimal()
        default:
            // What is neither letter nor digit stands for itself.
            return ASCII.isLetter(byte) || ASCII.isDigit(byte) ? nil : byte
        }
    }

    /// Behind `\x`: up to two digits, or any number in braces.
    @_lifetime(self: copy self)
    private mutating func readHexadecimal() -> UInt8? {
        if index < pattern.count, pattern[index] == 0x7B {
            guard let end = pattern.firstIndex(of: 0x7D, from: index), end > index &+ 1 else {
                return nil
            }
            var value = 0
            for place in (index &+ 1)..<end {
                guard let digit = ASCII.hexadecimalValue(pattern[place]) else { return nil }
                value = value << 4 | Int(digit)
                if value > 0xFF { return nil }
            }
            index = end + 1
            return UInt8(value)
        }
        var value: UInt8 = 0
        for _ in 0..<2 {
            guard index < pattern.count, let digit = ASCII.hexadecimalValue(pattern[index]) else {
                break
            }
            value = value << 4 | digit
            index &+= 1
        }
        return value
    }

    /// Behind `[`. Small sets are told byte by byte; of larger ones, it is only known where they end.
    @_lifetime(self: copy self)
    private mutating func readClass() -> PatternFacts? {
        var members: Set<[UInt8]> = []
        var isKnown = true
        if index < pattern.count, pattern[index] == 0x5E {
            isKnown = false
            index &+= 1
        }
        var isFirst = true
        while index < pattern.count, isFirst || pattern[index] != 0x5D {
            isFirst = false
            guard let lower = readMember() else { return nil }
            guard case .byte(let first) = lower else {
                isKnown = false
                continue
            }
            var last = first
            // A hyphen at the end of the class is itself.
            if index &+ 1 < pattern.count, pattern[index] == 0x2D, pattern[index &+ 1] != 0x5D {
                index &+= 1
                guard let upper = readMember() else { return nil }
                guard case .byte(let byte) = upper, byte >= first else { return nil }
                last = byte
            }
            if last &- first > 16 {
                isKnown = false
            } else if isKnown {
                for byte in first...last { members.insert([ASCII.lowercase(byte)]) }
            }
        }
        guard index < pattern.count else { return nil }
        index &+= 1
        return isKnown && members.count <= 16 ? PatternFacts(exact: members) : .anything
    }

    private enum Member {
        case byte(UInt8)
        case set
    }

    @_lifetime(self: copy self)
    private mutating func readMember() -> Member? {
        let byte = pattern[index]
        index &+= 1
        if byte == 0x5B, index < pattern.count,
            pattern[index] == 0x3A || pattern[index] == 0x2E || pattern[index] == 0x3D
        {
            return readPOSIX(pattern[index])
        }
        guard byte == 0x5C else { return .byte(byte) }
        guard index < pattern.count else { return nil }
        switch pattern[index] {
        case 0x64, 0x44, 0x77, 0x57, 0x73, 0x53, 0x68, 0x48, 0x76, 0x56:
            index &+= 1
            return .set
        case 0x62:
            index &+= 1
            return .byte(0x08)
        default: return readEscapedByte().map(Member.byte)
        }
    }

    /// Behind `[` and before its `:`. As in PCRE2, it is a bracket and no more unless `:]` follows.
    @_lifetime(self: copy self)
    private mutating func readPOSIX(_ mark: UInt8) -> Member? {
        var end = index &+ 1
        if end < pattern.count, pattern[end] == 0x5E { end &+= 1 }
        while end < pattern.count, ASCII.isLetter(pattern[end]) { end &+= 1 }
        guard end &+ 1 < pattern.count, pattern[end] == mark, pattern[end &+ 1] == 0x5D else {
            // "[:" begins names in other ways too: nothing is claimed of those.
            return mark == 0x3A ? .byte(0x5B) : nil
        }
        index = end + 2
        return .set
    }

    @_lifetime(self: copy self)
    private mutating func readQuantifier(of atom: PatternFacts) -> PatternFacts? {
        guard index < pattern.count else { return atom }
        var bounds: (Int, Int?)
        switch pattern[index] {
        case 0x2A: bounds = (0, nil)
        case 0x2B: bounds = (1, nil)
        case 0x3F: bounds = (0, 1)
        case 0x7B:
            guard let counted = readCounts() else { return atom }
            bounds = counted
            index &-= 1
        default: return atom
        }
        index &+= 1
        // Lazy or possessive: the same texts, or fewer.
        if index < pattern.count, pattern[index] == 0x3F || pattern[index] == 0x2B { index &+= 1 }
        // A second quantifier is an error to PCRE2, or a repetition of what was repeated.
        let repeated = atom.repeated(bounds.0, bounds.1)
        return readQuantifier(of: repeated)
    }

    /// `{n}`, `{n,}`, `{n,m}`; nil if the brace is a brace. Then it is read as an atom.
    @_lifetime(self: copy self)
    private mutating func readCounts() -> (Int, Int?)? {
        var place = index &+ 1
        guard let least = number(&place), place < pattern.count else { return nil }
        var greatest: Int? = least
        if pattern[place] == 0x2C {
            place &+= 1
            greatest = number(&place)
        }
        guard place < pattern.count, pattern[place] == 0x7D else { return nil }
        if let greatest, greatest < least { return nil }
        index = place + 1
        return (least, greatest)
    }

    private func number(_ place: inout Int) -> Int? {
        let start = place
        var value = 0
        while place < pattern.count, ASCII.isDigit(pattern[place]), place &- start < 6 {
            value = value * 10 + Int(pattern[place] &- 0x30)
            place &+= 1
        }
        return place > start ? value : nil
    }
}
