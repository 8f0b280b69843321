/// A file's coded data without its metadata: what is sent when coding anew would only make it
/// larger.
enum StrippedSource {
    /// Nil where that cannot be done by leaving parts out.
    static func bytes(_ bytes: SourceBytes, _ header: SourceHeader) -> [UInt8]? {
        guard header.canBeStripped else { return nil }
        return switch header.source.format {
        case .jpeg: jpeg(bytes)
        case .png: png(bytes)
        case .gif: gif(bytes)
        case .webp: webp(bytes)
        case .avif: bytes.bytes(0..<bytes.count)
        }
    }

    /// Without comments and application segments but JFIF's and Adobe's, which say how to read the
    /// colours; and without what lies behind the end.
    private static func jpeg(_ bytes: SourceBytes) -> [UInt8] {
        var kept: [UInt8] = []
        var from = 0
        var end = bytes.count
        JPEGSegments.forEach(in: bytes) { marker, segment in
            let isMetadata =
                marker == 0xFE || (0xE1...0xEF ~= marker && marker != 0xEE)
                || marker == 0xE0 && !bytes.has("JFIF\0", at: segment.lowerBound + 4)
            if isMetadata {
                kept += bytes.bytes(from..<segment.lowerBound)
                from = segment.upperBound
            }
            if marker == JPEGSegments.end { end = segment.upperBound }
            return true
        }
        return kept + bytes.bytes(from..<max(from, end))
    }

    private static func png(_ bytes: SourceBytes) -> [UInt8] {
        var kept = bytes.bytes(0..<8)
        PNGChunks.forEach(in: bytes) { name, chunk in
            switch name {
            case "IHDR", "PLTE", "tRNS", "IDAT", "IEND", "acTL", "fcTL", "fdAT", "gAMA", "cHRM",
                "sRGB":
                kept += bytes.bytes(chunk)
            default: break
            }
            return name != "IEND"
        }
        return kept
    }

    private static func gif(_ bytes: SourceBytes) -> [UInt8] {
        var kept = bytes.bytes(0..<(GIFBlocks.headerLength(bytes) ?? bytes.count))
        GIFBlocks.forEach(in: bytes) { block in
            if case .other = block.kind { return true }
            kept += bytes.bytes(block.range)
            return true
        }
        return kept + [0x3B]
    }

    /// RIFF chunks, each padded to an even length; the extended header says which ones follow.
    private static func webp(_ bytes: SourceBytes) -> [UInt8] {
        var kept: [UInt8] = []
        var at = 12
        while let length = bytes.little32(at + 4), length <= bytes.count - at - 8 {
            let chunk = at..<min(bytes.count, at + 8 + (length + 1) / 2 * 2)
            if bytes.has("VP8X", at: at), length >= 1 {
                var header = bytes.bytes(chunk)
                // Profile, EXIF and XMP.
                header[8] &= ~0x2C
                kept += header
            } else if !bytes.has("ICCP", at: at), !bytes.has("EXIF", at: at),
                !bytes.has("XMP ", at: at)
            {
                kept += bytes.bytes(chunk)
            }
            at = chunk.upperBound
        }
        let size = kept.count + 4
        let words = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: size >> $0) }
        return bytes.bytes(0..<4) + words + bytes.bytes(8..<12) + kept
    }
}
