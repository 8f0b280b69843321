package import PorticoBytes

/// So many in so long: `"10/s"`, `"600/m"`.
package struct Rate: Hashable, Sendable {
    package var count: Int
    package var period: Duration

    package init(_ count: Int, per period: Duration) {
        self.count = count
        self.period = period
    }
}

extension Rate: CustomStringConvertible {
    package var description: String {
        let text = Quantity.text(period)
        return "\(count)/\(text.hasPrefix("1") ? String(text.dropFirst()) : text)"
    }
}

/// The forms in which settings write durations, sizes, counts and rates.
///
/// All are a whole number in decimal digits and a unit, with nothing between and around them. No
/// fractions: `"1500ms"` says what `"1.5s"` would, and there is no rounding to agree on.
package enum Quantity {
    /// `250ms`, `2s`, `5m`, `1h`, `1d`; `0` needs no unit.
    package static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text) else { return nil }
        let scale: Int
        switch unit {
        case "ms": return .milliseconds(number)
        case "s": scale = 1
        case "m": scale = 60
        case "h": scale = 3600
        case "d": scale = 86_400
        case "": return number == 0 ? .zero : nil
        default: return nil
        }
        return product(number, scale).map { .seconds($0) }
    }

    /// `64KiB`, `10GB`, `0`, `1500`, `1500B`. As in GNU's tools: KB, MB, GB, TB count in
    /// thousands, KiB, MiB, GiB, TiB and a lone letter (`64k`) in 1024s; case does not matter.
    package static func size(_ text: String) -> ByteCount? {
        guard let (number, unit) = split(text) else { return nil }
        let scale: Int
        switch unit.lowercased() {
        case "", "b": scale = 1
        case "k", "kib": scale = 1 << 10
        case "m", "mib": scale = 1 << 20
        case "g", "gib": scale = 1 << 30
        case "t", "tib": scale = 1 << 40
        case "kb": scale = 1000
        case "mb": scale = 1_000_000
        case "gb": scale = 1_000_000_000
        case "tb": scale = 1_000_000_000_000
        default: return nil
        }
        return product(number, scale).map { ByteCount($0) }
    }

    /// `100M`, `64k`, `2G`, `1000`, in thousands.
    package static func count(_ text: String) -> Int? {
        guard let (number, unit) = split(text) else { return nil }
        switch unit {
        case "": return number
        case "k", "K": return product(number, 1000)
        case "M": return product(number, 1_000_000)
        case "G": return product(number, 1_000_000_000)
        default: return nil
        }
    }

    /// `10/s`, `600/m`, `1000/h`, `5000/d`; the number may be a count (`1k/s`), not zero.
    package static func rate(_ text: String) -> Rate? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = count(String(parts[0])), count > 0,
            ["s", "m", "h", "d"].contains(parts[1]), let period = duration("1\(parts[1])")
        else { return nil }
        return Rate(count, per: period)
    }

    /// A duration as settings write it, in the largest unit that leaves no rest.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if attoseconds != 0 { return "\(duration.nanoseconds / 1_000_000)ms" }
        for (unit, size) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
        where seconds != 0 && seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return "\(seconds)s"
    }

    private static func split(_ text: String) -> (Int, Substring)? {
        let digits = text.utf8.prefix(while: ASCII.isDigit)
        guard !digits.isEmpty, let number = Int(text[..<digits.endIndex]) else { return nil }
        return (number, text[digits.endIndex...])
    }

    private static func product(_ left: Int, _ right: Int) -> Int? {
        let (product, over) = left.multipliedReportingOverflow(by: right)
        return over ? nil : product
    }
}
