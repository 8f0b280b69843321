internal import CPorticoCodecs

extension SourceHeader {
    mutating func readPNG(_ bytes: SourceBytes, _ limits: ImageLimits) throws(ImageFailure) {
        guard bytes.has("IHDR", at: 12), bytes.word32(8) == 13, let width = bytes.word32(16),
            let height = bytes.word32(20), let depth = bytes[24], let colour = bytes[25],
            let interlace = bytes[28], let sum = bytes.word32(29)
        else { throw .unparsable }
        // A claim over the limits is worth saying so even when its checksum is wrong too.
        guard width <= limits.inputSide, height <= limits.inputSide else { throw .sourceTooLarge }
        guard unsafe Int(px_crc32(bytes.base + 12, 17)) == sum else { throw .unparsable }
        source.width = width
        source.height = height
        source.isLossless = true
        source.hasAlpha = colour & 4 != 0
        pixelKind = colour & 2 == 0 ? .grey : .colour
        hasRows = interlace == 0
        // zlib's window, and two rows as they are stored.
        decoderBytes = 65_536 + width * (depth == 16 ? 16 : 8)
        var isPlain = true
        PNGChunks.forEach(in: bytes) { name, chunk in
            let body = chunk.lowerBound + 8..<chunk.upperBound - 4
            switch name {
            case "IDAT": return false
            case "tRNS": source.hasAlpha = true
            case "eXIf": if isPlain, let exif = EXIF(bytes, body) { take(exif); isPlain = false }
            case "iCCP": readProfile(bytes, body, limits)
            case "iTXt" where bytes.has("XML:com.adobe.xmp\0", at: body.lowerBound):
                rights.fill(from: XMP.rights(bytes, body))
            default: break
            }
            return true
        }
        if isPlain {
            // EXIF may also stand behind the pixels.
            PNGChunks.forEach(in: bytes) { name, chunk in
                if name == "eXIf",
                    let exif = EXIF(bytes, chunk.lowerBound + 8..<chunk.upperBound - 4)
                {
                    take(exif)
                    return false
                }
                return true
            }
        }
    }

    /// A name, a zero, the method, then the profile deflated. What is broken or inflates beyond
    /// the limit is no profile.
    private mutating func readProfile(
        _ bytes: SourceBytes, _ body: Range<Int>, _ limits: ImageLimits
    ) {
        var at = body.lowerBound
        while at < body.upperBound, bytes[at] != 0 { at += 1 }
        guard at + 2 < body.upperBound, bytes[at + 1] == 0 else { return }
        var made = unsafe px_bytes()
        let status = unsafe px_inflate(
            bytes.base + at + 2, body.upperBound - at - 2, limits.profileBytes, &made)
        if status == Int32(PX_IMAGE_OK) { profile = unsafe CodedBytes.take(&made) }
    }
}

/// The chunks of a PNG file.
enum PNGChunks {
    /// Calls `body` with each chunk's name and its bytes with length and checksum, until it
    /// answers false or the file ends.
    static func forEach(in bytes: SourceBytes, _ body: (String, Range<Int>) -> Bool) {
        var at = 8
        while let length = bytes.word32(at), length <= bytes.count - at - 12 {
            let name = String(decoding: bytes.bytes(at + 4..<at + 8), as: UTF8.self)
            if !body(name, at..<at + 12 + length) { return }
            at += 12 + length
        }
    }
}
