internal import CPorticoCodecs

extension Bitmap {
    /// Brightness, contrast, saturation, black and white, sharpen, blur, in this order.
    func apply(_ tones: ImageTones, within budget: MemoryBudget) throws(ImageFailure) {
        if tones.changeNothing { return }
        let count = width * height
        if tones.brightness != 0 || tones.contrast != 0 || tones.saturation != 0 {
            unsafe px_tone(
                pixels, count, Self.table(tones.brightness, tones.contrast),
                Float(1 + tones.saturation / 100))
        }
        if let kind = tones.blackAndWhite {
            let status = unsafe px_black_and_white(
                pixels, stride, UInt32(width), UInt32(height), kind == .atkinson)
            try ImageFailure.check(status)
        }
        if let sharpening = tones.sharpening, sharpening.amount != .zero {
            let blurred = try Bitmap(width, height, isOpaque: isOpaque, within: budget)
            unsafe blurred.copy(pixels, stride: stride)
            try blurred.blur(sigma: sharpening.radius.double)
            unsafe px_sharpen(
                pixels, blurred.pixels, count, Float(sharpening.amount.double),
                Float(sharpening.threshold.double))
        }
        if let sigma = tones.blur { try blur(sigma: sigma) }
    }

    private func blur(sigma: Double) throws(ImageFailure) {
        try ImageFailure.check(
            unsafe px_blur(pixels, stride, UInt32(width), UInt32(height), sigma))
    }

    /// What each value of a channel becomes (API §4).
    static func table(_ brightness: Double, _ contrast: Double) -> [UInt8] {
        (0..<256).map { value in
            var v = Double(value)
            if brightness > 0 { v += (255 - v) * brightness / 100 }
            if brightness < 0 { v *= 1 + brightness / 100 }
            if contrast < 0 { v = 128 + (v - 128) * (1 + contrast / 100) }
            if contrast > 0 { v = 128 + (v - 128) / max(1e-6, 1 - contrast / 100) }
            return UInt8(min(255, max(0, (v + 0.5).rounded(.down))))
        }
    }
}
