internal import PorticoBytes

/// `@verifyCC`, `@verifySSN`, `@verifyCPF`: numbers that a pattern finds and whose check digits (or
/// forbidden ranges) say that they are more than digits.
enum Numerals {
    /// How many candidates of one value are looked at.
    private static let mostCandidates = 1000

    static func verify(
        _ name: OperatorName, _ pattern: Pattern, _ value: Span<UInt8>,
        captures: inout OperatorCaptures
    ) -> Bool {
        var start = 0
        for _ in 0..<mostCandidates where start < value.count {
            let rest = value.extracting(start..<value.count)
            guard captures.match(pattern, rest), let range = captures.pattern[0] else { break }
            let candidate = rest.extracting(range)
            if holds(name, candidate) {
                captures.clear()
                captures.capture(text: candidate)
                return true
            }
            start &+= max(range.lowerBound &+ 1, range.upperBound)
        }
        captures.clear()
        return false
    }

    static func holds(_ name: OperatorName, _ text: Span<UInt8>) -> Bool {
        switch name {
        case .verifyCC: isCardNumber(text)
        case .verifyCPF: isCPF(text)
        case .verifySSN: isSSN(text)
        default: false
        }
    }

    /// ISO/IEC 7812-1, annex B: from the right, each second digit doubled, the sum a tenfold.
    private static func isCardNumber(_ text: Span<UInt8>) -> Bool {
        var (sum, count, index) = (0, 0, text.count)
        while index > 0 {
            index &-= 1
            let digit = Int(text[index] &- 0x30)
            if digit > 9 { continue }
            let weighted = count & 1 == 1 ? digit * 2 : digit
            sum &+= weighted > 9 ? weighted - 9 : weighted
            count &+= 1
        }
        return count >= 12 && count <= 19 && sum % 10 == 0
    }

    /// Brazil's taxpayer number: nine digits, two check digits modulo 11; never one digit repeated.
    private static func isCPF(_ text: Span<UInt8>) -> Bool {
        var (first, second, count, allEqual) = (0, 0, 0, true)
        var (previous, checks) = (-1, (0, 0))
        for index in text.indices {
            let digit = Int(text[index] &- 0x30)
            if digit > 9 { continue }
            if previous >= 0, digit != previous { allEqual = false }
            previous = digit
            if count < 9 { first &+= digit * (10 - count) }
            if count < 10 { second &+= digit * (11 - count) }
            if count == 9 { checks.0 = digit }
            if count == 10 { checks.1 = digit }
            count &+= 1
        }
        func check(_ sum: Int) -> Int { sum % 11 < 2 ? 0 : 11 - sum % 11 }
        return count == 11 && !allEqual && check(first) == checks.0 && check(second) == checks.1
    }

    /// The United States' social security number, as it has been assigned since 2011: area not 000,
    /// 666 or 900 and more, group not 00, serial not 0000.
    private static func isSSN(_ text: Span<UInt8>) -> Bool {
        var (number, count) = (0, 0)
        for index in text.indices {
            let digit = Int(text[index] &- 0x30)
            if digit > 9 { continue }
            if count < 9 { number = number &* 10 &+ digit }
            count &+= 1
        }
        let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000)
        return count == 9 && area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
    }
}
