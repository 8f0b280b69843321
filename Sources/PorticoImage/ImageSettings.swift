internal import PorticoBytes
package import PorticoSettings

/// `[images]`: which answers are transformed, and what that may cost.
package struct ImageSettings: Equatable, Sendable {
    /// Formats offered without being asked.
    package enum AutoFormat: String, CaseIterable, Sendable {
        case avif, webp
    }

    /// What a source that is no sound image earns.
    package enum OnSourceError: String, CaseIterable, Sendable {
        case original
        case unprocessable = "422"
    }

    /// Patterns, compared without case.
    package var paths = ["*.jpg", "*.jpeg", "*.png", "*.gif", "*.webp", "*.avif"]
    /// Decoded input pixels; an animation, frames × canvas, has 2.5 times that.
    package var maxPixels = 100_000_000
    /// Pixels per side of what is made.
    package var maxOutput = 8192
    /// Worker processes; 0 is one per CPU.
    package var workers = 0
    package var timeout = Duration.seconds(10)
    /// For all transformations together; at most half of it for one.
    package var memoryBytes = 512 << 20
    package var quality = 85
    package var auto: [AutoFormat] = []
    /// A malformed parameter is a 400.
    package var strict = false
    package var clientHints = false
    package var onSourceError = OnSourceError.original

    package init() {}

    package init(from section: inout Section) {
        section.read("paths", into: &paths)
        section.readCount("max_pixels", into: &maxPixels, within: 1...10_000_000_000)
        section.read("max_output", into: &maxOutput, within: 1...65_535)
        section.read("workers", into: &workers, within: 0...256)
        section.read("timeout", into: &timeout, within: .milliseconds(10)...(.seconds(600)))
        section.readBytes(
            "memory", into: &memoryBytes, within: .mebibytes(16)...ByteCount(.max))
        section.read("quality", into: &quality, within: 1...100)
        if let found = section.value("auto")?.elements({ $0.choice(AutoFormat.self) }) {
            auto = found
        }
        section.read("strict", into: &strict)
        section.read("client_hints", into: &clientHints)
        section.read("on_source_error", into: &onSourceError)
        section.finish()
    }
}
