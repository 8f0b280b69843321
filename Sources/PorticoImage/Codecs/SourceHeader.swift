internal import CPorticoCodecs

/// What a file says of its picture before a pixel is decoded.
struct SourceHeader {
    var source: ImageSource
    /// A colour profile, and for which pixels; empty: none.
    var profile: [UInt8] = []
    var pixelKind = PixelKind.colour
    /// CMYK as Adobe stores it: 255 is no ink.
    var isInverted = false
    var rights = ImageRights()
    /// Of an animation: times shown, 0 for ever; -1: not said, which is once.
    var loop = -1
    /// What the decoder holds beside the rows it hands out, in bytes.
    var decoderBytes = 0
    /// Whether the blocks of an animation are all there, up to their end mark.
    var isWhole = false
    /// Whether rows come one by one; else the whole picture is decoded at once.
    var hasRows = false
    /// The source's coded data without its metadata can be cut out of the file.
    var canBeStripped = true

    enum PixelKind: Int32 {
        case grey = 1
        case colour = 3
        case ink = 4
    }

    /// Reads the header that `bytes` begin with.
    init(_ bytes: SourceBytes, within limits: ImageLimits) throws(ImageFailure) {
        guard bytes.count <= limits.inputBytes else { throw .sourceTooLarge }
        let first = bytes.bytes(0..<ImageFormat.signatureLength)
        guard let format = ImageFormat(signature: first.span) else { throw .unsupported }
        source = ImageSource(format: format, width: 0, height: 0)
        switch format {
        case .jpeg: try readJPEG(bytes)
        case .png: try readPNG(bytes, limits)
        case .gif: try readGIF(bytes)
        case .webp: try readWebP(bytes, limits)
        case .avif: try readAVIF(bytes, limits)
        }
        try Self.check(source, limits)
        if profile.count > limits.profileBytes { profile = [] }
    }

    static func check(_ source: ImageSource, _ limits: ImageLimits) throws(ImageFailure) {
        guard source.width > 0, source.height > 0 else { throw .unparsable }
        guard source.width <= limits.inputSide, source.height <= limits.inputSide else {
            throw .sourceTooLarge
        }
        // Both sides are within limits, so that the product is no larger than a word.
        let area = source.width * source.height
        guard area <= limits.inputPixels, source.frames <= limits.frames,
            source.frames == 1 || area * source.frames <= limits.animationPixels
        else { throw .sourceTooLarge }
    }
}

extension ImageFailure {
    /// A shim's answer.
    init?(status: Int32) {
        switch Int(status) {
        case Int(PX_IMAGE_OK): return nil
        case Int(PX_IMAGE_UNSUPPORTED): self = .unsupported
        case Int(PX_IMAGE_NO_MEMORY): self = .overLimit
        case Int(PX_IMAGE_TOO_LARGE): self = .sourceTooLarge
        default: self = .unparsable
        }
    }

    static func check(_ status: Int32) throws(ImageFailure) {
        if let failure = ImageFailure(status: status) { throw failure }
    }
}
