internal import PorticoBytes

/// `t:replaceComments`, `t:removeComments`, `t:removeCommentsChar`.
enum CommentText {
    /// A comment of C becomes one blank, one that does not end too.
    static func replace(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        guard var start = input.firstPair(0x2F, 0x2A, from: 0) else { return false }
        output.begin(with: input, upTo: start, room: input.count)
        while true {
            output.append(0x20)
            guard let end = input.firstPair(0x2A, 0x2F, from: start &+ 2) else { return true }
            start = input.firstPair(0x2F, 0x2A, from: end &+ 2) ?? input.count
            output.copy(input, (end &+ 2)..<start)
            if start == input.count { return true }
        }
    }

    /// Comments of C and HTML go; `--` and `#` take the rest with them. What does not end leaves a
    /// blank.
    static func remove(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var index = input.firstIndex(in: openings, from: 0)
        while index < input.count, markLength(input.extracting(index..<input.count)) == 0 {
            index = input.firstIndex(in: openings, from: index &+ 1)
        }
        if index == input.count { return false }
        output.begin(with: input, upTo: index, room: input.count)
        while index < input.count {
            let rest = input.extracting(index..<input.count)
            let closing: StaticString
            if rest.begins(with: "/*") {
                closing = "*/"
            } else if rest.begins(with: "<!--") {
                closing = "-->"
            } else if rest.begins(with: "--") || rest[0] == 0x23 {
                return true
            } else {
                output.append(rest[0])
                index &+= 1
                continue
            }
            index &+= closing.utf8CodeUnitCount == 2 ? 2 : 4
            while index < input.count, !input.extracting(index..<input.count).begins(with: closing)
            { index &+= 1 }
            if index == input.count {
                output.append(0x20)
            } else {
                index &+= closing.utf8CodeUnitCount
            }
        }
        return true
    }

    /// The marks alone go, in one pass: `/*`, `*/`, `<!--`, `-->`, `--`, `#`.
    static func removeMarks(_ input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        var index = input.firstIndex(in: marks, from: 0)
        while index < input.count, markLength(input.extracting(index..<input.count)) == 0 {
            index = input.firstIndex(in: marks, from: index &+ 1)
        }
        if index == input.count { return false }
        output.begin(with: input, upTo: input.count, room: input.count)
        var bytes = output.mutableSpan
        var end = index
        while index < input.count {
            let length = markLength(input.extracting(index..<input.count))
            if length == 0 {
                bytes[end] = input[index]
                end &+= 1
                index &+= 1
            } else {
                index &+= length
            }
        }
        output.removeLast(output.count &- end)
        return true
    }

    private static let marks = ByteClass("/*<-#")
    /// Of what `remove` removes: a closing `*/` alone is nothing to it.
    private static let openings = ByteClass("/<-#")

    private static func markLength(_ rest: Span<UInt8>) -> Int {
        switch rest[0] {
        case 0x23: 1
        case 0x2F: rest.begins(with: "/*") ? 2 : 0
        case 0x2A: rest.begins(with: "*/") ? 2 : 0
        case 0x3C: rest.begins(with: "<!--") ? 4 : 0
        case 0x2D: rest.begins(with: "-->") ? 3 : rest.begins(with: "--") ? 2 : 0
        default: 0
        }
    }
}

extension Span where Element == UInt8 {
    func begins(with text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount
            && extracting(first: text.utf8CodeUnitCount).equals(text)
    }

    /// Where two bytes stand beside each other.
    fileprivate func firstPair(_ first: UInt8, _ second: UInt8, from start: Int) -> Int? {
        var index = start
        while true {
            index = firstIndex(of: first, or: first, from: index)
            if index &+ 1 >= count { return nil }
            if self[index &+ 1] == second { return index }
            index &+= 1
        }
    }
}
