import PorticoMutation
import Testing

@testable import PorticoImage

/// Every decoder meets files that were sound once. What comes of it does not matter; that the
/// pipeline answers does.
@Suite("Damaged sources")
struct MutationTests {
    private func hammer(_ source: [UInt8], _ rounds: Int, _ dice: inout Mutator) {
        let queries = [
            "width=16&format=png", "crop=1:1,smart&width=8&format=jpg",
            "trim-color=auto&format=gif",
            "height=9&orient=r&format=webply", "metadata=copyright&quality=50",
        ]
        for _ in 0..<rounds {
            let bytes = dice.damage(source)
            if let result = try? Pictures.run(bytes, queries[dice.roll(queries.count)]) {
                #expect(!result.bytes.isEmpty)
            }
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `a picture with bytes changed, lost or doubled is answered`(_ format: ImageFormat) throws {
        var dice = Mutator(seed: UInt64(format.rawValue))
        let picture = try Pictures.make(48, 36) { x, y in
            ImageColour(UInt8(x * 5), UInt8(y * 7), 60, x < 8 ? 100 : 255)
        }
        hammer(try Pictures.coded(picture, format), format == .avif ? 60 : 300, &dice)
        let frames = try (0..<3).map { try Pictures.scene(24, 18, shift: $0) }
        let gif = try Pictures.animation(frames, milliseconds: [10, 20, 30], loop: 0)
        if format == .gif { hammer(gif, 300, &dice) }
        if format == .webp { hammer(try Pictures.run(gif, "format=webp").bytes, 200, &dice) }
    }

    @Test(.enabled(if: Pictures.hasShared, "../shared/images is absent"))
    func `files of the corpus, damaged, are answered`() throws {
        var dice = Mutator(seed: 99)
        for name in [
            "go_v001_cmyk.jpg", "jpeg_arithmetic.jpg", "go_v001_q50_440_progressive.jpg",
            "pillow_icc_big.jpg", "pngsuite_basn3p04-31i.png", "png_rgb16.png",
            "png_palette_trns.png",
            "pillow_dispose_prev.gif", "gif_interlaced.gif", "webp_animated.webp",
            "webp_lossy_alpha.webp", "webp_lossless.webp", "avif_alpha.avif", "pillow_icc.avif",
        ] {
            let source = try #require(Pictures.shared("corpus/\(name)"))
            hammer(source, 12, &dice)
        }
    }
}
