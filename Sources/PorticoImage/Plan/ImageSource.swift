/// What a decoder says of a picture before it decodes a pixel.
package struct ImageSource: Equatable, Sendable {
    package var format: ImageFormat
    /// As stored, before any orientation.
    package var width: Int
    package var height: Int
    /// By the metadata; values outside 1…8 count as 1.
    package var orientation: Orientation
    /// Whether the format, as the file uses it, has a channel for alpha or a transparent colour.
    package var hasAlpha: Bool
    package var frames: Int
    /// PNG, GIF, lossless WebP.
    package var isLossless: Bool
    /// Whether a colour profile has to be applied.
    package var hasProfile: Bool

    package init(
        format: ImageFormat, width: Int, height: Int, orientation: Orientation = .upright,
        hasAlpha: Bool = false, frames: Int = 1, isLossless: Bool = false, hasProfile: Bool = false
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.orientation = orientation
        self.hasAlpha = hasAlpha
        self.frames = frames
        self.isLossless = isLossless
        self.hasProfile = hasProfile
    }
}

/// What came of one transformation, beside its bytes: the numbers of `Fastly-IO-Info`.
package struct ImageReport: Equatable, Sendable {
    package var sourceFormat: ImageFormat
    /// As stored.
    package var sourceSize: PixelSize
    package var format: ImageFormat
    package var size: PixelSize
    /// Recoverable defects and values without effect, one a line of `Fastly-IO-Warning`; no commas.
    package var warnings: [String]

    package init(
        sourceFormat: ImageFormat, sourceSize: PixelSize, format: ImageFormat, size: PixelSize,
        warnings: [String] = []
    ) {
        self.sourceFormat = sourceFormat
        self.sourceSize = sourceSize
        self.format = format
        self.size = size
        self.warnings = warnings
    }
}

/// A finished picture: what `ImagePipeline.run(_ source: Span<UInt8>, _ request: ImageRequest,
/// within limits: ImageLimits) throws(ImageFailure) -> ImageResult` answers.
package struct ImageResult: Sendable {
    package var report: ImageReport
    package var bytes: [UInt8]

    package init(report: ImageReport, bytes: [UInt8]) {
        self.report = report
        self.bytes = bytes
    }
}
