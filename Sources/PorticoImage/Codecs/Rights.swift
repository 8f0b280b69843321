/// Rights in an IPTC block as Photoshop stores it in JPEG: image resource 0x0404.
enum IPTC {
    static func rights(_ bytes: SourceBytes, _ block: Range<Int>) -> ImageRights {
        var rights = ImageRights()
        guard bytes.has("Photoshop 3.0\0", at: block.lowerBound) else { return rights }
        var at = block.lowerBound + 14
        while at < block.upperBound, bytes.has("8BIM", at: at), let id = bytes.word16(at + 4),
            let name = bytes[at + 6]
        {
            // A name with its length, padded to an even number of bytes; then the size.
            let body = at + 6 + (Int(name) + 2) / 2 * 2 + 4
            guard let size = bytes.word32(body - 4), body + size <= block.upperBound else { break }
            if id == 0x0404 { read(bytes, body..<body + size, into: &rights) }
            at = body + (size + 1) / 2 * 2
        }
        return rights
    }

    /// Records of a mark, the record's and the dataset's number, a length, the text.
    private static func read(
        _ bytes: SourceBytes, _ records: Range<Int>, into rights: inout ImageRights
    ) {
        var at = records.lowerBound
        while bytes[at] == 0x1C, let record = bytes[at + 1], let set = bytes[at + 2],
            let length = bytes.word16(at + 3), at + 5 + length <= records.upperBound
        {
            let text = bytes.bytes(at + 5..<at + 5 + min(length, ImageRights.longest))
            if record == 2, set == 80 { rights.artist = ImageRights.trimmed(text) }
            if record == 2, set == 116 { rights.copyright = ImageRights.trimmed(text) }
            at += 5 + length
        }
    }
}

/// Rights in an XMP packet: `dc:rights` and `dc:creator`, whose text stands in an `rdf:li`.
///
/// The XML is not parsed: from the property to its first item's end, and nothing that a tag or an
/// entity could hide.
enum XMP {
    static func rights(_ bytes: SourceBytes, _ packet: Range<Int>) -> ImageRights {
        let text = bytes.bytes(
            packet.lowerBound..<min(packet.upperBound, packet.lowerBound + 65_536))
        var rights = ImageRights()
        rights.copyright = item(of: "<dc:rights>", in: text)
        rights.artist = item(of: "<dc:creator>", in: text)
        return rights
    }

    private static func item(of property: String, in text: [UInt8]) -> [UInt8] {
        guard let start = find(Array(property.utf8), in: text, from: 0),
            let item = find(Array("<rdf:li".utf8), in: text, from: start),
            let open = find([0x3E], in: text, from: item),
            let close = find([0x3C], in: text, from: open), close - open <= ImageRights.longest
        else { return [] }
        let found = text[open..<close - 1]
        return found.contains(0x26) ? [] : ImageRights.trimmed(Array(found))
    }

    /// The place behind the first occurrence.
    private static func find(_ wanted: [UInt8], in text: [UInt8], from: Int) -> Int? {
        guard text.count >= wanted.count else { return nil }
        var at = from
        while at + wanted.count <= text.count {
            if text[at] == wanted[0], text[at..<at + wanted.count].elementsEqual(wanted) {
                return at + wanted.count
            }
            at += 1
        }
        return nil
    }
}
