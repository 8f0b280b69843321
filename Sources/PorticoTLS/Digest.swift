internal import CPorticoOpenSSL

/// Digests of short byte strings: tokens, keys, names.
package enum Digest {
    /// 32 bytes.
    package static func sha256(_ bytes: Span<UInt8>) -> [UInt8] {
        unsafe collect { digest in
            // SAFETY: the shim reads `count` bytes and writes 32 before it returns.
            unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe portico_sha256(bytes.baseAddress, bytes.count, digest)
            }
        }
    }

    /// 32 bytes (RFC 2104).
    package static func hmacSHA256(key: Span<UInt8>, _ bytes: Span<UInt8>) -> [UInt8] {
        unsafe collect { digest in
            // SAFETY: as above, for both spans.
            unsafe key.withUnsafeBufferPointer { key in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe portico_hmac_sha256(
                        key.baseAddress, key.count, bytes.baseAddress, bytes.count, digest)
                }
            }
        }
    }

    /// 20 bytes (RFC 2104). For tokens that others make so; for nothing of our own.
    package static func hmacSHA1(key: Span<UInt8>, _ bytes: Span<UInt8>) -> [UInt8] {
        unsafe collect(20) { digest in
            // SAFETY: as above; the shim writes 20.
            unsafe key.withUnsafeBufferPointer { key in
                unsafe bytes.withUnsafeBufferPointer { bytes in
                    unsafe portico_hmac_sha1(
                        key.baseAddress, key.count, bytes.baseAddress, bytes.count, digest)
                }
            }
        }
    }

    /// In lower-case hexadecimal digits.
    package static func hex(_ bytes: Span<UInt8>) -> String {
        unsafe String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            for index in bytes.indices {
                let (high, low) = (bytes[index] >> 4, bytes[index] & 15)
                // SAFETY: the capacity is two bytes for each one.
                unsafe text[2 * index] = high < 10 ? high + 0x30 : high + 0x57
                unsafe text[2 * index + 1] = low < 10 ? low + 0x30 : low + 0x57
            }
            return 2 * bytes.count
        }
    }

    /// Whether both are the same, in a time that depends on their lengths only.
    package static func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        if left.count != right.count { return false }
        if left.isEmpty { return true }
        // SAFETY: both are `count` bytes long and not empty, so that both addresses exist.
        return unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe portico_equal(left.baseAddress!, right.baseAddress!, left.count)
            }
        }
    }

    // SAFETY: `fill` writes so many bytes.
    private static func collect(
        _ size: Int = 32, _ fill: (UnsafeMutablePointer<UInt8>) -> Void
    ) -> [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: size) { digest, count in
            unsafe fill(digest.baseAddress!)
            count = size
        }
    }
}

/// Bytes that nobody can guess.
package enum SecureRandom {
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        fill(&span)
        return bytes
    }

    package static func fill(_ bytes: inout MutableSpan<UInt8>) {
        if bytes.isEmpty { return }
        // SAFETY: the shim writes `count` bytes before it returns.
        let made = unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe portico_random(bytes.baseAddress!, bytes.count)
        }
        // Without randomness no key and no token may be made; there is nothing to fall back to.
        precondition(made, "the random generator failed")
    }
}
