internal import CPorticoCodecs

extension ImageJob {
    /// Every frame goes through the plan, and on to the encoder before the next one is decoded.
    func encodeFrames(_ plan: ImagePlan) throws(ImageFailure) -> [UInt8] {
        let reader = try FrameReader(bytes, header.source.format)
        // The encoder holds a canvas or two, and what it has coded.
        try budget.reserve(plan.size.width * plan.size.height * 16)
        if plan.output.format == .gif {
            let writer = try GIFWriter(plan.size, loop: header.loop, within: budget)
            try forEachFrame(reader, plan) { (picture, milliseconds) throws(ImageFailure) in
                try writer.append(picture, milliseconds: milliseconds)
            }
            return try writer.finish()
        }
        let writer = try WebPWriter(
            plan.size, loop: header.loop,
            Self.webpOptions(plan.output, hasAlpha: header.source.hasAlpha))
        try forEachFrame(reader, plan) { (picture, milliseconds) throws(ImageFailure) in
            try writer.append(picture, milliseconds: milliseconds)
        }
        return try writer.finish()
    }

    private func forEachFrame(
        _ reader: FrameReader, _ plan: ImagePlan,
        _ body: (Bitmap, Int) throws(ImageFailure) -> Void
    ) throws(ImageFailure) {
        let size = PixelSize(header.source.width, header.source.height)
        for _ in 0..<header.source.frames {
            let frame = unsafe try reader.next()
            var rows = unsafe RowReader.canvas(frame.canvas, stride: size.width * 4)
            let made = try resample(&rows, size, scale: 1, plan)
            unsafe try body(finish(made, plan), frame.milliseconds)
        }
    }
}

/// Writes an animated WebP.
@safe final class WebPWriter {
    private let handle: OpaquePointer
    private var isFinished = false

    init(
        _ size: PixelSize, loop: Int, _ options: px_webp_options
    ) throws(ImageFailure) {
        var status: Int32 = 0
        var options = options
        let made = unsafe px_webp_create(
            UInt32(size.width), UInt32(size.height), Int32(clamping: loop), &options, &status)
        guard let made = unsafe made else { throw .overLimit }
        unsafe handle = made
    }

    deinit { if !isFinished { unsafe px_webp_discard(handle) } }

    func append(_ picture: Bitmap, milliseconds: Int) throws(ImageFailure) {
        let status = unsafe px_webp_add(
            handle, picture.pixels, picture.stride, UInt32(clamping: milliseconds))
        try ImageFailure.check(status)
    }

    func finish() throws(ImageFailure) -> [UInt8] {
        isFinished = true
        let handle = unsafe handle
        return unsafe try CodedBytes.from { made in unsafe px_webp_finish(handle, &made) }
    }
}
