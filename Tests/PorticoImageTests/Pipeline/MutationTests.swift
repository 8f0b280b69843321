import Testing

@testable import PorticoImage

/// Every decoder meets files that were sound once. What comes of it does not matter; that the
/// pipeline answers does.
@Suite("Damaged sources")
struct MutationTests {
    private struct Dice {
        var state: UInt64

        mutating func roll(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, bound)
        }
    }

    private func mutated(_ source: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = source
        for _ in 0...dice.roll(6) where !bytes.isEmpty {
            // Heads are where most of the decisions are.
            let at = dice.roll(dice.roll(2) == 0 ? min(bytes.count, 200) : bytes.count)
            switch dice.roll(5) {
            case 0: bytes[at] ^= UInt8(1 << dice.roll(8))
            case 1: bytes[at] = [0, 0xFF, 0x7F, 0x80, 1][dice.roll(5)]
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + dice.roll(16)))
            case 3:
                let piece = bytes[at..<min(bytes.count, at + 1 + dice.roll(64))]
                bytes.insert(contentsOf: piece, at: dice.roll(bytes.count))
            default: if dice.roll(4) == 0 { bytes.removeSubrange(at...) }
            }
        }
        return bytes
    }

    private func hammer(_ source: [UInt8], _ rounds: Int, _ dice: inout Dice) {
        let queries = [
            "width=16&format=png", "crop=1:1,smart&width=8&format=jpg",
            "trim-color=auto&format=gif",
            "height=9&orient=r&format=webply", "metadata=copyright&quality=50",
        ]
        for _ in 0..<rounds {
            let bytes = mutated(source, &dice)
            if let result = try? Pictures.run(bytes, queries[dice.roll(queries.count)]) {
                #expect(!result.bytes.isEmpty)
            }
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `a picture with bytes changed, lost or doubled is answered`(_ format: ImageFormat) throws {
        var dice = Dice(state: UInt64(format.rawValue))
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
        var dice = Dice(state: 99)
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
