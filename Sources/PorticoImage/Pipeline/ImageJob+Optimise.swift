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
            case .low: 0.981
            case .medium: 0.961
            case .high: 0.932
            }
        let reference = picture.luma
        var (low, high) = (30, 95)
        // Coding AVIF costs ten times as much: a coarser answer has to do, found at a speed that is
        // a little worse than the one it is for.
        let step = output.format == .avif ? 8 : 2
        while high - low >= step {
            var trial = output
            trial.scans = .baseline
            trial.quality = (low + high) / 2
            if try likeness(of: encodePlain(picture, trial, isTrial: true), to: reference, picture)
                >= target
            {
                high = trial.quality
            } else {
                low = trial.quality + 1
            }
        }
        return high
    }

    private func likeness(
        of coded: [UInt8], to reference: [UInt8], _ picture: Bitmap
    ) throws(ImageFailure) -> Double {
        var limits = limits
        limits.memoryBytes = max(limits.memoryBytes / 4, picture.byteCount * 4)
        let decoded: Bitmap
        do throws(ImageFailure) {
            decoded = try ImageJob.decoded(coded, within: limits)
        } catch {
            // What we have coded can be read; what fails is memory.
            throw .overLimit
        }
        guard decoded.size == picture.size else { return 0 }
        return unsafe px_ssim(
            reference, decoded.luma, UInt32(picture.width), UInt32(picture.height))
    }

    fileprivate static func decoded(
        _ coded: [UInt8], within limits: ImageLimits
    ) throws(ImageFailure) -> Bitmap {
        try unsafe coded.withUnsafeBufferPointer { bytes throws(ImageFailure) in
            try unsafe ImageJob(SourceBytes(bytes), ImageRequest(), limits).decodeWhole()
        }
    }
}

extension ImagePipeline {
    /// SSIM of luma between two coded pictures, 0…1; nil when their sizes differ.
    package static func likeness(
        of one: [UInt8], to other: [UInt8], within limits: ImageLimits
    ) throws(ImageFailure) -> Double? {
        let one = try ImageJob.decoded(one, within: limits)
        let other = try ImageJob.decoded(other, within: limits)
        guard one.size == other.size else { return nil }
        return unsafe px_ssim(one.luma, other.luma, UInt32(one.width), UInt32(one.height))
    }
}

extension Bitmap {
    /// One byte a pixel.
    fileprivate var luma: [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: width * height) { room, count in
            unsafe px_luma(pixels, stride, UInt32(width), UInt32(height), room.baseAddress!)
            count = width * height
        }
    }
}
