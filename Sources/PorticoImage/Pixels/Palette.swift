internal import CPorticoCodecs

/// At most 256 colours, and for each pixel which of them it has.
struct Palette {
    /// Four bytes each.
    private(set) var colours: [UInt8]
    private(set) var indexes: [UInt8]
    private(set) var count: Int

    /// The colours that a picture has; nil when there are more than 256.
    init?(exactlyOf picture: Bitmap) {
        self.init(count: picture.width * picture.height)
        count = Int(
            unsafe px_palette_exact(
                picture.pixels, picture.stride, UInt32(picture.width), UInt32(picture.height),
                &colours, &indexes))
        if count == 0 { return nil }
    }

    /// At most `most` colours that stand for all. `cut`: alpha is all or nothing.
    init(of picture: Bitmap, most: Int, cut: Bool) throws(ImageFailure) {
        self.init(count: picture.width * picture.height)
        count = Int(
            unsafe px_palette_made(
                picture.pixels, picture.stride, UInt32(picture.width), UInt32(picture.height),
                Int32(most), cut, &colours, &indexes))
        if count == 0 { throw .overLimit }
    }

    private init(count pixels: Int) {
        colours = [UInt8](repeating: 0, count: 1024)
        indexes = [UInt8](repeating: 0, count: pixels)
        count = 0
    }

    /// The colour that is not seen; nil: all are.
    var clear: Int? { (0..<count).first { colours[$0 * 4 + 3] == 0 } }

    /// Adds the colour that is not seen, if there is room or it is there already.
    mutating func addClear() -> Int? {
        if let clear { return clear }
        guard count < 256 else { return nil }
        for channel in 0..<4 { colours[count * 4 + channel] = 0 }
        count += 1
        return count - 1
    }

    /// Makes the pixels clear for which `same` says so.
    mutating func clearPixels(where same: (Int) -> Bool, as index: Int) {
        for pixel in indexes.indices where same(pixel) { indexes[pixel] = UInt8(index) }
    }
}
