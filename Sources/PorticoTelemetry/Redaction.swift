internal import PorticoBytes

/// The query parameters whose values are not written to logs (`[log] redact`), compiled once.
///
/// Names are compared after percent-decoding and without ASCII case; `*` in a pattern stands for
/// any bytes, also none.
package struct Redaction: Sendable {
    private let patterns: [[UInt8]]

    package static let nothing = Redaction([])

    package init(_ names: [String]) {
        patterns = names.map { $0.utf8.map(ASCII.lowercase) }
    }

    package var isEmpty: Bool { patterns.isEmpty }

    /// Where the next value to be hidden stands in a query.
    ///
    /// `start` is where a parameter begins or the end of the value that was found before. A name
    /// begins behind `&` or `;`, since some servers split at either; a hidden value only ends at
    /// `&`, since others do not: where the two disagree, more is hidden.
    func nextSecret(in text: Span<UInt8>, from start: Int) -> Range<Int>? {
        let count = text.count
        var index = start
        while index < count {
            if Self.isSeparator(text[index]) {
                index &+= 1
                continue
            }
            var end = index
            while end < count, text[end] != 0x3D, !Self.isSeparator(text[end]) { end &+= 1 }
            if end < count, text[end] == 0x3D {
                if hides(text.extracting(index..<end)) {
                    return end + 1..<(text.firstIndex(of: 0x26, from: end + 1) ?? count)
                }
                while end < count, !Self.isSeparator(text[end]) { end &+= 1 }
            }
            index = end
        }
        return nil
    }

    /// Whether the value of a parameter with this name, as it stands in the query, is hidden.
    func hides(_ name: Span<UInt8>) -> Bool {
        if name.firstIndex(of: 0x25) == nil && name.firstIndex(of: 0x2B) == nil {
            return hides(decoded: name)
        }
        // Rare enough for an allocation.
        return hides(decoded: Self.decode(name).span)
    }

    private func hides(decoded name: Span<UInt8>) -> Bool {
        for pattern in patterns where Self.matches(pattern.span, name) { return true }
        return false
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x26 || byte == 0x3B }

    private static func decode(_ name: Span<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(name.count)
        var index = 0
        while index < name.count {
            let byte = name[index]
            if byte == 0x25, index + 2 < name.count,
                let high = ASCII.hexadecimalValue(name[index + 1]),
                let low = ASCII.hexadecimalValue(name[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(byte == 0x2B ? 0x20 : byte)
                index += 1
            }
        }
        return decoded
    }

    /// Matches greedily and goes back to the last `*` only: for patterns that know no other
    /// wildcard that is enough, and costs at most pattern × name.
    private static func matches(_ pattern: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
        var place = 0
        var index = 0
        var star = -1
        var resume = 0
        while index < name.count {
            if place < pattern.count, pattern[place] == 0x2A {
                star = place
                resume = index
                place += 1
            } else if place < pattern.count, pattern[place] == ASCII.lowercase(name[index]) {
                place += 1
                index += 1
            } else if star >= 0 {
                place = star + 1
                resume += 1
                index = resume
            } else {
                return false
            }
        }
        while place < pattern.count, pattern[place] == 0x2A { place += 1 }
        return place == pattern.count
    }
}
