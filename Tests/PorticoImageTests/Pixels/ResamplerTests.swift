import Testing

@testable import PorticoImage

@Suite("Resampling")
struct ResamplerTests {
    private func scaled(
        _ source: Bitmap, to width: Int, _ height: Int, _ filter: ImageRequest.Filter
    ) throws -> Bitmap {
        let across = FilterKernel(
            filter, from: 0, to: Double(source.width), bound: source.width, scaled: width,
            window: 0..<width)
        let down = FilterKernel(
            filter, from: 0, to: Double(source.height), bound: source.height, scaled: height,
            window: 0..<height)
        let resampler = try Resampler(
            width: source.width, isOpaque: source.isOpaque, down: down, across: across,
            within: Pictures.budget())
        for y in 0..<source.height {
            unsafe resampler.room().update(from: source.row(y), count: source.stride)
            if resampler.neededRows.contains(y) { resampler.advance() } else { resampler.skip() }
        }
        #expect(resampler.isDone)
        return resampler.output
    }

    @Test(arguments: ImageRequest.Filter.allCases)
    func `one colour stays that colour at any size`(_ filter: ImageRequest.Filter) throws {
        let source = try Pictures.make(37, 23) { _, _ in ImageColour(200, 100, 3) }
        for (width, height) in [(1, 1), (5, 40), (36, 22), (37, 23), (111, 7)] {
            let made = try scaled(source, to: width, height, filter)
            #expect(made.size == PixelSize(width, height))
            for (x, y) in [(0, 0), (width - 1, height - 1), (width / 2, height / 2)] {
                #expect(made[x, y] == ImageColour(200, 100, 3))
            }
        }
    }

    @Test(arguments: ImageRequest.Filter.allCases)
    func `the same size is the same picture`(_ filter: ImageRequest.Filter) throws {
        let source = try Pictures.scene(41, 33)
        let made = try scaled(source, to: 41, 33, filter)
        for y in 0..<33 { for x in 0..<41 { #expect(made[x, y] == source[x, y]) } }
    }

    /// Weighed pixel by pixel, in doubles, along each axis with its own loop.
    private func plainly(
        _ source: Bitmap, to width: Int, _ height: Int, _ filter: ImageRequest.Filter
    ) -> [[Double]] {
        let across = FilterKernel(
            filter, from: 0, to: Double(source.width), bound: source.width, scaled: width,
            window: 0..<width)
        let down = FilterKernel(
            filter, from: 0, to: Double(source.height), bound: source.height, scaled: height,
            window: 0..<height)
        return (0..<height).map { y in
            (0..<width).map { x in
                var sum = 0.0
                for j in 0..<down.taps {
                    for i in 0..<across.taps {
                        let pixel = source[Int(across.starts[x]) + i, Int(down.starts[y]) + j]
                        sum +=
                            Double(down.weights[y * down.taps + j])
                            * Double(across.weights[x * across.taps + i]) * Double(pixel.red)
                    }
                }
                return min(255, max(0, sum))
            }
        }
    }

    @Test(arguments: ImageRequest.Filter.allCases)
    func `vectors and rings give what plain sums give`(_ filter: ImageRequest.Filter) throws {
        var seed: UInt32 = 7
        let source = try Pictures.make(53, 47) { _, _ in
            seed = seed &* 1_664_525 &+ 1_013_904_223
            return ImageColour(UInt8(seed >> 24), UInt8(seed >> 16 & 255), 9)
        }
        for (width, height) in [(17, 11), (52, 46), (9, 60), (80, 70)] {
            let made = try scaled(source, to: width, height, filter)
            let expected = plainly(source, to: width, height, filter)
            for y in 0..<height {
                for x in 0..<width {
                    #expect(abs(Double(made[x, y].red) - expected[y][x]) <= 0.51)
                }
            }
        }
    }

    @Test func `what cannot be seen does not bleed into what can`() throws {
        let source = try Pictures.make(40, 40) { x, y in
            (x + y) % 2 == 0 ? ImageColour(255, 0, 0) : ImageColour(0, 255, 0, 0)
        }
        let made = try scaled(source, to: 10, 10, .lanczos3)
        let middle = made[5, 5]
        #expect(middle.red >= 250 && middle.green <= 5)
        #expect(abs(Int(middle.alpha) - 128) <= 4)
    }

    @Test func `a window of the scaled picture is what a crop of the whole would be`() throws {
        let source = try Pictures.scene(60, 50)
        let whole = FilterKernel(
            .lanczos3, from: 0, to: 60, bound: 60, scaled: 33, window: 0..<33)
        let part = FilterKernel(
            .lanczos3, from: 0, to: 60, bound: 60, scaled: 33, window: 11..<20)
        #expect(part.starts == Array(whole.starts[11..<20]))
        #expect(part.weights == Array(whole.weights[11 * whole.taps..<20 * whole.taps]))
        #expect(source.width == 60)
    }

    /// A side of many millions of pixels of which some are kept.
    @Test func `a huge scaled side costs only its window`() {
        let kernel = FilterKernel(
            .lanczos3, from: 0, to: 2, bound: 2, scaled: 40_000_000,
            window: 20_000_000..<20_000_004)
        #expect(kernel.starts.count == 4)
        #expect(kernel.starts.allSatisfy { $0 >= 0 && Int($0) + kernel.taps <= 2 })
    }

    @Test func `weights sum to one wherever the edge is`() {
        for filter in ImageRequest.Filter.allCases {
            for scaled in [1, 2, 7, 50, 99, 300] {
                let kernel = FilterKernel(
                    filter, from: 3.5, to: 61.25, bound: 62, scaled: scaled, window: 0..<scaled)
                for index in 0..<scaled {
                    let sum = kernel.weights[index * kernel.taps..<(index + 1) * kernel.taps]
                        .reduce(0, +)
                    #expect(abs(sum - 1) < 1e-4)
                    #expect(kernel.starts[index] >= 3)
                    #expect(Int(kernel.starts[index]) + kernel.taps <= 62)
                }
            }
        }
    }
}
