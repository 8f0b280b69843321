/// What counts of an EXIF block: a TIFF file with its first directory (EXIF 2.32 §4.6).
///
/// A block that makes no sense is none; damaged metadata is never an error.
struct EXIF {
    var orientation = Orientation.upright
    var rights = ImageRights()

    init?(_ bytes: SourceBytes, _ block: Range<Int>) {
        let block = block.clamped(to: 0..<bytes.count)
        let start = block.lowerBound
        let isLittle: Bool
        if bytes.has("II", at: start) {
            isLittle = true
        } else if bytes.has("MM", at: start) {
            isLittle = false
        } else {
            return nil
        }
        func word16(_ at: Int) -> Int? {
            at + 2 > block.upperBound ? nil : isLittle ? bytes.little16(at) : bytes.word16(at)
        }
        func word32(_ at: Int) -> Int? {
            at + 4 > block.upperBound ? nil : isLittle ? bytes.little32(at) : bytes.word32(at)
        }
        guard word16(start + 2) == 42, let offset = word32(start + 4),
            let count = word16(start + offset)
        else { return nil }
        for index in 0..<min(count, 1000) {
            let entry = start + offset + 2 + index * 12
            guard let tag = word16(entry), let type = word16(entry + 2),
                let length = word32(entry + 4), let place = word32(entry + 8)
            else { break }
            switch (tag, type) {
            case (0x0112, 3):
                if let value = word16(entry + 8), let known = UInt8(exactly: value) {
                    orientation = Orientation(rawValue: known) ?? .upright
                }
            case (0x013B, 2), (0x8298, 2):
                let from = length <= 4 ? entry + 8 : start + place
                guard length < ImageRights.longest, from >= start,
                    from + length <= block.upperBound
                else { break }
                let text = bytes.bytes(from..<from + length)
                if tag == 0x013B {
                    rights.artist = ImageRights.trimmed(text)
                } else {
                    rights.copyright = ImageRights.trimmed(text)
                }
            default: break
            }
        }
    }
}

/// Who made a picture and whose it is: what `metadata=copyright` keeps.
struct ImageRights {
    static let longest = 4096

    var artist: [UInt8] = []
    var copyright: [UInt8] = []

    var isEmpty: Bool { artist.isEmpty && copyright.isEmpty }

    /// Takes what is not known yet.
    mutating func fill(from other: ImageRights) {
        if artist.isEmpty { artist = other.artist }
        if copyright.isEmpty { copyright = other.copyright }
    }

    /// Without the zeros and blanks at the end.
    static func trimmed(_ text: [UInt8]) -> [UInt8] {
        var text = text.prefix(while: { $0 != 0 })
        while let last = text.last, last == 0x20 { text.removeLast() }
        return Array(text)
    }

    /// As an EXIF block: a TIFF header and one directory.
    var exif: [UInt8] {
        var entries: [(tag: Int, text: [UInt8])] = []
        if !artist.isEmpty { entries.append((0x013B, artist + [0])) }
        if !copyright.isEmpty { entries.append((0x8298, copyright + [0])) }
        var block = Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, UInt8(entries.count)]
        var texts: [UInt8] = []
        let behind = 8 + 2 + entries.count * 12 + 4
        func append32(_ value: Int) {
            for shift in [24, 16, 8, 0] { block.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        for (tag, text) in entries {
            block += [UInt8(tag >> 8), UInt8(tag & 0xFF), 0, 2]
            append32(text.count)
            if text.count <= 4 {
                block += text + [UInt8](repeating: 0, count: 4 - text.count)
            } else {
                append32(behind + texts.count)
                texts += text
            }
        }
        append32(0)
        return block + texts
    }
}
