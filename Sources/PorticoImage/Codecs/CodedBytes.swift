internal import CPorticoCodecs

/// What an encoder of the shim has made, taken over as an array.
enum CodedBytes {
    static func take(_ made: inout px_bytes) -> [UInt8] {
        let bytes = unsafe Array(UnsafeBufferPointer(start: made.bytes, count: made.length))
        unsafe px_bytes_free(&made)
        return bytes
    }

    /// Runs an encoder and takes what it made.
    static func from(_ encode: (inout px_bytes) -> Int32) throws(ImageFailure) -> [UInt8] {
        var made = unsafe px_bytes()
        let status = unsafe encode(&made)
        guard status == Int32(PX_IMAGE_OK) else {
            unsafe px_bytes_free(&made)
            // An encoder is given nothing that it could find wrong: what fails is memory.
            throw .overLimit
        }
        return unsafe take(&made)
    }
}
