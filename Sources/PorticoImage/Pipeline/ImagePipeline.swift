/// From a source's bytes to the bytes of what was asked for.
///
/// The same code runs in the worker process and in `portico image`. Everything that a file claims
/// is checked against the limits before memory is taken for it.
package enum ImagePipeline {
    /// The source's bytes are only read, and nothing of them is kept.
    package static func run(
        _ source: Span<UInt8>, _ request: ImageRequest, within limits: ImageLimits
    ) throws(ImageFailure) -> ImageResult {
        try run(source, overlay: Span(), request, within: limits)
    }

    /// `overlay`: the bytes of what the request lays over the picture; empty: nothing.
    package static func run(
        _ source: Span<UInt8>, overlay: Span<UInt8>, _ request: ImageRequest,
        within limits: ImageLimits
    ) throws(ImageFailure) -> ImageResult {
        // SAFETY: the job ends within the closures.
        try unsafe source.withUnsafeBufferPointer { bytes throws(ImageFailure) in
            try unsafe overlay.withUnsafeBufferPointer { overlay throws(ImageFailure) in
                var job = try unsafe ImageJob(SourceBytes(bytes), request, limits)
                if !overlay.isEmpty { unsafe job.overlay = SourceBytes(overlay) }
                return try job.run()
            }
        }
    }
}

/// One run of the pipeline.
struct ImageJob {
    let bytes: SourceBytes
    let request: ImageRequest
    let limits: ImageLimits
    let budget: MemoryBudget
    var header: SourceHeader
    let colour: ColourConverter?
    private var warnings: [String] = []
    /// Coded.
    var overlay: SourceBytes?
    /// Ready to be drawn.
    var cover: Bitmap?

    init(
        _ bytes: SourceBytes, _ request: ImageRequest, _ limits: ImageLimits
    ) throws(ImageFailure) {
        self.bytes = bytes
        self.request = request
        self.limits = limits
        budget = MemoryBudget(bytes: limits.memoryBytes)
        header = try SourceHeader(bytes, within: limits)
        var ignoresProfile = false
        colour = ColourConverter(header, ignoresProfile: &ignoresProfile)
        if ignoresProfile { warnings.append("ICC profile ignored") }
        header.source.hasProfile = colour?.appliesProfile ?? false
        try budget.reserve(header.decoderBytes)
    }

    mutating func run() throws(ImageFailure) -> ImageResult {
        var decoded: Bitmap?
        var kept: PixelRectangle?
        if let border = request.trimColour {
            if header.source.format == .gif {
                warnings.append("trim-color has no effect on GIF")
            } else {
                let whole = try decodeWhole()
                kept = try trimmed(whole, border)
                decoded = whole
            }
        }
        var plan = try ImagePlan(request, of: header.source, trimmedTo: kept, within: limits)
        if let area = plan.smartArea { try choose(within: area, for: &plan, decoded) }
        try prepareCover(for: plan)
        var made: [UInt8]
        if plan.output.isAnimated {
            made = try encodeFrames(plan)
        } else {
            let picture = try still(plan, decoded)
            decoded = nil
            made = try encode(picture, plan.output)
        }
        var size = plan.size
        if plan.mayKeepSource, made.count > bytes.count,
            let source = StrippedSource.bytes(bytes, header)
        {
            made = source
            size = PixelSize(header.source.width, header.source.height)
        }
        return ImageResult(
            report: ImageReport(
                sourceFormat: header.source.format,
                sourceSize: PixelSize(header.source.width, header.source.height),
                format: plan.output.format, size: size, warnings: warnings),
            bytes: made)
    }

    /// What `trim-color` leaves, in coordinates of the upright picture.
    private func trimmed(
        _ whole: Bitmap, _ border: ImageRequest.TrimColour
    ) throws(ImageFailure) -> PixelRectangle {
        let uprighting = request.orient == nil ? header.source.orientation : .upright
        var border = border
        if border.colour == nil {
            // The upright picture's left top pixel.
            let corner = uprighting.stored(PixelRectangle(0, 0, 1, 1), of: whole.size)
            border.colour = whole[corner.x, corner.y]
        }
        guard let box = whole.box(without: border) else { throw .trimmedAway }
        return uprighting.seen(box, of: whole.size)
    }

    /// Moves the plan's region to where most is to be seen.
    private func choose(
        within area: PixelRectangle, for plan: inout ImagePlan, _ decoded: Bitmap?
    ) throws(ImageFailure) {
        var look = plan
        let longer = max(area.width, area.height)
        look.region = area
        look.turn = .upright
        let scale = min(1, 128 / Double(longer))
        look.scaled = PixelSize(
            max(1, Int(Double(area.width) * scale)), max(1, Int(Double(area.height) * scale)))
        look.window = PixelRectangle(0, 0, look.scaled.width, look.scaled.height)
        look.filter = .bilinear
        let small = try render(look, decoded)
        if plan.region.width < area.width {
            let length = max(1, plan.region.width * small.width / area.width)
            let offset = small.smartOffset(length, along: .across) * area.width / small.width
            plan.region.x = area.x + min(offset, area.width - plan.region.width)
        } else if plan.region.height < area.height {
            let length = max(1, plan.region.height * small.height / area.height)
            let offset = small.smartOffset(length, along: .down) * area.height / small.height
            plan.region.y = area.y + min(offset, area.height - plan.region.height)
        }
    }
}
