extension Bitmap {
    /// What is left when the border is taken away whose pixels are like `colour`; nil: nothing.
    ///
    /// Alike: no channel, alpha among them, differs by more than the threshold's share of 255.
    /// Transparent pixels are alike whatever their colour.
    func box(without border: ImageRequest.TrimColour) -> PixelRectangle? {
        let colour = border.colour ?? self[0, 0]
        let most = Int((border.threshold.double * 255).rounded(.down))
        let wanted = [colour.red, colour.green, colour.blue, colour.alpha].map(Int.init)
        func isBorder(_ pixel: UnsafeMutablePointer<UInt8>) -> Bool {
            if unsafe wanted[3] == 0 && pixel[3] == 0 { return true }
            for channel in 0..<4 where abs(unsafe Int(pixel[channel]) - wanted[channel]) > most {
                return false
            }
            return true
        }
        func span(of y: Int) -> Range<Int>? {
            let line = unsafe row(y)
            var left = 0
            while left < width, unsafe isBorder(line + left * 4) { left += 1 }
            if left == width { return nil }
            var right = width
            while unsafe isBorder(line + (right - 1) * 4) { right -= 1 }
            return left..<right
        }
        var found: PixelRectangle?
        for y in 0..<height {
            guard let span = span(of: y) else { continue }
            guard let before = found else {
                found = PixelRectangle(span.lowerBound, y, span.count, 1)
                continue
            }
            let left = min(before.x, span.lowerBound)
            let right = max(before.x + before.width, span.upperBound)
            found = PixelRectangle(left, before.y, right - left, y + 1 - before.y)
        }
        return found
    }
}
