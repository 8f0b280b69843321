internal import PorticoBytes

/// JSON bodies (RFC 8259) as arguments: one for each leaf, named by the way to it.
///
/// `{"a":{"b":[1,{"c":null}]}}` has `json.a.b.array_0` = `1` and `json.a.b.array_1.c` = nothing.
/// Strings are unescaped to UTF-8, numbers stand as written. Recursion is a list of its own, so that
/// depth is a number and not a stack.
package struct JSONBody: ~Copyable {
    /// How the elements of an array are named.
    package enum ArrayNames: String, CaseIterable, Sendable {
        /// `json.a.array_0`, ModSecurity 3's.
        case modsecurity
        /// `json.a.0`, Coraza's.
        case coraza
    }

    private let arrayNames: ArrayNames
    private let limits: BodyLimits
    private var levels: [Level] = []
    /// The name of the value that comes next.
    private var path: [UInt8] = []

    private struct Level {
        /// Of `path`, without what this level appends.
        let pathCount: Int
        /// Elements before the next; -1 in an object.
        var index: Int
    }

    package init(arrayNames: ArrayNames = .modsecurity, limits: BodyLimits = BodyLimits()) {
        self.arrayNames = arrayNames
        self.limits = limits
    }

    /// Appends the leaves of a whole body.
    package mutating func read(_ body: Span<UInt8>, into list: inout PairList) throws(BodyFault) {
        levels.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        path.append(contentsOf: [0x6A, 0x73, 0x6F, 0x6E])
        var text = JSONScanner(body)
        text.skipBlanks()
        var isDone = try readValue(&text, into: &list)
        while !isDone {
            text.skipBlanks()
            isDone = try readNext(&text, into: &list)
        }
        text.skipBlanks()
        if text.index < body.count {
            throw BodyFault(.malformed, "JSON: something follows the value", at: text.index)
        }
    }

    /// Whether the value was the whole body.
    private mutating func readValue(
        _ text: inout JSONScanner, into list: inout PairList
    ) throws(BodyFault) -> Bool {
        let byte = try text.peek()
        switch byte {
        case 0x7B, 0x5B:
            if levels.count >= limits.depth {
                throw BodyFault(.tooDeep, "JSON: nested too deep", at: text.index)
            }
            text.index &+= 1
            text.expectsValue = false
            levels.append(Level(pathCount: path.count, index: byte == 0x5B ? 0 : -1))
            text.skipBlanks()
            if try text.peek() == (byte == 0x5B ? 0x5D : 0x7D) {
                text.index &+= 1
                return close()
            }
            try beginElement(&text)
            return try readValueHere(&text, into: &list)
        default:
            try readLeaf(byte, &text, into: &list)
            return levels.isEmpty
        }
    }

    /// After a name or at an element's place: a leaf at once, a container in the next round.
    private mutating func readValueHere(
        _ text: inout JSONScanner, into list: inout PairList
    ) throws(BodyFault) -> Bool {
        text.skipBlanks()
        let byte = try text.peek()
        if byte == 0x7B || byte == 0x5B { return false }
        try readLeaf(byte, &text, into: &list)
        return false
    }

    /// What follows a value in a container: its end, or a comma and the next element. Or, where
    /// `readValueHere` left it, the container that is the value.
    private mutating func readNext(
        _ text: inout JSONScanner, into list: inout PairList
    ) throws(BodyFault) -> Bool {
        let byte = try text.peek()
        if byte == 0x7B || byte == 0x5B {
            // Only after a name, a comma or a bracket: after a value there is no such state.
            if !text.expectsValue {
                throw BodyFault(.malformed, "JSON: a comma is missing", at: text.index)
            }
            return try readValue(&text, into: &list)
        }
        let isArray = levels[levels.count - 1].index >= 0
        switch byte {
        case 0x2C:
            text.index &+= 1
            path.removeLast(path.count - levels[levels.count - 1].pathCount)
            if isArray { levels[levels.count - 1].index &+= 1 }
            try beginElement(&text)
            return try readValueHere(&text, into: &list)
        case isArray ? 0x5D : 0x7D:
            text.index &+= 1
            return close()
        default: throw BodyFault(.malformed, "JSON: a comma is missing", at: text.index)
        }
    }

    /// Leaves a container; whether it was the outermost.
    private mutating func close() -> Bool {
        let level = levels.removeLast()
        path.removeLast(path.count - level.pathCount)
        return levels.isEmpty
    }

    /// Appends to the path what the next element is called.
    private mutating func beginElement(_ text: inout JSONScanner) throws(BodyFault) {
        let index = levels[levels.count - 1].index
        path.append(0x2E)
        if index >= 0 {
            if arrayNames == .modsecurity { path.append(contentsOf: "array_".utf8) }
            path.append(decimal: index)
        } else {
            text.skipBlanks()
            guard try text.peek() == 0x22 else {
                throw BodyFault(.malformed, "JSON: a name is missing", at: text.index)
            }
            let start = path.count
            try text.readString { path.append($0) }
            if path.count == start { path.append(contentsOf: "empty-key".utf8) }
            if path.count > limits.bytes {
                throw BodyFault(.tooLarge, "JSON: names take too much memory", at: text.index)
            }
            text.skipBlanks()
            guard try text.peek() == 0x3A else {
                throw BodyFault(.malformed, "JSON: a colon is missing", at: text.index)
            }
            text.index &+= 1
        }
        text.expectsValue = true
    }

    private mutating func readLeaf(
        _ byte: UInt8, _ text: inout JSONScanner, into list: inout PairList
    ) throws(BodyFault) {
        if list.count >= limits.pairs {
            throw BodyFault(.tooManyPairs, "JSON: too many arguments", at: text.index)
        }
        if list.bytes.count + path.count + 32 > limits.bytes {
            throw BodyFault(.tooLarge, "JSON: arguments take too much memory", at: text.index)
        }
        let start = list.bytes.count
        list.append(path.span)
        let middle = list.bytes.count
        do throws(BodyFault) {
            switch byte {
            case 0x22: try text.readString { list.append($0) }
            case 0x74: list.append(try text.readWord("true"))
            case 0x66: list.append(try text.readWord("false"))
            case 0x6E: _ = try text.readWord("null")
            default: list.append(try text.readNumber())
            }
        } catch {
            list.truncate(to: start)
            throw error
        }
        list.end(name: start..<middle, value: middle..<list.bytes.count)
        text.expectsValue = false
    }
}

extension [UInt8] {
    /// The digits of a number that is not negative.
    mutating func append(decimal number: Int) {
        let start = count
        var rest = number
        repeat {
            append(0x30 &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
