/// Every step of one transformation in absolute pixels, in the order in which they are done.
///
///     decode, `uprighting`, profile to sRGB      the upright picture
///     `region`                                   trim-color, precrop, trim, crop
///     `turn`                                     orient
///     resize to `scaled`, keep `window` of it    width, height, dpr, fit
///     lay on `sheet`                             pad, canvas
///     `background`, adjustments, `output`
///
/// Pure: it is worked out from the request and what the decoder says of the source.
package struct ImagePlan: Equatable, Sendable {
    /// How the picture is turned while it is decoded; all coordinates count on the result.
    package var uprighting: Orientation
    /// Of the upright picture.
    package var region: PixelRectangle
    /// `region` says how large; its place is chosen by content, within this.
    package var smartArea: PixelRectangle?
    /// After the crops.
    package var turn: Orientation
    /// The region's size after resizing. Where only a `window` of it is kept, a side may have many
    /// millions of pixels: nothing of this size may be allocated.
    package var scaled: PixelSize
    /// What is kept of the scaled picture (`fit=crop`), else all of it.
    package var window: PixelRectangle
    package var filter: ImageRequest.Filter
    /// What the picture is laid on; nil: nothing.
    package var sheet: ImageSheet?
    /// What lies under transparent pixels; nil: nothing, they stay so. What is translucent even
    /// then lies on white where the output carries no alpha.
    package var background: ImageColour?
    package var tones: ImageTones
    package var output: ImageOutput
    /// Nothing was asked for but an encoding in the source's format: where that does not make it
    /// smaller, the source's coded data may be sent without its metadata.
    package var mayKeepSource: Bool

    /// Of the finished picture.
    package var size: PixelSize { sheet?.size ?? window.size }
}

/// A sheet of one colour, and where on it the picture's left top corner lies: perhaps outside.
package struct ImageSheet: Equatable, Sendable {
    package var size: PixelSize
    package var x: Int
    package var y: Int
    package var colour: ImageColour
}

/// What is done to the finished sheet: brightness, contrast, saturation, black and white, sharpen, blur, in
/// this order.
package struct ImageTones: Equatable, Sendable {
    /// -100…100, each; 0 changes nothing.
    package var brightness = 0.0
    package var contrast = 0.0
    package var saturation = 0.0
    package var blackAndWhite: ImageRequest.BlackAndWhite?
    package var sharpening: ImageRequest.Sharpening?
    /// Sigma in pixels.
    package var blur: Double?

    package init() {}

    package var changeNothing: Bool { self == ImageTones() }
}

/// How the finished picture is coded.
package struct ImageOutput: Equatable, Sendable {
    package enum Scans: Equatable, Sendable {
        /// Progressive where that is usual: above ten kilobytes.
        case auto
        case baseline, progressive
    }

    package var format: ImageFormat
    /// WebP only.
    package var isLossless = false
    /// PNG only: a palette.
    package var isPalette = false
    /// JPEG only.
    package var scans = Scans.auto
    /// 1…100.
    package var quality = 85
    /// Instead of `quality`.
    package var optimise: ImageRequest.Optimise?
    /// All frames of an animation; else the first.
    package var isAnimated = false
    package var keepsCopyright = false

    package init(format: ImageFormat) { self.format = format }
}
