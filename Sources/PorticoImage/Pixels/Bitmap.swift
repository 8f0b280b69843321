internal import CPorticoCodecs
internal import Glibc

/// A picture in memory: four bytes a pixel (red, green, blue, alpha, not premultiplied), rows
/// packed, the top one first.
@safe final class Bitmap {
    let width: Int
    let height: Int
    /// That no pixel is translucent; false says only that one may be.
    var isOpaque: Bool
    let pixels: UnsafeMutablePointer<UInt8>
    private let budget: MemoryBudget

    /// Its pixels are transparent black.
    init(
        _ width: Int, _ height: Int, isOpaque: Bool, within budget: MemoryBudget
    ) throws(ImageFailure) {
        precondition(width > 0 && height > 0)
        try budget.reserve(width * height * 4)
        self.width = width
        self.height = height
        self.isOpaque = isOpaque
        self.budget = budget
        // Zeroed pages cost nothing until they are touched.
        guard let memory = unsafe calloc(width * height, 4) else {
            budget.release(width * height * 4)
            throw .overLimit
        }
        unsafe pixels = memory.assumingMemoryBound(to: UInt8.self)
    }

    deinit {
        unsafe free(pixels)
        budget.release(byteCount)
    }

    var stride: Int { width * 4 }
    var byteCount: Int { width * height * 4 }
    var size: PixelSize { PixelSize(width, height) }

    /// The first byte of a row, or of a pixel in it.
    func row(_ y: Int, from x: Int = 0) -> UnsafeMutablePointer<UInt8> {
        precondition(y >= 0 && y < height && x >= 0 && x <= width)
        // SAFETY: within the picture, as just checked.
        return unsafe pixels + (y * stride + x * 4)
    }

    subscript(x: Int, y: Int) -> ImageColour {
        let pixel = unsafe row(y, from: x)
        precondition(x < width)
        return unsafe ImageColour(pixel[0], pixel[1], pixel[2], pixel[3])
    }

    /// Copies a picture of the same size.
    func copy(_ other: UnsafePointer<UInt8>, stride otherStride: Int) {
        for y in 0..<height {
            // SAFETY: the caller's rows are at least as long as ours.
            unsafe row(y).update(from: other + y * otherStride, count: stride)
        }
    }

    /// Looks whether it is opaque after all.
    func settleOpacity() {
        if isOpaque { return }
        isOpaque = unsafe px_is_opaque(pixels, stride, UInt32(width), UInt32(height))
    }

    /// Composites over one colour.
    func flatten(over colour: ImageColour) {
        if isOpaque { return }
        let channels = [colour.red, colour.green, colour.blue, colour.alpha]
        unsafe px_flatten(pixels, stride, UInt32(width), UInt32(height), channels)
        if colour.alpha == 255 { isOpaque = true }
    }

    /// Turned as an orientation says.
    func turned(_ orientation: Orientation, within budget: MemoryBudget) throws(ImageFailure)
        -> Bitmap
    {
        if orientation == .upright { return self }
        let size = orientation.size(width, height)
        let turned = try Bitmap(size.width, size.height, isOpaque: isOpaque, within: budget)
        unsafe px_orient(
            pixels, stride, UInt32(width), UInt32(height), Int32(orientation.rawValue),
            turned.pixels)
        return turned
    }

    /// On a sheet of one colour; what goes beyond it is clipped.
    func laid(on sheet: ImageSheet, within budget: MemoryBudget) throws(ImageFailure) -> Bitmap {
        let paper = sheet.colour
        let made = try Bitmap(
            sheet.size.width, sheet.size.height, isOpaque: isOpaque && paper.alpha == 255,
            within: budget)
        unsafe made.pixels.withMemoryRebound(to: UInt32.self, capacity: made.width * made.height) {
            let colour =
                UInt32(paper.red) | UInt32(paper.green) << 8 | UInt32(paper.blue) << 16
                | UInt32(paper.alpha) << 24
            unsafe $0.update(repeating: colour.littleEndian, count: made.width * made.height)
        }
        let left = max(0, sheet.x)
        let right = min(made.width, sheet.x + width)
        guard left < right else { return made }
        for y in max(0, sheet.y)..<max(0, sheet.y, min(made.height, sheet.y + height)) {
            // SAFETY: both rows hold as many pixels, by the clipping above.
            unsafe made.row(y, from: left).update(
                from: row(y - sheet.y, from: left - sheet.x), count: (right - left) * 4)
        }
        return made
    }
}
