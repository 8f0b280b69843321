internal import PorticoBytes

/// A pattern taken apart as far as needed to write texts on which it may be slow.
///
/// Not a validator: what it does not know (look-around, references, conditions) counts as empty.
/// What it proposes is tried, so that a mistake here costs a finding and never makes a false one.
indirect enum PatternShape {
    /// One byte out of these; a few of them.
    case bytes([UInt8])
    case sequence([PatternShape])
    case alternatives([PatternShape])
    /// `isAtomic`: gives nothing back.
    case repeated(PatternShape, isUnbounded: Bool, least: Int, isAtomic: Bool)
    case nothing

    init(_ pattern: [UInt8]) {
        var reader = ShapeReader(pattern)
        self = reader.alternatives(0)
    }

    /// A short text that the shape matches.
    var sample: [UInt8] {
        switch self {
        case .bytes(let set): [set[0]]
        case .sequence(let parts): parts.flatMap(\.sample)
        case .alternatives(let parts): parts.first?.sample ?? []
        case .repeated(let body, _, let least, _):
            least == 0 ? [] : Array(repeatElement(body.sample, count: min(least, 8)).joined())
        case .nothing: []
        }
    }

    /// Texts of one round of a repetition, few.
    var rounds: [[UInt8]] {
        switch self {
        case .bytes(let set): set.map { [$0] }
        case .sequence(let parts):
            // One round with what is optional, one without.
            [sample, parts.flatMap { $0.longSample }]
        case .alternatives(let parts): parts.prefix(4).map(\.longSample)
        case .repeated(let body, _, _, _): body.rounds
        case .nothing: []
        }
    }

    private var longSample: [UInt8] {
        switch self {
        case .repeated(let body, _, let least, _):
            Array(repeatElement(body.longSample, count: max(1, min(least, 8))).joined())
        case .sequence(let parts): parts.flatMap(\.longSample)
        case .alternatives(let parts): parts.first?.longSample ?? []
        case .bytes, .nothing: sample
        }
    }

    /// For each repetition without an end: what leads to it, its rounds, and what would follow.
    func pumps() -> [(prefix: [UInt8], rounds: [[UInt8]], tail: [UInt8])] {
        var found: [(prefix: [UInt8], rounds: [[UInt8]], tail: [UInt8])] = []
        collect([], [], &found)
        return Array(found.prefix(24))
    }

    private func collect(
        _ prefix: [UInt8], _ tail: [UInt8],
        _ found: inout [(prefix: [UInt8], rounds: [[UInt8]], tail: [UInt8])]
    ) {
        guard found.count < 24 else { return }
        switch self {
        case .bytes, .nothing: break
        case .sequence(let parts):
            for (index, part) in parts.enumerated() {
                part.collect(
                    prefix + parts[..<index].flatMap(\.sample),
                    parts[(index + 1)...].flatMap(\.longSample) + tail, &found)
            }
        case .alternatives(let parts):
            for part in parts.prefix(16) { part.collect(prefix, tail, &found) }
        case .repeated(let body, let isUnbounded, _, let isAtomic):
            if isUnbounded, !isAtomic {
                let rounds = body.rounds.filter { !$0.isEmpty }
                if !rounds.isEmpty { found.append((prefix, Array(rounds.prefix(5)), tail)) }
            }
            body.collect(prefix, tail, &found)
        }
    }
}

/// Reads PCRE2's syntax leniently.
private struct ShapeReader {
    private let text: [UInt8]
    private var index = 0

    init(_ text: [UInt8]) { self.text = text }

    mutating func alternatives(_ depth: Int) -> PatternShape {
        var parts = [sequence(depth)]
        while index < text.count, text[index] == 0x7C {
            index += 1
            parts.append(sequence(depth))
        }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence(_ depth: Int) -> PatternShape {
        var parts: [PatternShape] = []
        while index < text.count, text[index] != 0x7C {
            if text[index] == 0x29 {
                if depth > 0 { break }
                index += 1
                continue
            }
            parts.append(quantified(atom(depth)))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func quantified(_ atom: PatternShape) -> PatternShape {
        guard index < text.count else { return atom }
        var least = 0
        var isUnbounded = false
        switch text[index] {
        case 0x2A: isUnbounded = true
        case 0x2B: (least, isUnbounded) = (1, true)
        case 0x3F: break
        case 0x7B:
            guard let close = text[index...].firstIndex(of: 0x7D) else { return atom }
            let inside = text[(index + 1)..<close]
            let halves = inside.split(
                separator: 0x2C, maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = Array(halves[0]).span.decimal ?? (halves[0].isEmpty ? 0 : nil) else {
                return atom
            }
            least = Int(clamping: first)
            // A large bound is as good as none.
            let most = halves.count > 1 ? Array(halves[1]).span.decimal ?? .max : first
            isUnbounded = most > 64
            index = close
        default: return atom
        }
        index += 1
        var isAtomic = false
        if index < text.count, text[index] == 0x2B || text[index] == 0x3F {
            isAtomic = text[index] == 0x2B
            index += 1
        }
        return .repeated(atom, isUnbounded: isUnbounded, least: least, isAtomic: isAtomic)
    }

    private mutating func atom(_ depth: Int) -> PatternShape {
        let byte = text[index]
        index += 1
        switch byte {
        case 0x5E, 0x24: return .nothing
        case 0x2E: return .bytes([0x61, 0x20, 0x2F])
        case 0x28: return group(depth)
        case 0x5B: return set()
        case 0x5C: return escape()
        default: return .bytes([byte])
        }
    }

    private mutating func group(_ depth: Int) -> PatternShape {
        var isSeen = true
        var isAtomic = false
        if index < text.count, text[index] == 0x3F {
            index += 1
            // Options, names, kinds: up to what opens the body, or the end.
            let start = index
            while index < text.count, text[index] != 0x3A, text[index] != 0x29,
                text[index] != 0x3E, text[index] != 0x3D, text[index] != 0x21,
                text[index] != 0x27 || index == start
            {
                index += 1
            }
            guard index < text.count else { return .nothing }
            let end = text[index]
            if end == 0x3D || end == 0x21 { isSeen = false }
            if end == 0x3E, index == start { isAtomic = true }
            if end == 0x29 {
                index += 1
                return .nothing
            }
            index += 1
        }
        guard depth < 100 else { return .nothing }
        let body = alternatives(depth + 1)
        if index < text.count { index += 1 }
        if !isSeen { return .nothing }
        return isAtomic
            ? .repeated(body, isUnbounded: false, least: 1, isAtomic: true) : body
    }

    private mutating func escape() -> PatternShape {
        guard index < text.count else { return .nothing }
        let byte = text[index]
        index += 1
        switch byte {
        case 0x62, 0x42, 0x41, 0x5A, 0x7A, 0x47, 0x4B: return .nothing
        case 0x64: return .bytes([0x31])
        case 0x77: return .bytes([0x61, 0x31])
        case 0x73, 0x68, 0x76: return .bytes([0x20])
        case 0x44, 0x57, 0x53, 0x48, 0x56, 0x4E: return .bytes([0x2F])
        case 0x6E: return .bytes([0x0A])
        case 0x72: return .bytes([0x0D])
        case 0x74: return .bytes([0x09])
        case 0x78:
            var value: UInt8 = 0
            var digits = 0
            while digits < 2, index < text.count,
                let digit = ASCII.hexadecimalValue(text[index])
            {
                value = value << 4 | digit
                index += 1
                digits += 1
            }
            return .bytes([value])
        case 0x31...0x39: return .nothing
        default: return .bytes([byte])
        }
    }

    /// Behind `[`; a few of its members.
    private mutating func set() -> PatternShape {
        var isInverted = false
        if index < text.count, text[index] == 0x5E {
            isInverted = true
            index += 1
        }
        var members = [Bool](repeating: false, count: 256)
        var isFirst = true
        while index < text.count, text[index] != 0x5D || isFirst {
            isFirst = false
            if text[index] == 0x5B, index + 1 < text.count, text[index + 1] == 0x3A,
                let end = text[index...].firstRange(of: [0x3A, 0x5D])
            {
                for byte in UInt8(0x61)...0x7A { members[Int(byte)] = true }
                index = end.upperBound
                continue
            }
            let low = member(&members)
            if let low, index + 1 < text.count, text[index] == 0x2D, text[index + 1] != 0x5D {
                index += 1
                if let high = member(&members), low <= high {
                    for byte in low...high { members[Int(byte)] = true }
                }
            }
        }
        if index < text.count { index += 1 }
        // What is likely to be in several sets comes first.
        let order =
            Array("a1 /x_-.=A'\"\t;:".utf8) + (UInt8(0x21)...0x7E) + [0x0A, 0x80] + (0...0xFF)
        var found: [UInt8] = []
        for byte in order where members[Int(byte)] != isInverted && !found.contains(byte) {
            found.append(byte)
            if found.count == 4 { break }
        }
        return found.isEmpty ? .nothing : .bytes(found)
    }

    private mutating func member(_ members: inout [Bool]) -> UInt8? {
        let byte = text[index]
        guard byte == 0x5C else {
            index += 1
            members[Int(byte)] = true
            return byte
        }
        index += 1
        let letter = index < text.count ? text[index] : 0
        guard case .bytes(let set) = escape() else { return nil }
        for byte in set { members[Int(byte)] = true }
        if letter == 0x77 {
            for byte in Array("abcxyz019_".utf8) { members[Int(byte)] = true }
        }
        return set.count == 1 && ![0x64, 0x73, 0x44, 0x57, 0x53].contains(letter) ? set[0] : nil
    }
}
