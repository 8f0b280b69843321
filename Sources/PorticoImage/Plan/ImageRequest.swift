/// What a client asks for: each parameter that has an effect, its value folded into one spelling.
///
/// Made from a query (`ImageQuery`), written again as text in normal form (`write(into:)`): the
/// variant's key, and what travels to the worker process.
package struct ImageRequest: Equatable, Sendable {
    package enum Fit: String, CaseIterable, Sendable {
        case bounds, cover, crop
    }

    package enum Filter: String, CaseIterable, Sendable {
        case nearest, bilinear, bicubic, lanczos2, lanczos3
    }

    package enum BlackAndWhite: String, CaseIterable, Sendable {
        case threshold, atkinson
    }

    package enum Optimise: String, CaseIterable, Sendable {
        case low, medium, high
    }

    package enum Output: String, CaseIterable, Sendable {
        case jpg, pjpg, bjpg, png, png8, gif, webp, webpll, webply, avif
    }

    /// The border to take away.
    package struct TrimColour: Equatable, Sendable {
        /// Nil: the colour of the left top pixel.
        package var colour: ImageColour?
        /// The largest difference of a channel, 0…1.
        package var threshold: FixedPoint
    }

    /// Unsharp mask.
    package struct Sharpening: Equatable, Sendable {
        package var amount: FixedPoint
        /// In pixels.
        package var radius: FixedPoint
        /// 0…255.
        package var threshold: FixedPoint
    }

    package enum Blur: Equatable, Sendable {
        /// Sigma in pixels.
        case pixels(FixedPoint)
        /// Sigma in percent of the larger side.
        case share(FixedPoint)
    }

    package var trimColour: TrimColour?
    package var precrop: ImageRegion?
    package var trim: ImageEdges?
    package var crop: ImageRegion?
    /// Replaces the metadata's.
    package var orient: Orientation?
    package var width: ImageLength?
    package var height: ImageLength?
    package var dpr = FixedPoint(1)
    package var fit: Fit?
    package var filter = Filter.lanczos3
    package var upscales = false
    package var pad: ImageEdges?
    package var canvas: ImageRegion?
    package var background: ImageColour?
    /// -100…100, each.
    package var brightness = FixedPoint.zero
    package var contrast = FixedPoint.zero
    package var saturation = FixedPoint.zero
    package var blackAndWhite: BlackAndWhite?
    package var sharpening: Sharpening?
    package var blur: Blur?
    /// A still picture even of an animation.
    package var takesFirstFrame = false
    package var format: Output?
    /// What the negotiation allows instead of `format`: AVIF goes before WebP, and an animation
    /// never becomes AVIF.
    package var allowsAVIF = false
    package var allowsWebP = false
    /// 1…100.
    package var quality: Int?
    /// For a negotiated format.
    package var negotiatedQuality: Int?
    package var optimise: Optimise?
    package var keepsCopyright = false
    /// Not of the query.
    package var overlay: ImageOverlay?

    package init() {}
}
