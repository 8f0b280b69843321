import Glibc
import PorticoBytes

@testable import PorticoImage

/// Pictures that tests make, and the ones that lie beside the repository.
enum Pictures {
    static func budget() -> MemoryBudget { MemoryBudget(bytes: 1 << 30) }

    /// A picture by its pixels.
    static func make(
        _ width: Int, _ height: Int, _ pixel: (Int, Int) -> ImageColour
    ) throws -> Bitmap {
        let bitmap = try Bitmap(width, height, isOpaque: false, within: budget())
        for y in 0..<height {
            for x in 0..<width {
                let colour = pixel(x, y)
                let place = unsafe bitmap.row(y, from: x)
                unsafe place[0] = colour.red
                unsafe place[1] = colour.green
                unsafe place[2] = colour.blue
                unsafe place[3] = colour.alpha
            }
        }
        bitmap.settleOpacity()
        return bitmap
    }

    /// Smooth, in all channels, with a disc on it: compresses as a photograph does.
    static func scene(_ width: Int, _ height: Int, shift: Int = 0) throws -> Bitmap {
        try make(width, height) { x, y in
            let isInside =
                (x - width / 2 - shift) * (x - width / 2 - shift)
                + (y - height / 2) * (y - height / 2) < width * height / 16
            return ImageColour(
                UInt8(x * 255 / max(1, width - 1)), UInt8(y * 255 / max(1, height - 1)),
                isInside ? 230 : 40)
        }
    }

    /// A picture with no metadata in one of the formats, by the pipeline's own encoder.
    static func coded(_ bitmap: Bitmap, _ output: ImageOutput) throws -> [UInt8] {
        // Any source will do for a job that only codes.
        let source = try CodedPNG.dot()
        return try unsafe source.withUnsafeBufferPointer { bytes in
            try unsafe ImageJob(SourceBytes(bytes), ImageRequest(), ImageLimits())
                .encodePlain(bitmap, output)
        }
    }

    static func coded(_ bitmap: Bitmap, _ format: ImageFormat, quality: Int = 90) throws -> [UInt8]
    {
        var output = ImageOutput(format: format)
        output.quality = quality
        output.isLossless = format == .webp
        return try coded(bitmap, output)
    }

    /// Some frames, as an animated GIF.
    static func animation(
        _ frames: [Bitmap], milliseconds: [Int], loop: Int
    ) throws -> [UInt8] {
        let writer = try GIFWriter(frames[0].size, loop: loop, within: budget())
        for (frame, time) in zip(frames, milliseconds) {
            try writer.append(frame, milliseconds: time)
        }
        return try writer.finish()
    }

    static func run(_ source: [UInt8], _ query: String) throws(ImageFailure) -> ImageResult {
        let query = ImageQuery(Array(query.utf8).span)
        return try ImagePipeline.run(source.span, query.request, within: ImageLimits())
    }

    /// What a result looks like.
    static func decoded(_ source: [UInt8]) throws -> Bitmap {
        try unsafe source.withUnsafeBufferPointer { bytes in
            try unsafe ImageJob(SourceBytes(bytes), ImageRequest(), ImageLimits()).decodeWhole()
        }
    }

    // MARK: - Beside the repository

    /// Nil where the folder is absent.
    static func shared(_ name: String) -> [UInt8]? {
        read("../shared/images/\(name)")
    }

    /// A seed of the fuzzer: small, with all that such a file may hold.
    static func seed(_ name: String) -> [UInt8]? { read("Tests/Fuzz/corpus/picture/\(name)") }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        unsafe fseek(file, 0, SEEK_END)
        let length = unsafe ftell(file)
        unsafe rewind(file)
        guard length > 0 else { return [] }
        return unsafe Array(unsafeUninitializedCapacity: length) { room, count in
            count = unsafe fread(room.baseAddress!, 1, length, file)
        }
    }

    static let hasShared = shared("manifest.json") != nil
}

/// One opaque pixel, written by hand but for its checksums.
enum CodedPNG {
    static func dot() throws -> [UInt8] {
        try chunks([
            ("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]),
            // Stored, not deflated: no filter, then the pixel; with its Adler sum.
            ("IDAT", [0x78, 1, 1, 4, 0, 0xFB, 0xFF, 0, 10, 20, 30, 0, 0x7C, 0, 0x3D]),
            ("IEND", []),
        ])
    }

    static func chunks(_ parts: [(String, [UInt8])]) throws -> [UInt8] {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        for (name, body) in parts {
            let covered = Array(name.utf8) + body
            file += word(body.count) + covered + word(Int(crc(covered)))
        }
        return file
    }

    static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// By the definition, as a second opinion.
    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return ~sum
    }
}
