internal import CPorticoCodecs

extension ImageJob {
    /// Decodes what is laid over the picture, in the size that it has there.
    mutating func prepareCover(for plan: ImagePlan) throws(ImageFailure) {
        guard let overlay, let placing = request.overlay else { return }
        var limits = limits
        limits.memoryBytes /= 4
        try budget.reserve(limits.memoryBytes)
        defer { budget.release(limits.memoryBytes) }
        let job = try ImageJob(overlay, placing.request(on: plan.size), limits)
        let plan = try ImagePlan(job.request, of: job.header.source, within: limits)
        cover = try job.still(plan, nil)
    }

    /// Draws it, after all else that changes pixels.
    func drawCover(on picture: Bitmap) {
        guard let cover, let placing = request.overlay else { return }
        let places = placing.places(of: cover.size, on: picture.size)
        for y in places.y {
            for x in places.x { picture.draw(cover, x, y) }
        }
    }
}

extension Bitmap {
    /// Composites another picture over this one, its left top corner at a place that may lie
    /// outside; what goes beyond is clipped.
    func draw(_ other: Bitmap, _ x: Int, _ y: Int) {
        let left = max(0, x)
        let right = min(width, x + other.width)
        guard left < right, max(0, y) < min(height, y + other.height) else { return }
        for row in max(0, y)..<min(height, y + other.height) {
            // SAFETY: both rows hold as many pixels, by the clipping above.
            unsafe px_over(
                self.row(row, from: left), other.row(row - y, from: left - x), right - left)
        }
    }
}
