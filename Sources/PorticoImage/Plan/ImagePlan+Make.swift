extension ImagePlan {
    /// The upright picture's size: what a client sees of it.
    package static func uprightSize(_ request: ImageRequest, _ source: ImageSource) -> PixelSize {
        (request.orient == nil ? source.orientation : .upright).size(source.width, source.height)
    }

    /// Resolves `request` for a picture.
    ///
    /// `kept`: what `trim-color` left of the upright picture, where the request has one; the
    /// pipeline looks for it before all other steps.
    package init(
        _ request: ImageRequest, of source: ImageSource, trimmedTo kept: PixelRectangle? = nil,
        within limits: ImageLimits
    ) throws(ImageFailure) {
        let upright = Self.uprightSize(request, source)
        uprighting = request.orient == nil ? source.orientation : .upright
        filter = request.filter
        turn = request.orient ?? .upright

        var region = kept ?? PixelRectangle(0, 0, upright.width, upright.height)
        guard region.width > 0, region.height > 0 else { throw .trimmedAway }
        if let precrop = request.precrop { region = try Self.crop(region, precrop) }
        if let trim = request.trim { region = try Self.trim(region, trim) }
        smartArea = nil
        if let crop = request.crop {
            let area = region
            region = try Self.crop(area, crop)
            if crop.mode == .smart, region != area { smartArea = area }
        } else if let precrop = request.precrop, precrop.mode == .smart, request.trim == nil {
            let area = kept ?? PixelRectangle(0, 0, upright.width, upright.height)
            if region != area { smartArea = area }
        }
        self.region = region

        let turned = turn.size(region.width, region.height)
        (scaled, window) = Self.resize(turned, request)
        let picture = window.size
        output = Self.output(request, source, limits, area: Self.area(of: picture, request))
        background =
            request.background
            ?? (source.hasAlpha && !output.format.carriesAlpha ? .white : nil)
        let paper =
            request.background
            ?? (source.hasAlpha && output.format.carriesAlpha ? .transparent : .white)
        if let canvas = request.canvas {
            sheet = Self.lay(picture, on: canvas, paper)
        } else if let pad = request.pad {
            sheet = Self.pad(picture, pad, paper)
        } else {
            sheet = nil
        }
        let size = sheet?.size ?? picture
        tones = Self.tones(request, on: size)
        mayKeepSource = Self.mayKeepSource(request, source, output)
        // Also what a small sheet would clip is made first.
        try Self.check(picture, frames: 1, limits)
        try Self.check(size, frames: output.isAnimated ? source.frames : 1, limits)
    }

    private static func check(
        _ size: PixelSize, frames: Int, _ limits: ImageLimits
    ) throws(ImageFailure) {
        let side = limits.outputSide
        guard size.width <= side, size.height <= side else { throw .outputTooLarge }
        if frames > 1 {
            let area = Int128(size.width) * Int128(size.height) * Int128(frames)
            guard area <= Int128(side) * Int128(side) else { throw .outputTooLarge }
        }
    }

    private static func tones(_ request: ImageRequest, on size: PixelSize) -> ImageTones {
        var tones = ImageTones()
        tones.brightness = request.brightness.double
        tones.contrast = request.contrast.double
        tones.saturation = request.saturation.double
        tones.blackAndWhite = request.blackAndWhite
        tones.sharpening = request.sharpening
        switch request.blur {
        case .pixels(let sigma): tones.blur = sigma.double
        case .share(let percent):
            tones.blur = percent.double * Double(max(size.width, size.height)) / 100
        case nil: break
        }
        return tones
    }

    /// In pixels. Beyond this AVIF takes seconds, and more memory than one job has: a client that takes
    /// other formats is better served with one of those. Who asks for AVIF by name has asked for it.
    private static let mostNegotiatedAVIF: Int128 = 4_000_000

    /// Of the finished picture, whatever colour lies around it.
    private static func area(of picture: PixelSize, _ request: ImageRequest) -> Int128 {
        var size = picture
        if let canvas = request.canvas {
            size = lay(picture, on: canvas, .white)?.size ?? size
        } else if let pad = request.pad {
            size = Self.pad(picture, pad, .white)?.size ?? size
        }
        return Int128(size.width) * Int128(size.height)
    }

    private static func output(
        _ request: ImageRequest, _ source: ImageSource, _ limits: ImageLimits, area: Int128
    ) -> ImageOutput {
        let isAnimation = source.frames > 1 && !request.takesFirstFrame
        var output = ImageOutput(format: format(of: request.format) ?? source.format)
        var isNegotiated = false
        if request.allowsAVIF, !isAnimation, area <= mostNegotiatedAVIF {
            output.format = .avif
            isNegotiated = true
        } else if request.allowsWebP {
            output.format = .webp
            isNegotiated = true
        }
        output.keepsCopyright = request.keepsCopyright
        output.isAnimated = isAnimation && output.format.carriesFrames
        output.quality =
            (isNegotiated ? request.negotiatedQuality : nil) ?? request.quality ?? limits.quality
        output.optimise = request.quality == nil ? request.optimise : nil
        switch request.format {
        case .pjpg: output.scans = .progressive
        case .bjpg: output.scans = .baseline
        case .png8: output.isPalette = output.format == .png
        default: break
        }
        if output.format == .webp {
            switch request.format {
            case .webpll: output.isLossless = true
            case .webply, .jpg, .pjpg, .bjpg, .avif: output.isLossless = false
            case .png, .png8, .gif, .webp, nil:
                // A picture that came without loss stays so, unless a quality says otherwise.
                let isExact =
                    request.format == .webp || request.format == nil
                    ? source.isLossless : true
                output.isLossless =
                    isExact && request.quality == nil && request.optimise == nil
            }
        }
        return output
    }

    private static func format(of output: ImageRequest.Output?) -> ImageFormat? {
        switch output {
        case .jpg, .pjpg, .bjpg: .jpeg
        case .png, .png8: .png
        case .gif: .gif
        case .webp, .webpll, .webply: .webp
        case .avif: .avif
        case nil: nil
        }
    }

    private static func mayKeepSource(
        _ request: ImageRequest, _ source: ImageSource, _ output: ImageOutput
    ) -> Bool {
        guard output.format == source.format, request.orient == nil,
            source.orientation == .upright, !source.hasProfile
        else { return false }
        var rest = request
        rest.quality = nil
        rest.negotiatedQuality = nil
        rest.optimise = nil
        rest.allowsAVIF = false
        rest.allowsWebP = false
        return rest == ImageRequest()
    }
}
