package import PorticoBytes

/// The Range field (RFC 9110 §14.1.2, §14.2), resolved against a representation of known length.
package enum ByteRanges: Equatable, Sendable {
    /// No Range, another unit, malformed, or more than a sane client asks for: answer 200.
    case whole
    case single(Range<Int64>)
    /// At least two, apart from each other.
    case several([Range<Int64>])
    /// 416.
    case unsatisfiable

    /// More than any player or viewer asks for; a longer list is cheap to send and dear to answer.
    package static let limit = 32
    /// Parts with a smaller gap are sent as one (RFC 9110 §15.3.7.2): a part's own head is longer.
    package static let smallestGap: Int64 = 80

    /// - Parameter length: of the whole representation, in bytes.
    package init(_ fields: borrowing Fields, length: Int64) {
        self = .whole
        guard let line = fields.firstIndex(of: .range),
            fields.firstIndex(of: .range, from: line + 1) == nil
        else { return }
        self = Self.read(fields.value(at: line), length)
    }

    private static func read(_ value: Span<UInt8>, _ length: Int64) -> ByteRanges {
        guard let equals = value.firstIndex(of: 0x3D),
            value.extracting(..<equals).equalsFolded("bytes")
        else { return .whole }
        var ranges: [Range<Int64>] = []
        var count = 0
        var start = equals + 1
        while start <= value.count {
            let end = value.firstIndex(of: 0x2C, from: start) ?? value.count
            let spec = value.extracting(start..<end).trimmingOWS
            start = end + 1
            if spec.isEmpty { continue }
            count += 1
            guard count <= limit, let answer = resolve(spec, length) else { return .whole }
            if case .some(let range) = answer { ranges.append(range) }
        }
        if count == 0 { return .whole }
        return settle(ranges)
    }

    /// Nil if malformed, `.some(nil)` if there is nothing there.
    private static func resolve(_ spec: Span<UInt8>, _ length: Int64) -> Range<Int64>?? {
        guard let dash = spec.firstIndex(of: 0x2D) else { return nil }
        let head = spec.extracting(..<dash)
        let tail = spec.extracting((dash + 1)...)
        if head.isEmpty {
            guard let suffix = number(tail) else { return nil }
            if suffix == 0 || length == 0 { return .some(nil) }
            return max(0, length - suffix)..<length
        }
        guard let first = number(head) else { return nil }
        if tail.isEmpty { return first < length ? first..<length : .some(nil) }
        guard let last = number(tail), last >= first else { return nil }
        return first < length ? first..<min(last, length - 1) + 1 : .some(nil)
    }

    /// What does not fit counts as the largest number that does.
    private static func number(_ digits: Span<UInt8>) -> Int64? {
        if digits.isEmpty { return nil }
        var value: Int64 = 0
        for index in digits.indices {
            let digit = digits[index] &- 0x30
            guard digit < 10 else { return nil }
            let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int64(digit))
            value = over || carry ? .max : sum
        }
        return value
    }

    /// The order asked for is kept unless parts touch: then they are sent in order, each byte once.
    private static func settle(_ ranges: [Range<Int64>]) -> ByteRanges {
        guard let first = ranges.first else { return .unsatisfiable }
        if ranges.count == 1 { return .single(first) }
        var merged: [Range<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound - last.upperBound < smallestGap {
                merged[merged.count - 1] =
                    last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        if merged.count == ranges.count { return .several(ranges) }
        return merged.count == 1 ? .single(merged[0]) : .several(merged)
    }
}

/// The Content-Range field (RFC 9110 §14.4).
package struct ContentRange: Equatable, Sendable {
    /// Nil for "*": nothing could be satisfied.
    package let range: Range<Int64>?
    /// Nil for "*": unknown.
    package let length: Int64?

    package init(_ range: Range<Int64>?, of length: Int64?) {
        self.range = range
        self.length = length
    }

    /// Nil for what is none, an empty range and one beyond the length included.
    package init?(_ value: Span<UInt8>) {
        guard value.count > 6, value.extracting(..<6).equalsFolded("bytes "),
            let slash = value.firstIndex(of: 0x2F)
        else { return nil }
        let total = value.extracting((slash + 1)...)
        var length: Int64?
        if !total.equals("*") {
            guard let number = total.decimal, let number = Int64(exactly: number) else {
                return nil
            }
            length = number
        }
        let span = value.extracting(6..<slash)
        if span.equals("*") {
            guard length != nil else { return nil }
            self.init(nil, of: length)
            return
        }
        guard let dash = span.firstIndex(of: 0x2D),
            let first = span.extracting(..<dash).decimal,
            let last = span.extracting((dash + 1)...).decimal,
            // Below, since the end of the range lies one behind.
            last >= first, last < UInt64(length ?? .max)
        else { return nil }
        self.init(Int64(first)..<Int64(last) + 1, of: length)
    }

    package func write(into buffer: inout Buffer) {
        buffer.append("bytes ")
        if let range {
            buffer.append(decimal: UInt64(range.lowerBound))
            buffer.append(0x2D)
            buffer.append(decimal: UInt64(range.upperBound - 1))
        } else {
            buffer.append(0x2A)
        }
        buffer.append(0x2F)
        if let length {
            buffer.append(decimal: UInt64(length))
        } else {
            buffer.append(0x2A)
        }
    }
}
