internal import PorticoBytes

/// The operators that compare a value with a number or a text.
enum Comparison {
    static func holds(_ name: OperatorName, _ value: Span<UInt8>, _ number: Int64) -> Bool {
        let own = DecimalPrefix.value(of: value)
        return switch name {
        case .eq: own == number
        case .ge: own >= number
        case .gt: own > number
        case .le: own <= number
        case .lt: own < number
        default: false
        }
    }

    /// An empty text is contained in, begins and ends every value.
    static func holds(_ name: OperatorName, _ value: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        switch name {
        case .streq: return value.equals(text)
        case .contains, .strmatch: return value.contains(text)
        case .containsWord: return value.containsWord(text)
        case .within: return text.contains(value)
        case .beginsWith:
            return value.count >= text.count && value.extracting(first: text.count).equals(text)
        case .endsWith:
            return value.count >= text.count && value.extracting(last: text.count).equals(text)
        default: return false
        }
    }
}

/// C's `atoi`, which ModSecurity compares with: blanks, a sign, digits; what follows is ignored and
/// nothing is 0. Beyond the range of 64 bits: the nearest number.
enum DecimalPrefix {
    static func value(of text: Span<UInt8>) -> Int64 {
        var index = 0
        while index < text.count, Blanks.isBlank(text[index]) { index &+= 1 }
        var isNegative = false
        if index < text.count, text[index] == 0x2D || text[index] == 0x2B {
            isNegative = text[index] == 0x2D
            index &+= 1
        }
        // Counted downwards: the lowest number has no positive counterpart.
        var value: Int64 = 0
        while index < text.count, ASCII.isDigit(text[index]) {
            let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.subtractingReportingOverflow(Int64(text[index] &- 0x30))
            if over || carry { return isNegative ? .min : .max }
            value = sum
            index &+= 1
        }
        if isNegative { return value }
        return value == .min ? .max : -value
    }
}

extension Span where Element == UInt8 {
    /// Whether `text` occurs; an empty one does everywhere.
    func contains(_ text: Span<UInt8>) -> Bool { firstRange(of: text, from: 0) != nil }

    /// Where `text` begins, at `start` or later.
    func firstRange(of text: Span<UInt8>, from start: Int) -> Int? {
        if text.isEmpty { return start <= count ? start : nil }
        var start = start
        while start <= count &- text.count {
            guard let found = firstIndex(of: text[0], from: start),
                found <= count &- text.count
            else { return nil }
            if extracting(found..<(found &+ text.count)).equals(text) { return found }
            start = found &+ 1
        }
        return nil
    }

    /// Whether `text` occurs with neither letter, digit nor underscore beside it.
    func containsWord(_ text: Span<UInt8>) -> Bool {
        if text.isEmpty { return true }
        var start = 0
        while let found = firstRange(of: text, from: start) {
            let end = found &+ text.count
            if (found == 0 || !self[found &- 1].isWord) && (end == count || !self[end].isWord) {
                return true
            }
            start = found &+ 1
        }
        return false
    }
}

extension UInt8 {
    /// A letter, digit or underscore of ASCII.
    var isWord: Bool { ASCII.isLetter(self) || ASCII.isDigit(self) || self == 0x5F }
}
