internal import CPorticoCodecs

/// The frames of a GIF or WebP file, each as the whole canvas looks then.
@safe final class FrameReader {
    @safe private enum Handle {
        case gif(OpaquePointer)
        case webp(OpaquePointer)
    }

    private let handle: Handle

    init(_ bytes: SourceBytes, _ format: ImageFormat) throws(ImageFailure) {
        var status: Int32 = 0
        // SAFETY: the source's bytes outlive the reader, by SourceBytes' promise.
        let opened =
            format == .gif
            ? unsafe px_gif_open(bytes.base, bytes.count, &status)
            : unsafe px_webp_open(bytes.base, bytes.count, &status)
        guard let opened = unsafe opened else { throw ImageFailure(status: status) ?? .unparsable }
        unsafe handle = format == .gif ? .gif(opened) : .webp(opened)
    }

    deinit {
        switch handle {
        case .gif(let reader): unsafe px_gif_close(reader)
        case .webp(let reader): unsafe px_webp_close(reader)
        }
    }

    /// The next frame's canvas, which stays as it is until the one after it, and how long it is
    /// shown.
    func next() throws(ImageFailure) -> (canvas: UnsafePointer<UInt8>, milliseconds: Int) {
        var canvas: UnsafePointer<UInt8>?
        var milliseconds: UInt32 = 0
        let status =
            switch handle {
            case .gif(let reader): unsafe px_gif_next(reader, &canvas, &milliseconds)
            case .webp(let reader): unsafe px_webp_next(reader, &canvas, &milliseconds)
            }
        try ImageFailure.check(status)
        guard let canvas = unsafe canvas else { throw .unparsable }
        return unsafe (canvas, Int(milliseconds))
    }
}
