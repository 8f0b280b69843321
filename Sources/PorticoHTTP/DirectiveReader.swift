internal import PorticoBytes

/// Reads the members of a Cache-Control field (RFC 9111 §5.2) one after the other.
///
/// Nothing stops it: what breaks the grammar is `.malformed` up to the next comma outside quotes,
/// and the caller decides what a malformed `max-age` means.
struct DirectiveReader: ~Escapable {
    enum Argument: Equatable {
        case none
        case token(Range<Int>)
        /// Without the quotes, escapes still inside.
        case quoted(Range<Int>)
        case malformed
    }

    struct Directive {
        let name: Range<Int>
        let argument: Argument
        /// Whether something follows a ";", as in Surrogate-Control.
        let hasParameters: Bool
    }

    private let text: Span<UInt8>
    private var index = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    mutating func next() -> Directive? {
        while true {
            while index < text.count, isSpace(text[index]) || text[index] == 0x2C { index += 1 }
            guard index < text.count else { return nil }
            let start = index
            while index < text.count, ASCII.isTokenByte(text[index]) { index += 1 }
            if index == start {
                skipMember()
                continue
            }
            let name = start..<index
            var argument = readArgument()
            skipSpace()
            var hasParameters = false
            if index < text.count, text[index] == 0x3B {
                hasParameters = true
                skipMember()
            } else if index < text.count, text[index] != 0x2C {
                argument = .malformed
                skipMember()
            }
            return Directive(name: name, argument: argument, hasParameters: hasParameters)
        }
    }

    private mutating func readArgument() -> Argument {
        guard index < text.count, text[index] == 0x3D else { return .none }
        index += 1
        guard index < text.count, text[index] == 0x22 else {
            let start = index
            while index < text.count, ASCII.isTokenByte(text[index]) { index += 1 }
            return index == start ? .malformed : .token(start..<index)
        }
        let start = index + 1
        return skipQuoted() ? .quoted(start..<(index - 1)) : .malformed
    }

    /// From the opening quote past the closing one; false at the end of the text.
    private mutating func skipQuoted() -> Bool {
        index += 1
        while index < text.count {
            if text[index] == 0x5C {
                index += 1
            } else if text[index] == 0x22 {
                index += 1
                return true
            }
            index += 1
        }
        index = text.count
        return false
    }

    private mutating func skipMember() {
        while index < text.count, text[index] != 0x2C {
            if text[index] == 0x22 {
                _ = skipQuoted()
            } else {
                index += 1
            }
        }
    }

    private mutating func skipSpace() {
        while index < text.count, isSpace(text[index]) { index += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
