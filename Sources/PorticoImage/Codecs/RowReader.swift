internal import CPorticoCodecs

/// A decoder that hands out a picture's rows from the top, or a picture that is there already.
@safe enum RowReader {
    case jpeg(JPEGReader)
    case png(PNGReader)
    /// The first byte of the row that comes next, and how far the one behind it is.
    case canvas(UnsafePointer<UInt8>, stride: Int)

    /// Puts the next row, of `width` pixels, where `room` points to.
    mutating func next(into room: UnsafeMutablePointer<UInt8>, width: Int) throws(ImageFailure) {
        switch self {
        case .jpeg(let reader): unsafe try reader.read(into: room)
        case .png(let reader): unsafe try reader.read(into: room)
        case .canvas(let row, let stride):
            // SAFETY: the canvas outlives the reader, and has as many rows as are asked for.
            unsafe room.update(from: row, count: width * 4)
            unsafe self = .canvas(row + stride, stride: stride)
        }
    }

    /// Whether the picture was whole, known when its last row was read.
    func finish() throws(ImageFailure) {
        if case .jpeg(let reader) = self { try reader.finish() }
    }
}

/// A JPEG file opened by libjpeg-turbo.
@safe final class JPEGReader {
    let info: px_jpeg_info
    private let handle: OpaquePointer

    init(_ bytes: SourceBytes) throws(ImageFailure) {
        var info = px_jpeg_info()
        var status: Int32 = 0
        // SAFETY: the source's bytes outlive the reader, by SourceBytes' promise.
        let opened = unsafe px_jpeg_open(bytes.base, bytes.count, &info, &status)
        guard let opened = unsafe opened else { throw ImageFailure(status: status) ?? .unparsable }
        unsafe handle = opened
        self.info = info
    }

    deinit { unsafe px_jpeg_close(handle) }

    /// Begins at `eighths`/8 of the size; answers the size of what comes.
    func start(eighths: Int, within limits: ImageLimits) throws(ImageFailure) -> PixelSize {
        var width: UInt32 = 0
        var height: UInt32 = 0
        try ImageFailure.check(
            unsafe px_jpeg_start(
                handle, Int32(eighths), Int32(clamping: limits.jpegScans), &width, &height))
        return PixelSize(Int(width), Int(height))
    }

    func read(into row: UnsafeMutablePointer<UInt8>) throws(ImageFailure) {
        try ImageFailure.check(unsafe px_jpeg_read(handle, row, 0, 1))
    }

    func finish() throws(ImageFailure) {
        try ImageFailure.check(unsafe px_jpeg_finish(handle))
    }
}

/// A PNG file opened by libpng.
@safe final class PNGReader {
    let size: PixelSize
    let isInterlaced: Bool
    private let handle: OpaquePointer

    init(_ bytes: SourceBytes) throws(ImageFailure) {
        var width: UInt32 = 0
        var height: UInt32 = 0
        var hasAlpha = false
        var isInterlaced = false
        var status: Int32 = 0
        // SAFETY: the source's bytes outlive the reader, by SourceBytes' promise.
        let opened = unsafe px_png_open(
            bytes.base, bytes.count, &width, &height, &hasAlpha, &isInterlaced, &status)
        guard let opened = unsafe opened else { throw ImageFailure(status: status) ?? .unparsable }
        unsafe handle = opened
        size = PixelSize(Int(width), Int(height))
        self.isInterlaced = isInterlaced
    }

    deinit { unsafe px_png_close(handle) }

    func read(into row: UnsafeMutablePointer<UInt8>) throws(ImageFailure) {
        try ImageFailure.check(unsafe px_png_read(handle, row))
    }

    func readAll(into bitmap: Bitmap) throws(ImageFailure) {
        guard bitmap.size == size else { throw .unparsable }
        try ImageFailure.check(
            unsafe px_png_read_all(handle, bitmap.pixels, bitmap.stride, UInt32(bitmap.height)))
    }
}
