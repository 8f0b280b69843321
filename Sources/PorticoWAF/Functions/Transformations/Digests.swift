internal import CPorticoDigests
internal import PorticoBytes

/// What stands for a value: `t:length`, `t:md5`, `t:sha1`.
enum Digests {
    /// In decimal.
    static func length(of input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        if input.count == 1, input[0] == 0x31 { return false }
        output.removeAll(keepingCapacity: true)
        output.append(decimal: input.count)
        return true
    }

    static func md5(of input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        unsafe digest(input, count: 16, into: &output) { unsafe portico_digest_md5($0, $1, $2) }
    }

    static func sha1(of input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        unsafe digest(input, count: 20, into: &output) { unsafe portico_digest_sha1($0, $1, $2) }
    }

    private static func digest(
        _ input: Span<UInt8>, count: Int, into output: inout [UInt8],
        _ compute: (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>) -> Int
    ) -> Bool {
        output.removeAll(keepingCapacity: true)
        for _ in 0..<count { output.append(0) }
        // SAFETY: the bytes are read, and `count` written, within the call.
        let written = unsafe output.withUnsafeMutableBufferPointer { digest in
            unsafe input.withUnsafeBufferPointer { bytes in
                unsafe compute(bytes.baseAddress, bytes.count, digest.baseAddress!)
            }
        }
        // None where OpenSSL is bound to newer digests only: empty rather than invented.
        output.removeLast(count - min(written, count))
        return true
    }
}
