/// Numbers for people.
enum Figure {
    /// `1,234,567`.
    static func grouped(_ number: Int) -> String {
        let digits = Array("\(number.magnitude)".utf8)
        var text = number < 0 ? "−" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.unicodeScalars.append(UnicodeScalar(digit))
        }
        return text
    }

    /// One decimal below ten: `0.4`, `9.6`, `12`, `1,204`.
    static func rate(_ count: Int, over seconds: Int) -> String {
        let tenths = (count * 10 + seconds / 2) / max(seconds, 1)
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10)" : grouped((tenths + 5) / 10)
    }

    /// `97.3 %`; a dash for nothing of nothing. 100 % is said of all alone.
    static func share(_ part: Int, of whole: Int) -> String {
        if whole <= 0 { return "–" }
        if part == whole { return "100 %" }
        let tenths = part * 1000 / whole
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// `640 µs`, `4.2 ms`, `1.25 s`.
    static func duration(microseconds: Int) -> String {
        switch microseconds {
        case ..<1000: return "\(microseconds) µs"
        case ..<100_000: return "\(microseconds / 1000).\(microseconds % 1000 / 100) ms"
        case ..<1_000_000: return "\(microseconds / 1000) ms"
        default:
            let hundredths = "\(100 + microseconds % 1_000_000 / 10_000)".dropFirst()
            return "\(grouped(microseconds / 1_000_000)).\(hundredths) s"
        }
    }

    /// `512 B`, `23.4 MiB`.
    static func bytes(_ count: Int) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var unit = 0
        while unit < units.count - 1, count >> (10 * (unit + 1)) > 0 { unit += 1 }
        if unit == 0 { return "\(count) B" }
        let tenths = ((count >> (10 * (unit - 1))) * 10) >> 10
        return tenths < 1000
            ? "\(tenths / 10).\(tenths % 10) \(units[unit])"
            : "\(tenths / 10) \(units[unit])"
    }
}
