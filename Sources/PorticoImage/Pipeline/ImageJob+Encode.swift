internal import CPorticoCodecs

extension ImageJob {
    /// The picture in its format, at the quality asked for or found.
    func encode(_ picture: Bitmap, _ output: ImageOutput) throws(ImageFailure) -> [UInt8] {
        var output = output
        if let level = output.optimise, !output.isLossless, output.format.isLossy {
            output.quality = try quality(for: level, picture, output)
        }
        let coded = try encodePlain(picture, output)
        let rights = output.keepsCopyright ? header.rights : ImageRights()
        return try annotate(coded, output.format, rights)
    }

    /// Without rights. `isTrial`: only to look at the loss, so that it may be done faster and worse.
    func encodePlain(
        _ picture: Bitmap, _ output: ImageOutput, isTrial: Bool = false
    ) throws(ImageFailure) -> [UInt8] {
        switch output.format {
        case .jpeg: try encodeJPEG(picture, output)
        case .png: try encodePNG(picture, isPalette: output.isPalette)
        case .webp: try encodeWebP(picture, output)
        case .gif: try encodeGIF(picture)
        case .avif: try encodeAVIF(picture, output, isTrial: isTrial)
        }
    }

    private func encodeJPEG(
        _ picture: Bitmap, _ output: ImageOutput
    ) throws(ImageFailure) -> [UInt8] {
        // About what libjpeg holds when it codes twice: all coefficients.
        try budget.reserve(picture.byteCount * 2)
        defer { budget.release(picture.byteCount * 2) }
        var options = px_jpeg_options()
        options.quality = Int32(output.quality)
        options.full_chroma = output.quality >= 90
        options.grey = unsafe px_is_grey(
            picture.pixels, picture.stride, UInt32(picture.width), UInt32(picture.height))
        options.optimized = true
        func code(_ options: px_jpeg_options, _ made: inout px_bytes) -> Int32 {
            var options = options
            return unsafe px_jpeg_encode(
                picture.pixels, picture.stride, UInt32(picture.width), UInt32(picture.height),
                &options, &made)
        }
        if output.scans == .auto {
            // Only what is small anyway is coded in vain: beyond the bound it gives up.
            options.limit = Self.mostBaselineBytes
            var made = unsafe px_bytes()
            if unsafe code(options, &made) == Int32(PX_IMAGE_OK) {
                return unsafe CodedBytes.take(&made)
            }
            unsafe px_bytes_free(&made)
            options.limit = 0
        }
        options.progressive = output.scans != .baseline
        return unsafe try CodedBytes.from { made in unsafe code(options, &made) }
    }

    /// Above this a JPEG is progressive, unless the request says otherwise (API §4).
    static let mostBaselineBytes = 10_000

    private func encodePNG(_ picture: Bitmap, isPalette: Bool) throws(ImageFailure) -> [UInt8] {
        let width = UInt32(picture.width)
        let height = UInt32(picture.height)
        var palette = Palette(exactlyOf: picture)
        if palette == nil, isPalette { palette = try Palette(of: picture, most: 256, cut: false) }
        if let palette {
            return unsafe try CodedBytes.from { made in
                unsafe px_png_encode_indexed(
                    palette.indexes, width, height, palette.colours, Int32(palette.count), &made)
            }
        }
        let isGrey = unsafe px_is_grey(picture.pixels, picture.stride, width, height)
        var options = px_png_options()
        options.kind = (isGrey ? 1 : 3) + (picture.isOpaque ? 0 : 1)
        options.level = 6
        return unsafe try CodedBytes.from { made in
            unsafe px_png_encode(picture.pixels, picture.stride, width, height, &options, &made)
        }
    }

    private func encodeWebP(
        _ picture: Bitmap, _ output: ImageOutput
    ) throws(ImageFailure) -> [UInt8] {
        let held = picture.byteCount * (output.isLossless ? 4 : 2)
        try budget.reserve(held)
        defer { budget.release(held) }
        var options = Self.webpOptions(output, hasAlpha: !picture.isOpaque)
        return unsafe try CodedBytes.from { made in
            unsafe px_webp_encode(
                picture.pixels, picture.stride, UInt32(picture.width), UInt32(picture.height),
                &options, &made)
        }
    }

    static func webpOptions(_ output: ImageOutput, hasAlpha: Bool) -> px_webp_options {
        var options = px_webp_options()
        options.quality = Int32(output.quality)
        options.method = output.isLossless ? 3 : 4
        options.lossless = output.isLossless
        options.alpha = hasAlpha
        return options
    }

    private func encodeGIF(_ picture: Bitmap) throws(ImageFailure) -> [UInt8] {
        let writer = try GIFWriter(picture.size, loop: -1, within: budget)
        try writer.append(picture, milliseconds: 0)
        return try writer.finish()
    }

    private func encodeAVIF(
        _ picture: Bitmap, _ output: ImageOutput, isTrial: Bool
    ) throws(ImageFailure) -> [UInt8] {
        let held = picture.byteCount * 8
        try budget.reserve(held)
        defer { budget.release(held) }
        var options = px_avif_options()
        options.quality = Int32(output.quality)
        options.speed = max(isTrial ? 7 : 0, Self.avifSpeed(picture.width * picture.height))
        options.alpha = !picture.isOpaque
        options.full_chroma = output.quality >= 90
        let exif = output.keepsCopyright && !header.rights.isEmpty ? header.rights.exif : []
        return unsafe try CodedBytes.from { made in
            unsafe px_avif_encode(
                picture.pixels, picture.stride, UInt32(picture.width), UInt32(picture.height),
                &options, exif, exif.count, &made)
        }
    }

    /// What libaom may take: about 1.3 µs a pixel at 5, 0.4 at 6, 0.2 at 7. A step costs a twentieth
    /// more bytes; what is large has to be done in time.
    static func avifSpeed(_ pixels: Int) -> Int32 {
        switch pixels {
        case ...150_000: 5
        case ...4_000_000: 6
        case ...12_000_000: 7
        default: 9
        }
    }

    /// Puts the rights into a finished file; AVIF has them already.
    private func annotate(
        _ coded: [UInt8], _ format: ImageFormat, _ rights: ImageRights
    ) throws(ImageFailure) -> [UInt8] {
        if rights.isEmpty { return coded }
        let exif = rights.exif
        switch format {
        case .jpeg:
            let length = exif.count + 8
            let head: [UInt8] = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)]
            return coded[..<2] + head + Array("Exif\0\0".utf8) + exif + coded[2...]
        case .png:
            // Behind the header chunk, which always has the same length.
            let body = Array("eXIf".utf8) + exif
            let sum = unsafe body.withUnsafeBufferPointer {
                unsafe px_crc32($0.baseAddress, $0.count)
            }
            func word(_ value: UInt32) -> [UInt8] {
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
            }
            return coded[..<33] + word(UInt32(exif.count)) + body + word(sum) + coded[33...]
        case .webp:
            return unsafe try CodedBytes.from { made in
                unsafe px_webp_annotate(coded, coded.count, exif, exif.count, nil, 0, &made)
            }
        case .gif, .avif: return coded
        }
    }
}

extension ImageFormat {
    /// Whether a quality counts.
    var isLossy: Bool { self == .jpeg || self == .webp || self == .avif }
}
