internal import CPorticoCodecs

extension SourceHeader {
    mutating func readJPEG(_ bytes: SourceBytes) throws(ImageFailure) {
        var info = px_jpeg_info()
        var status: Int32 = 0
        let reader = unsafe px_jpeg_open(bytes.base, bytes.count, &info, &status)
        unsafe px_jpeg_close(reader)
        try ImageFailure.check(status)
        source.width = Int(info.width)
        source.height = Int(info.height)
        pixelKind = PixelKind(rawValue: info.kind) ?? .colour
        isInverted = info.inverted
        hasRows = true
        // The coefficients of all scans, or else some rows of blocks.
        decoderBytes =
            info.progressive
            ? Int(clamping: info.coefficient_bytes) : source.width * 4 * 48
        readSegments(bytes)
    }

    /// EXIF, profile and rights among the segments before the first scan. Of two EXIF blocks the
    /// first counts.
    private mutating func readSegments(_ bytes: SourceBytes) {
        var parts: [Int: Range<Int>] = [:]
        var partCount = 0
        var hasEXIF = false
        JPEGSegments.forEach(in: bytes) { marker, segment in
            if marker == JPEGSegments.scan { return false }
            let body = segment.lowerBound + 4
            if marker == 0xE1, !hasEXIF, bytes.has("Exif\0\0", at: body) {
                hasEXIF = true
                if let exif = EXIF(bytes, body + 6..<segment.upperBound) { take(exif) }
            } else if marker == 0xE2, bytes.has("ICC_PROFILE\0", at: body),
                let number = bytes[body + 12], let count = bytes[body + 13],
                body + 14 <= segment.upperBound
            {
                parts[Int(number)] = body + 14..<segment.upperBound
                partCount = Int(count)
            } else if marker == 0xED {
                rights.fill(from: IPTC.rights(bytes, body..<segment.upperBound))
            } else if marker == 0xE1, bytes.has("http://ns.adobe.com/xap/1.0/\0", at: body) {
                rights.fill(from: XMP.rights(bytes, body..<segment.upperBound))
            }
            return true
        }
        // A profile of which a part is missing is none.
        guard partCount > 0, parts.count == partCount else { return }
        for number in 1...partCount {
            guard let part = parts[number] else {
                profile = []
                return
            }
            profile += bytes.bytes(part)
        }
    }

    mutating func take(_ exif: EXIF) {
        source.orientation = exif.orientation
        rights = exif.rights
    }
}

/// The segments of a JPEG file (ISO 10918-1 annex B).
enum JPEGSegments {
    static let scan: UInt8 = 0xDA
    static let end: UInt8 = 0xD9

    /// Calls `body` with each marker and its bytes from the mark to the end of its segment, until
    /// it answers false or the file makes no sense. A scan's coded data follows its segment.
    static func forEach(in bytes: SourceBytes, _ body: (UInt8, Range<Int>) -> Bool) {
        var at = 2
        while at < bytes.count {
            guard bytes[at] == 0xFF else {
                // Coded data, or bytes that belong nowhere: on to the next mark.
                at += 1
                continue
            }
            guard let marker = bytes[at + 1] else { return }
            switch marker {
            case 0xFF: at += 1
            case 0x00, 0x01, 0xD0...0xD7: at += 2
            case 0xD8, end:
                if !body(marker, at..<at + 2) || marker == end { return }
                at += 2
            default:
                guard let length = bytes.word16(at + 2), length >= 2,
                    at + 2 + length <= bytes.count
                else { return }
                if !body(marker, at..<at + 2 + length) { return }
                at += 2 + length
            }
        }
    }
}
