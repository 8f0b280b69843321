internal import CPorticoCodecs

/// Writes a GIF, one frame or many, each with a palette of its own.
///
/// Of a frame, only the rectangle that differs from the one before is written. Where a pixel
/// becomes transparent again, the canvas has to be cleared first; so a frame is held back until the
/// next one is known.
@safe final class GIFWriter {
    private let handle: OpaquePointer
    private let size: PixelSize
    private let budget: MemoryBudget
    private var pending: (picture: Bitmap, milliseconds: Int)?
    /// What the canvas shows before the pending frame is drawn; nil: nothing, it is clear.
    private var shown: Bitmap?
    private var isFinished = false

    /// `loop`: how often it is shown, 0 for ever; below 0: not said.
    init(_ size: PixelSize, loop: Int, within budget: MemoryBudget) throws(ImageFailure) {
        var status: Int32 = 0
        let made = unsafe px_gif_create(
            UInt32(size.width), UInt32(size.height), Int32(clamping: loop), &status)
        guard let made = unsafe made else { throw .overLimit }
        unsafe handle = made
        self.size = size
        self.budget = budget
    }

    deinit { if !isFinished { unsafe px_gif_discard(handle) } }

    func append(_ picture: Bitmap, milliseconds: Int) throws(ImageFailure) {
        let next = picture
        if let pending {
            let clears = pending.picture.becomesClear(in: next)
            try write(pending.picture, pending.milliseconds, clears: clears)
            shown = clears ? nil : pending.picture
        }
        pending = (next, milliseconds)
    }

    func finish() throws(ImageFailure) -> [UInt8] {
        if let pending { try write(pending.picture, pending.milliseconds, clears: false) }
        isFinished = true
        let handle = unsafe handle
        return unsafe try CodedBytes.from { made in unsafe px_gif_finish(handle, &made) }
    }

    /// `clears`: the canvas is cleared when the frame's time is over; then the whole of it is
    /// written, so that all of it is.
    private func write(
        _ picture: Bitmap, _ milliseconds: Int, clears: Bool
    ) throws(ImageFailure) {
        var part = PixelRectangle(0, 0, size.width, size.height)
        if let shown, !clears { part = picture.difference(from: shown) }
        var frame = picture
        if part.size != picture.size {
            frame = try Bitmap(part.width, part.height, isOpaque: picture.isOpaque, within: budget)
            unsafe frame.copy(picture.row(part.y, from: part.x), stride: picture.stride)
        }
        try frame.cutAlpha()
        var palette: Palette
        if let exact = Palette(exactlyOf: frame) {
            palette = exact
        } else {
            palette = try Palette(of: frame, most: shown == nil ? 256 : 255, cut: true)
        }
        if let shown, !clears, let clear = palette.addClear() {
            let width = part.width
            palette.clearPixels(
                where: { pixel in
                    let (x, y) = (part.x + pixel % width, part.y + pixel / width)
                    return shown[x, y] == picture[x, y]
                }, as: clear)
        }
        try ImageFailure.check(
            unsafe px_gif_add(
                handle, palette.indexes, UInt32(part.x), UInt32(part.y), UInt32(part.width),
                UInt32(part.height), palette.colours, Int32(palette.count),
                Int32(palette.clear ?? -1), clears ? 2 : 1, UInt32(clamping: milliseconds)))
    }
}

extension Bitmap {
    /// Whether some pixel that is seen here is not in `next`.
    fileprivate func becomesClear(in next: Bitmap) -> Bool {
        if next.isOpaque { return false }
        for y in 0..<height {
            let mine = unsafe row(y)
            let theirs = unsafe next.row(y)
            for x in 0..<width where unsafe mine[x * 4 + 3] >= 128 && theirs[x * 4 + 3] < 128 {
                return true
            }
        }
        return false
    }

    /// The smallest rectangle outside of which both are the same; a pixel when they are equal.
    fileprivate func difference(from other: Bitmap) -> PixelRectangle {
        var (left, right, top, bottom) = (width, 0, height, 0)
        for y in 0..<height {
            let mine = unsafe row(y)
            let theirs = unsafe other.row(y)
            for x in 0..<width {
                let at = x * 4
                let isSame =
                    unsafe mine[at] == theirs[at] && mine[at + 1] == theirs[at + 1]
                    && mine[at + 2] == theirs[at + 2] && mine[at + 3] == theirs[at + 3]
                if isSame { continue }
                left = min(left, x)
                right = max(right, x + 1)
                top = min(top, y)
                bottom = y + 1
            }
        }
        return left < right
            ? PixelRectangle(left, top, right - left, bottom - top) : PixelRectangle(0, 0, 1, 1)
    }

    /// Alpha becomes all or nothing, as GIF has it.
    fileprivate func cutAlpha() throws(ImageFailure) {
        if isOpaque { return }
        for y in 0..<height {
            let line = unsafe row(y)
            for x in 0..<width { unsafe line[x * 4 + 3] = line[x * 4 + 3] < 128 ? 0 : 255 }
        }
    }
}
