package import PorticoBytes
package import PorticoHTTP

/// Finds the tags (surrogate keys) of a response in the configured fields.
///
/// Tags are separated by blanks and commas, in every field: shops write both. There is no bound of
/// our own: a response's head is bounded already, and a tag that is lost is a page that no purge
/// ever reaches.
package struct TagReader: Sendable {
    private struct Header {
        let known: FieldName
        let lowercased: [UInt8]
    }

    private let headers: [Header]
    /// A bit for each name among them, since nearly every line of a head is none: asking costs a
    /// nanosecond then, where going through the array was 3 % of a hit.
    private let names: UInt128
    private let hash: KeyedHash128

    package init(_ settings: CacheSettings, seed: (UInt64, UInt64)) {
        headers = settings.tagHeaders.map { text in
            var name = Array(text.utf8)
            for index in name.indices { name[index] = ASCII.lowercase(name[index]) }
            return Header(known: FieldName(name.span), lowercased: name)
        }
        names = headers.reduce(0) { $0 | 1 << UInt128($1.known.rawValue) }
        hash = KeyedHash128(seed: seed)
    }

    package func isTagHeader(_ line: Fields.Line, _ name: Span<UInt8>) -> Bool {
        if names >> UInt128(line.name.rawValue) & 1 == 0 { return false }
        for header in headers where header.known == line.name {
            if header.known != .other || header.lowercased.span.equalsFolded(name) { return true }
        }
        return false
    }

    /// Each tag once, as ranges of the head's storage, in the order of its first appearance.
    package func tags(in fields: borrowing Fields) -> [ByteRange] {
        var found: [ByteRange] = []
        var places: [UInt32] = []
        for line in fields.lines where isTagHeader(line, fields[line.nameRange]) {
            let value = fields[line.valueRange]
            let base = Int(line.valueRange.lower)
            var index = 0
            while index < value.count {
                while index < value.count, isSeparator(value[index]) { index += 1 }
                let start = index
                while index < value.count, !isSeparator(value[index]) { index += 1 }
                guard index > start else { continue }
                let tag = ByteRange(base + start, base + index)
                if found.count * 2 >= places.count { grow(&places, found, fields) }
                let place = self.place(of: tag, places, found, fields)
                guard places[place] == 0 else { continue }
                found.append(tag)
                places[place] = UInt32(found.count)
            }
        }
        return found
    }

    /// Where the tag stands in an open table of positions counted from 1, or the free place for it.
    private func place(
        of tag: ByteRange, _ places: [UInt32], _ found: [ByteRange], _ fields: borrowing Fields
    ) -> Int {
        let bytes = fields[tag]
        var place = Int(truncatingIfNeeded: hash(bytes).low) & (places.count - 1)
        while places[place] != 0, !fields[found[Int(places[place]) - 1]].equals(bytes) {
            place = (place + 1) & (places.count - 1)
        }
        return place
    }

    private func grow(
        _ places: inout [UInt32], _ found: [ByteRange], _ fields: borrowing Fields
    ) {
        places = Array(repeating: 0, count: max(32, places.count * 2))
        for index in found.indices {
            let bytes = fields[found[index]]
            var place = Int(truncatingIfNeeded: hash(bytes).low) & (places.count - 1)
            while places[place] != 0 { place = (place + 1) & (places.count - 1) }
            places[place] = UInt32(index + 1)
        }
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x2C
    }
}
