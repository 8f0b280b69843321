package import PorticoBytes

/// Writes metric families in Prometheus's text format, version 0.0.4.
///
/// Names and help texts are the program's own and written as they are; label values may be any
/// bytes that are UTF-8, and are escaped.
package struct MetricsWriter: ~Copyable {
    package enum Kind: Sendable { case counter, gauge, histogram }

    /// `text/plain; version=0.0.4`, the page's media type.
    package static let mediaType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var page = Buffer(capacity: 16384)
    private var family: StaticString = ""

    package init() {}

    /// Takes the page out of the writer.
    package consuming func finish() -> Buffer { page }

    /// Begins a family; the samples that follow are its own.
    package mutating func begin(_ name: StaticString, _ kind: Kind, _ help: StaticString) {
        family = name
        page.append("# HELP ")
        page.append(name)
        page.append(0x20)
        page.append(help)
        page.append("\n# TYPE ")
        page.append(name)
        switch kind {
        case .counter: page.append(" counter\n")
        case .gauge: page.append(" gauge\n")
        case .histogram: page.append(" histogram\n")
        }
    }

    package mutating func sample(_ value: Int) { sample([], value) }

    package mutating func sample(_ labels: [(StaticString, String)], _ value: Int) {
        page.append(family)
        append(labels)
        page.append(0x20)
        append(value)
        page.append(0x0A)
    }

    /// A sample in seconds.
    package mutating func sample(
        _ labels: [(StaticString, String)] = [], microseconds: Int
    ) {
        page.append(family)
        append(labels)
        page.append(0x20)
        append(seconds: microseconds)
        page.append(0x0A)
    }

    /// The family's buckets, sum and count. The buckets' bounds are powers of two of a
    /// microsecond, at which the counts are exact; round decimal ones would have to be guessed.
    package mutating func samples(_ totals: LatencyTotals) {
        for power in 6...26 {
            page.append(family)
            page.append("_bucket{le=\"")
            append(seconds: 1 << power)
            page.append("\"} ")
            append(totals.count(upTo: 1 << power))
            page.append(0x0A)
        }
        page.append(family)
        page.append("_bucket{le=\"+Inf\"} ")
        append(totals.count)
        page.append(0x0A)
        page.append(family)
        page.append("_sum ")
        append(seconds: totals.sumMicroseconds)
        page.append(0x0A)
        page.append(family)
        page.append("_count ")
        append(totals.count)
        page.append(0x0A)
    }

    private mutating func append(_ labels: [(StaticString, String)]) {
        if labels.isEmpty { return }
        var separator: UInt8 = 0x7B
        for (name, value) in labels {
            page.append(separator)
            page.append(name)
            page.append("=\"")
            append(escaped: value)
            page.append(0x22)
            separator = 0x2C
        }
        page.append(0x7D)
    }

    /// Backslash, quote and line feed are all that the format escapes.
    private mutating func append(escaped value: String) {
        for byte in value.utf8 {
            switch byte {
            case 0x5C: page.append("\\\\")
            case 0x22: page.append("\\\"")
            case 0x0A: page.append("\\n")
            default: page.append(byte)
            }
        }
    }

    private mutating func append(_ value: Int) {
        if value < 0 { page.append(0x2D) }
        page.append(decimal: UInt64(value.magnitude))
    }

    private mutating func append(seconds microseconds: Int) {
        append(microseconds / 1_000_000)
        var fraction = abs(microseconds % 1_000_000)
        if fraction == 0 { return }
        var digits = 6
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        page.append(0x2E)
        page.append(fraction, digits: digits)
    }
}
