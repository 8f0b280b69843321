import PorticoBytes
import Testing

@testable import PorticoImage

@Suite("The image pipeline")
struct ImagePipelineTests {
    @Test(arguments: ImageFormat.allCases, ImageFormat.allCases)
    func `each format becomes each other`(_ from: ImageFormat, _ to: ImageFormat) throws {
        let scene = try Pictures.scene(96, 64)
        let source = try Pictures.coded(scene, from)
        let result = try Pictures.run(source, "width=48&quality=90&format=\(to.name)")
        #expect(result.report.sourceFormat == from)
        #expect(result.report.format == to)
        #expect(result.report.sourceSize == PixelSize(96, 64))
        #expect(result.report.size == PixelSize(48, 32))
        #expect(ImageFormat(signature: result.bytes.span.extracting(first: 32)) == to)
        let seen = try Pictures.decoded(result.bytes)
        #expect(seen.size == PixelSize(48, 32))
        for (x, y) in [(4, 4), (44, 4), (4, 28), (24, 16)] {
            let (a, b) = (seen[x, y], scene[x * 2, y * 2])
            #expect(abs(Int(a.red) - Int(b.red)) < 40)
            #expect(abs(Int(a.green) - Int(b.green)) < 40)
            #expect(abs(Int(a.blue) - Int(b.blue)) < 60)
        }
    }

    @Test func `a source cut off anywhere is an answer, not a picture half grey`() throws {
        for format in ImageFormat.allCases {
            let source = try Pictures.coded(Pictures.scene(40, 30), format)
            for cut in stride(from: 0, to: source.count - 24, by: max(1, source.count / 97)) {
                #expect(throws: ImageFailure.self) {
                    try Pictures.run(Array(source[..<cut]), "width=20")
                }
            }
        }
    }

    @Test func `a broken colour profile is passed over, and said`() throws {
        var file = try #require(Pictures.seed("turned.jpg"))
        #expect(try Pictures.run(file, "width=9").report.warnings == [])
        // The mark that every profile has (ICC.1 §7.2.9).
        let mark = Array("acsp".utf8)
        let place = try #require(
            file.indices.first { file[$0...].starts(with: mark) })
        file[place] = 0x58
        let result = try Pictures.run(file, "width=9")
        #expect(result.report.warnings == ["ICC profile ignored"])
        #expect(result.report.size == PixelSize(9, 14))
    }

    @Test func `one frame of a whole animation is decoded, of half of one none`() throws {
        let frames = try (0..<3).map { try Pictures.scene(24, 18, shift: $0) }
        let gif = try Pictures.animation(frames, milliseconds: [10, 20, 30], loop: 0)
        #expect(try Pictures.run(gif, "frame=1&format=png").report.size == PixelSize(24, 18))
        #expect(throws: ImageFailure.unparsable) {
            try Pictures.run(Array(gif[..<(gif.count * 2 / 3)]), "frame=1&format=png")
        }
    }

    @Test func `a missing end mark alone loses nothing`() throws {
        let jpeg = try Pictures.coded(Pictures.scene(80, 60), .jpeg)
        #expect(jpeg.suffix(2) == [0xFF, 0xD9])
        let result = try Pictures.run(Array(jpeg.dropLast(2)), "width=40")
        #expect(result.report.size == PixelSize(40, 30))
    }

    @Test func `a claim is judged before memory is taken for it`() throws {
        let huge = CodedPNG.word(30_000)
        let file = try CodedPNG.chunks([
            ("IHDR", huge + huge + [1, 0, 0, 0, 0]), ("IDAT", []), ("IEND", []),
        ])
        #expect(throws: ImageFailure.sourceTooLarge) { try Pictures.run(file, "width=10") }
        let source = try Pictures.coded(Pictures.scene(400, 300), .webp)
        var limits = ImageLimits()
        limits.memoryBytes = 400_000
        let query = ImageQuery(Array("width=10".utf8).span)
        #expect(throws: ImageFailure.overLimit) {
            try ImagePipeline.run(source.span, query.request, within: limits)
        }
    }

    @Test func `frames, their times and the loop survive`() throws {
        let frames = try (0..<4).map { try Pictures.scene(40, 30, shift: $0 * 4) }
        let times = [20, 70, 500, 40]
        let gif = try Pictures.animation(frames, milliseconds: times, loop: 3)
        for format in ["gif", "webp"] {
            let result = try Pictures.run(gif, "width=20&format=\(format)")
            #expect(result.report.size == PixelSize(20, 15))
            try unsafe result.bytes.withUnsafeBufferPointer { bytes in
                let source = unsafe SourceBytes(bytes)
                let header = try SourceHeader(source, within: ImageLimits())
                #expect(header.source.frames == 4)
                #expect(header.loop == 3)
                let reader = try FrameReader(source, header.source.format)
                for time in times { #expect(try unsafe reader.next().milliseconds == time) }
            }
        }
        let still = try Pictures.run(gif, "frame=1")
        #expect(try SourceCount.frames(still.bytes) == 1)
    }

    /// Pixels that go and come again, which takes clearing between frames.
    @Test func `a GIF's transparent frames look as they did`() throws {
        let frames = try (0..<3).map { step in
            try Pictures.make(12, 9) { x, _ in
                x / 4 == step ? ImageColour(200, 30, 10) : .transparent
            }
        }
        let gif = try Pictures.animation(frames, milliseconds: [10, 10, 10], loop: 0)
        let result = try Pictures.run(gif, "canvas=14,9,x0,y0")
        try unsafe result.bytes.withUnsafeBufferPointer { bytes in
            let reader = try FrameReader(unsafe SourceBytes(bytes), .gif)
            for frame in frames {
                let canvas = try unsafe reader.next().canvas
                for y in 0..<9 {
                    for x in 0..<12 {
                        #expect(unsafe canvas[(y * 14 + x) * 4 + 3] == frame[x, y].alpha)
                    }
                }
            }
        }
    }

    @Test func `coding anew never makes a picture larger`() throws {
        let jpeg = try Pictures.coded(Pictures.scene(200, 150), .jpeg, quality: 30)
        let result = try Pictures.run(jpeg, "quality=95")
        #expect(result.bytes.count <= jpeg.count)
        #expect(result.report.size == PixelSize(200, 150))
    }

    @Test(arguments: ["jpg", "webp", "avif"])
    func `less fidelity asked for is never more bytes`(_ format: String) throws {
        let source = try Pictures.coded(Pictures.scene(160, 120), .png)
        var last = Int.max
        for level in ["low", "medium", "high"] {
            let result = try Pictures.run(source, "optimize=\(level)&format=\(format)")
            #expect(result.bytes.count <= last)
            last = result.bytes.count
        }
    }

    @Test func `a small JPEG is baseline, a larger one progressive`() throws {
        let source = try Pictures.coded(Pictures.scene(64, 48), .png)
        func isProgressive(_ query: String, _ source: [UInt8]) throws -> Bool {
            let made = try Pictures.run(source, query).bytes
            var found = false
            unsafe made.withUnsafeBufferPointer { bytes in
                JPEGSegments.forEach(in: unsafe SourceBytes(bytes)) { marker, _ in
                    if marker == 0xC2 { found = true }
                    return true
                }
            }
            return found
        }
        #expect(try !isProgressive("format=jpg", source))
        #expect(try isProgressive("format=pjpg", source))
        var seed: UInt32 = 1
        let noise = try Pictures.coded(
            Pictures.make(160, 120) { _, _ in
                seed = seed &* 1_664_525 &+ 1_013_904_223
                return ImageColour(UInt8(seed >> 24), UInt8(seed >> 16 & 255), 9)
            }, .png)
        #expect(try isProgressive("format=jpg", noise))
        #expect(try !isProgressive("format=bjpg", noise))
    }

    @Test func `a smart crop goes where something is to be seen`() throws {
        let scene = try Pictures.make(300, 100) { x, y in
            let isBusy = x > 210 && x < 290 && (x / 4 + y / 4) % 2 == 0
            return isBusy ? ImageColour(220, 40, 30) : ImageColour(240, 240, 240)
        }
        let source = try Pictures.coded(scene, .png)
        let result = try Pictures.run(source, "crop=1:1,smart")
        let seen = try Pictures.decoded(result.bytes)
        #expect(seen.size == PixelSize(100, 100))
        var red = 0
        for x in 0..<100 { red += seen[x, 50].green < 100 ? 1 : 0 }
        #expect(red > 30)
    }
}

enum SourceCount {
    static func frames(_ bytes: [UInt8]) throws -> Int {
        try unsafe bytes.withUnsafeBufferPointer { bytes in
            try SourceHeader(unsafe SourceBytes(bytes), within: ImageLimits()).source.frames
        }
    }
}
