internal import CPorticoCodecs

extension ImageJob {
    /// The least quality at which the picture still looks like itself: SSIM of luma between what
    /// is coded and what it decodes to.
    ///
    /// Halving an interval of qualities: the same ones are tried for each level, so that a level
    /// that asks for less never takes more bytes.
    func quality(
        for level: ImageRequest.Optimise, _ picture: Bitmap, _ output: ImageOutput
    ) throws(ImageFailure) -> Int {
        let target =
            switch level {
            case .low: 0.984
            case .medium: 0.968
            case .high: 0.942
            }
        let reference = luma(of: picture)
        var (low, high) = (30, 95)
        // Coding AVIF costs ten times as much: a coarser answer has to do.
        let step = output.format == .avif ? 8 : 2
        while high - low >= step {
            var trial = output
            trial.scans = .baseline
            trial.quality = (low + high) / 2
            if try likeness(of: encodePlain(picture, trial), to: reference, picture) >= target {
                high = trial.quality
            } else {
                low = trial.quality + 1
            }
        }
        return high
    }

    private func luma(of picture: Bitmap) -> [UInt8] {
        let (width, height) = (picture.width, picture.height)
        return unsafe Array(unsafeUninitializedCapacity: width * height) { room, count in
            unsafe px_luma(
                picture.pixels, picture.stride, UInt32(width), UInt32(height), room.baseAddress!)
            count = width * height
        }
    }

    private func likeness(
        of coded: [UInt8], to reference: [UInt8], _ picture: Bitmap
    ) throws(ImageFailure) -> Double {
        var limits = limits
        limits.memoryBytes = max(limits.memoryBytes / 4, picture.byteCount * 4)
        let decoded: Bitmap
        do throws(ImageFailure) {
            decoded = unsafe try coded.withUnsafeBufferPointer { bytes throws(ImageFailure) in
                try unsafe ImageJob(SourceBytes(bytes), ImageRequest(), limits).decodeWhole()
            }
        } catch {
            // What we have coded can be read; what fails is memory.
            throw .overLimit
        }
        guard decoded.size == picture.size else { return 0 }
        return unsafe px_ssim(
            reference, luma(of: decoded), UInt32(picture.width), UInt32(picture.height))
    }
}
