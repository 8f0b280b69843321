internal import CPorticoCodecs

extension ImageJob {
    /// The finished picture, ready to be coded.
    func still(_ plan: ImagePlan, _ decoded: Bitmap?) throws(ImageFailure) -> Bitmap {
        try finish(render(plan, decoded), plan)
    }

    /// Decodes, and resamples while rows come in: the plan up to its `window`, upright and turned.
    func render(_ plan: ImagePlan, _ decoded: Bitmap?) throws(ImageFailure) -> Bitmap {
        if let decoded { return try resample(decoded, plan) }
        guard header.hasRows else {
            return try resample(decodeWhole(converting: false), plan, converts: true)
        }
        var size = PixelSize(header.source.width, header.source.height)
        if header.source.format == .png {
            var rows = RowReader.png(try PNGReader(bytes))
            return try resample(&rows, size, scale: 1, plan)
        }
        let reader = try JPEGReader(bytes)
        let eighths = Self.eighths(for: plan)
        size = try reader.start(eighths: eighths, within: limits)
        var rows = RowReader.jpeg(reader)
        return try resample(&rows, size, scale: Double(eighths) / 8, plan)
    }

    /// At how many eighths of its size a JPEG is decoded: the least that leaves the resampler
    /// enough (API §4, resize-filter). The sizes between are not accelerated in libjpeg-turbo.
    static func eighths(for plan: ImagePlan) -> Int {
        if plan.filter == .nearest { return 8 }
        let scaled =
            plan.turn.swapsSides
            ? PixelSize(plan.scaled.height, plan.scaled.width) : plan.scaled
        let reduction = min(
            Double(plan.region.width) / Double(scaled.width),
            Double(plan.region.height) / Double(scaled.height))
        for eighths in [1, 2, 4] where reduction * Double(eighths) / 8 >= leastForResampler {
            return eighths
        }
        return 8
    }

    /// How many times the target a picture scaled by its codec has to be. With 2, sixteen photographs
    /// at nine sizes each came out at 43 to 75 dB against the resize of the full decode, half of
    /// them at 53 or more; 1.25 saves a tenth of the time of 12 Mpx to 800 px and costs 0.002 of SSIM.
    static let leastForResampler = 2.0

    /// The first frame, as stored, in its full size.
    func decodeWhole(converting: Bool = true) throws(ImageFailure) -> Bitmap {
        let source = header.source
        let whole = try Bitmap(
            source.width, source.height, isOpaque: !source.hasAlpha, within: budget)
        switch source.format {
        case .jpeg:
            let reader = try JPEGReader(bytes)
            let size = try reader.start(eighths: 8, within: limits)
            guard size == whole.size else { throw .unparsable }
            for y in 0..<whole.height { unsafe try reader.read(into: whole.row(y)) }
            try reader.finish()
        case .png: try PNGReader(bytes).readAll(into: whole)
        case .avif: try AVIFReader(bytes, within: limits).decode(into: whole)
        case .webp where source.frames == 1 && header.loop < 0:
            try ImageFailure.check(
                unsafe px_webp_decode(
                    bytes.base, bytes.count, whole.pixels, whole.stride, UInt32(whole.width),
                    UInt32(whole.height)))
        case .webp, .gif:
            let frames = try FrameReader(bytes, source.format)
            unsafe whole.copy(try frames.next().canvas, stride: whole.stride)
            // Half an animation is a damaged file. What its structure does not show, the frames do.
            if !header.isWhole {
                for _ in 1..<max(1, source.frames) { _ = unsafe try frames.next() }
            }
        }
        if converting { unsafe colour?.convert(whole.pixels, count: whole.width * whole.height) }
        return whole
    }

    func resample(
        _ whole: Bitmap, _ plan: ImagePlan, converts: Bool = false
    ) throws(ImageFailure) -> Bitmap {
        var rows = unsafe RowReader.canvas(whole.pixels, stride: whole.stride)
        return try resample(&rows, whole.size, scale: 1, plan, converts: converts)
    }

    /// `size`: of what the reader hands out, `scale` times the stored picture.
    func resample(
        _ reader: inout RowReader, _ size: PixelSize, scale: Double, _ plan: ImagePlan,
        converts: Bool = true
    ) throws(ImageFailure) -> Bitmap {
        let source = PixelSize(header.source.width, header.source.height)
        let turning = plan.uprighting.followed(by: plan.turn)
        let region = plan.uprighting.stored(plan.region, of: source)
        let scaled =
            turning.swapsSides ? PixelSize(plan.scaled.height, plan.scaled.width) : plan.scaled
        let window = turning.stored(plan.window, of: scaled)
        let across = FilterKernel(
            plan.filter, from: Double(region.x) * scale,
            to: Double(region.x + region.width) * scale, bound: size.width, scaled: scaled.width,
            window: window.x..<window.x + window.width)
        let down = FilterKernel(
            plan.filter, from: Double(region.y) * scale,
            to: Double(region.y + region.height) * scale, bound: size.height,
            scaled: scaled.height, window: window.y..<window.y + window.height)
        let resampler = try Resampler(
            width: size.width, isOpaque: !header.source.hasAlpha, down: down, across: across,
            within: budget)
        for y in 0..<size.height {
            let room = unsafe resampler.room()
            unsafe try reader.next(into: room, width: size.width)
            if resampler.neededRows.contains(y) {
                if converts { unsafe colour?.convert(room, count: size.width) }
                resampler.advance()
            } else {
                resampler.skip()
            }
        }
        try reader.finish()
        precondition(resampler.isDone)
        return try resampler.output.turned(turning, within: budget)
    }

    /// What follows the resize: background, sheet, tones.
    func finish(_ picture: Bitmap, _ plan: ImagePlan) throws(ImageFailure) -> Bitmap {
        var picture = picture
        if let background = plan.background { picture.flatten(over: background) }
        if let sheet = plan.sheet { picture = try picture.laid(on: sheet, within: budget) }
        try picture.apply(plan.tones, within: budget)
        drawCover(on: picture)
        if !plan.output.format.carriesAlpha { picture.flatten(over: .white) }
        picture.settleOpacity()
        return picture
    }
}
