internal import PorticoBytes

/// Reads a dictionary of structured fields (RFC 9651 §4.2.2), one field line at a time.
///
/// Strict, as that RFC wants: the first byte that breaks the grammar makes the whole field fail.
/// Parameters are read and dropped; of inner lists and of the less common types only the kind is told.
package struct StructuredDictionary: ~Escapable {
    package enum Value: Equatable, Sendable {
        case boolean(Bool)
        case integer(Int64)
        /// Within the text, without the quotes, escapes still inside.
        case string(Range<Int>)
        case token(Range<Int>)
        case decimal, bytes, date, displayString, innerList
    }

    package enum Step: Equatable, Sendable {
        case member(key: Range<Int>, Value)
        case end
        case malformed
    }

    private let text: Span<UInt8>
    private var index = 0
    private var isFirst = true

    @_lifetime(copy text)
    package init(_ text: Span<UInt8>) { self.text = text }

    /// The next member. After `.end` or `.malformed` there is none.
    package mutating func next() -> Step {
        if isFirst {
            isFirst = false
            while peek == 0x20 { index += 1 }
            if index == text.count { return .end }
        } else {
            skipOWS()
            if index == text.count { return .end }
            guard skip(0x2C) else { return .malformed }
            skipOWS()
        }
        guard let key = readKey() else { return .malformed }
        var value = Value.boolean(true)
        if skip(0x3D) {
            guard let read = peek == 0x28 ? readInnerList() : readBareItem() else {
                return .malformed
            }
            value = read
        }
        guard skipParameters() else { return .malformed }
        return .member(key: key, value)
    }

    private var peek: UInt8? { index < text.count ? text[index] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipOWS() {
        while peek == 0x20 || peek == 0x09 { index += 1 }
    }

    private mutating func readKey() -> Range<Int>? {
        let start = index
        guard let first = peek, isLower(first) || first == 0x2A else { return nil }
        while let byte = peek,
            isLower(byte) || ASCII.isDigit(byte) || byte == 0x5F || byte == 0x2D || byte == 0x2E
                || byte == 0x2A
        { index += 1 }
        return start..<index
    }

    private func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }

    private mutating func skipParameters() -> Bool {
        while skip(0x3B) {
            while peek == 0x20 { index += 1 }
            guard readKey() != nil else { return false }
            if skip(0x3D), readBareItem() == nil { return false }
        }
        return true
    }

    private mutating func readInnerList() -> Value? {
        index += 1
        while index < text.count {
            while peek == 0x20 { index += 1 }
            if skip(0x29) { return .innerList }
            guard readBareItem() != nil, skipParameters() else { return nil }
            guard peek == 0x20 || peek == 0x29 else { return nil }
        }
        return nil
    }

    private mutating func readBareItem() -> Value? {
        switch peek {
        case .some(0x30...0x39), 0x2D: return readNumber()
        case 0x22: return readString()
        case 0x3A: return readBytes()
        case 0x3F:
            index += 1
            if skip(0x31) { return .boolean(true) }
            return skip(0x30) ? .boolean(false) : nil
        case 0x40:
            index += 1
            if case .integer = readNumber() { return .date }
            return nil
        case 0x25:
            index += 1
            return readDisplayString()
        case .some(let byte) where ASCII.isLetter(byte) || byte == 0x2A:
            let start = index
            while let byte = peek, ASCII.isTokenByte(byte) || byte == 0x3A || byte == 0x2F {
                index += 1
            }
            return .token(start..<index)
        default: return nil
        }
    }

    private mutating func readNumber() -> Value? {
        let isNegative = skip(0x2D)
        let start = index
        var value: Int64 = 0
        while let byte = peek, ASCII.isDigit(byte) {
            guard index - start < 15 else { return nil }
            value = value * 10 + Int64(byte &- 0x30)
            index += 1
        }
        guard index > start else { return nil }
        guard peek == 0x2E else { return .integer(isNegative ? -value : value) }
        guard index - start <= 12 else { return nil }
        index += 1
        let fraction = index
        while let byte = peek, ASCII.isDigit(byte) { index += 1 }
        return (1...3).contains(index - fraction) ? .decimal : nil
    }

    private mutating func readString() -> Value? {
        index += 1
        let start = index
        while let byte = peek {
            switch byte {
            case 0x22:
                index += 1
                return .string(start..<(index - 1))
            case 0x5C:
                index += 1
                guard peek == 0x22 || peek == 0x5C else { return nil }
            case 0x20...0x7E: break
            default: return nil
            }
            index += 1
        }
        return nil
    }

    private mutating func readBytes() -> Value? {
        index += 1
        while let byte = peek, byte != 0x3A {
            guard
                ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2B || byte == 0x2F
                    || byte == 0x3D
            else { return nil }
            index += 1
        }
        return skip(0x3A) ? .bytes : nil
    }

    private mutating func readDisplayString() -> Value? {
        guard skip(0x22) else { return nil }
        while let byte = peek {
            index += 1
            switch byte {
            case 0x22: return .displayString
            case 0x25:
                for _ in 0..<2 {
                    guard let digit = peek, ASCII.isDigit(digit) || digit &- 0x61 < 6 else {
                        return nil
                    }
                    index += 1
                }
            case 0x20...0x7E: break
            default: return nil
            }
        }
        return nil
    }
}
