internal import CPorticoLibinjection
internal import PorticoBytes

/// libinjection's verdicts, `@detectSQLi` and `@detectXSS`.
enum Injection {
    /// What has it in Debian.
    static let package = "libmodsecurity3"

    /// Opens the library when first asked.
    static var isAvailable: Bool { portico_libinjection_open() }

    /// Group 0 becomes the fingerprint. Only where `isAvailable`.
    static func isSQL(_ value: Span<UInt8>, captures: inout OperatorCaptures) -> Bool {
        var fingerprint: (UInt64) = 0
        // SAFETY: the library reads the bytes within the call, and writes at most seven and a zero.
        let found = unsafe withUnsafeMutableBytes(of: &fingerprint) { text in
            unsafe value.withUnsafeBufferPointer { bytes in
                unsafe portico_libinjection_sqli(
                    bytes.baseAddress, bytes.count,
                    text.assumingMemoryBound(to: CChar.self).baseAddress!)
            }
        }
        if found, captures.wanted {
            captures.text.removeAll(keepingCapacity: true)
            var rest = UInt64(littleEndian: fingerprint)
            while rest & 0xFF != 0 {
                captures.text.append(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
            (captures.count, captures.source) = (1, .text)
        }
        return found
    }

    /// Group 0 becomes the value. Only where `isAvailable`.
    static func isScript(_ value: Span<UInt8>, captures: inout OperatorCaptures) -> Bool {
        // SAFETY: the library reads the bytes within the call.
        let found = unsafe value.withUnsafeBufferPointer { bytes in
            unsafe portico_libinjection_xss(bytes.baseAddress, bytes.count)
        }
        if found { captures.captureWhole() }
        return found
    }
}
