internal import CPorticoCodecs
internal import PorticoBytes

/// Undoes the coding that an origin has put around a picture.
enum Inflation {
    static func inflate(
        _ bytes: Span<UInt8>, upTo most: Int
    ) throws(ImageFailure) -> [UInt8] {
        var made = unsafe px_bytes()
        // SAFETY: the call reads the bytes and keeps none of them.
        let status = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe px_inflate(bytes.baseAddress, bytes.count, most, &made)
        }
        switch status {
        case Int32(PX_IMAGE_OK): return unsafe CodedBytes.take(&made)
        case Int32(PX_IMAGE_TOO_LARGE): throw .sourceTooLarge
        case Int32(PX_IMAGE_NO_MEMORY): throw .overLimit
        default: throw .unparsable
        }
    }
}
