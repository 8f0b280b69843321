internal import CPorticoCodecs

extension SourceHeader {
    mutating func readAVIF(_ bytes: SourceBytes, _ limits: ImageLimits) throws(ImageFailure) {
        let reader = try AVIFReader(bytes, within: limits)
        source.width = unsafe Int(reader.info.width)
        source.height = unsafe Int(reader.info.height)
        source.hasAlpha = unsafe reader.info.alpha
        source.orientation = reader.orientation
        profile = reader.profile
        // Planes of up to two bytes a sample, as decoded and as they are handed over.
        decoderBytes = unsafe source.width * source.height * (reader.info.depth > 8 ? 12 : 6)
        // Metadata lies within boxes that others point into.
        canBeStripped = unsafe reader.info.exif_length == 0
        if let exif = reader.exif { rights = exif.rights }
    }
}

/// An AVIF file opened by libavif.
@safe final class AVIFReader {
    let info: px_avif_info
    private let handle: OpaquePointer

    init(_ bytes: SourceBytes, within limits: ImageLimits) throws(ImageFailure) {
        var info = unsafe px_avif_info()
        var status: Int32 = 0
        // SAFETY: the source's bytes outlive the reader, by SourceBytes' promise.
        let opened = unsafe px_avif_open(
            bytes.base, bytes.count, UInt32(clamping: limits.inputSide),
            UInt32(clamping: limits.inputPixels), &info, &status)
        guard let opened = unsafe opened else { throw ImageFailure(status: status) ?? .unparsable }
        unsafe handle = opened
        unsafe self.info = info
    }

    deinit { unsafe px_avif_close(handle) }

    func decode(into bitmap: Bitmap) throws(ImageFailure) {
        guard unsafe bitmap.width == Int(info.width), unsafe bitmap.height == Int(info.height)
        else {
            throw .unparsable
        }
        try ImageFailure.check(unsafe px_avif_decode(handle, bitmap.pixels, bitmap.stride))
    }

    /// irot turns against the clock, then imir mirrors (ISO 23008-12 §6.5.10 and 12); EXIF does not
    /// count here.
    var orientation: Orientation {
        let turned: Orientation =
            switch unsafe info.turns {
            case 1: .anticlockwise
            case 2: .halfTurned
            case 3: .clockwise
            default: .upright
            }
        switch unsafe info.mirror {
        case 0: return turned.followed(by: .flipped)
        case 1: return turned.followed(by: .mirrored)
        default: return turned
        }
    }

    var profile: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: info.icc, count: info.icc_length))
    }

    var exif: EXIF? {
        let bytes = unsafe UnsafeBufferPointer(start: info.exif, count: info.exif_length)
        let source = unsafe SourceBytes(bytes)
        return EXIF(source, 0..<source.count)
    }
}
