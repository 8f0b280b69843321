internal import CPorticoCodecs

extension SourceHeader {
    mutating func readWebP(_ bytes: SourceBytes, _ limits: ImageLimits) throws(ImageFailure) {
        var info = px_webp_info()
        let status = unsafe px_webp_inspect(bytes.base, bytes.count, &info)
        source.width = Int(info.width)
        source.height = Int(info.height)
        source.frames = max(1, Int(info.frames))
        source.hasAlpha = info.alpha
        source.isLossless = info.lossless
        loop = info.animated ? Int(info.loop) : -1
        // Over a limit is the better reason, also where the file is cut off besides.
        if source.width > 0, source.height > 0 { try Self.check(source, limits) }
        try ImageFailure.check(status)
        isWhole = true
        let area = source.width * source.height
        decoderBytes = info.animated ? area * 12 : source.isLossless ? area * 4 : source.width * 128
        if info.icc_length > 0 {
            profile = bytes.bytes(info.icc_offset..<info.icc_offset + info.icc_length)
        }
        var start = info.exif_offset
        let end = info.exif_offset + info.exif_length
        // Some writers keep the head that JPEG has there.
        if info.exif_length > 6, bytes.has("Exif\0\0", at: start) { start += 6 }
        if start < end, let exif = EXIF(bytes, start..<end) { take(exif) }
        if info.xmp_length > 0 {
            rights.fill(
                from: XMP.rights(bytes, info.xmp_offset..<info.xmp_offset + info.xmp_length))
        }
    }
}
