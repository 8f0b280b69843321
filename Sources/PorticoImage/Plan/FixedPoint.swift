internal import PorticoBytes

/// A decimal number in millionths: parameters are compared and rounded exactly.
package struct FixedPoint: Equatable, Comparable, Sendable {
    package static let one = 1_000_000
    /// What is larger counts as this.
    private static let most = 1_000_000_000

    package let millionths: Int

    package init(millionths: Int) { self.millionths = millionths }
    package init(_ whole: Int) { millionths = whole &* Self.one }

    package static let zero = FixedPoint(0)

    package var double: Double { Double(millionths) / Double(Self.one) }

    /// Nearest integer, halves up.
    package var rounded: Int { Self.divide(Int128(millionths), by: Int128(Self.one)) }

    package static func < (left: FixedPoint, right: FixedPoint) -> Bool {
        left.millionths < right.millionths
    }

    /// Digits, perhaps with a point and more digits, perhaps with a minus before: `12`, `.5`,
    /// `-3.25`. Digits behind the sixth after the point do not count.
    package init?(_ text: Span<UInt8>) {
        var index = 0
        var isNegative = false
        if index < text.count, text[index] == 0x2D {
            isNegative = true
            index += 1
        }
        var whole = 0
        var digits = 0
        while index < text.count, ASCII.isDigit(text[index]) {
            whole = min(whole * 10 + Int(text[index] &- 0x30), Self.most)
            digits += 1
            index += 1
        }
        var part = 0
        if index < text.count, text[index] == 0x2E {
            index += 1
            var weight = Self.one / 10
            var decimals = 0
            while index < text.count, ASCII.isDigit(text[index]) {
                part += Int(text[index] &- 0x30) * weight
                weight /= 10
                decimals += 1
                index += 1
            }
            guard decimals > 0 else { return nil }
            digits += decimals
        }
        guard digits > 0, index == text.count else { return nil }
        let value = whole * Self.one + part
        millionths = isNegative ? -value : value
    }

    func write(into text: inout Buffer) {
        if millionths < 0 { text.append(0x2D) }
        let value = millionths.magnitude
        text.append(decimal: UInt64(value / UInt(Self.one)))
        var part = value % UInt(Self.one)
        if part == 0 { return }
        text.append(0x2E)
        var weight = UInt(Self.one / 10)
        while part > 0 {
            text.append(UInt8(truncatingIfNeeded: part / weight) &+ 0x30)
            part %= weight
            weight /= 10
        }
    }

    /// Nearest integer, halves up; `divisor` is positive. Clamped to what an `Int` holds.
    package static func divide(_ number: Int128, by divisor: Int128) -> Int {
        let twice = number * 2 + divisor
        let whole = twice / (divisor * 2)
        let floor = twice < 0 && whole * (divisor * 2) != twice ? whole - 1 : whole
        return Int(clamping: floor)
    }
}
