/// What one transformation may cost, and what an operator decided for all. Checked before any
/// buffer is allocated.
package struct ImageLimits: Equatable, Sendable {
    /// Of the coded source, in bytes.
    package var inputBytes = 50 << 20
    /// Pixels per side of the source.
    package var inputSide = 12_000
    /// Pixels of a still source.
    package var inputPixels = 100_000_000
    /// Frames times canvas of an animated one.
    package var animationPixels = 250_000_000
    package var frames = 1000
    /// Pixels per side of what is made; an animation, the square of it for all frames together.
    package var outputSide = 8192
    /// Of a progressive JPEG: each one costs a pass over all coefficients.
    package var jpegScans = 100
    /// Of a colour profile, inflated; text chunks never are.
    package var profileBytes = 4 << 20
    /// What the buffers of one job may hold together.
    package var memoryBytes = 256 << 20
    /// Where the request names none.
    package var quality = 85

    package init() {}

    package init(_ settings: ImageSettings) {
        inputPixels = settings.maxPixels
        animationPixels = settings.maxPixels / 2 * 5
        outputSide = settings.maxOutput
        memoryBytes = settings.memoryBytes / 2
        quality = settings.quality
    }

    // MARK: - Between the processes

    static let wireCount = 10

    var words: [UInt64] {
        [
            inputBytes, inputSide, inputPixels, animationPixels, frames, outputSide, jpegScans,
            profileBytes, memoryBytes, quality,
        ].map { UInt64(clamping: $0) }
    }

    init?(words: [UInt64]) {
        guard words.count == Self.wireCount else { return nil }
        let numbers = words.map { Int(clamping: $0) }
        inputBytes = numbers[0]
        inputSide = numbers[1]
        inputPixels = numbers[2]
        animationPixels = numbers[3]
        frames = numbers[4]
        outputSide = numbers[5]
        jpegScans = numbers[6]
        profileBytes = numbers[7]
        memoryBytes = numbers[8]
        quality = numbers[9]
    }
}
