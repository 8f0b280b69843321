internal import CPorticoPCRE2
internal import PorticoBytes

/// A compiled regular expression of `@rx`: bytes (never UTF), unanchored, `.` matching every byte,
/// `^` and `$` at every line.
///
/// Shared between threads; each brings its own `PatternCaptures`. Who compiles the same text twice
/// should keep the first.
@safe package final class Pattern: Sendable {
    /// As it was written.
    package let source: [UInt8]
    /// Capturing groups, the whole match not counted.
    package let groupCount: Int
    /// Bytes; a value that is shorter cannot match.
    package let shortest: Int

    // SAFETY: PCRE2 only reads compiled code.
    nonisolated(unsafe) let handle: OpaquePointer

    package init(_ source: Span<UInt8>) throws(PatternFault) {
        var code: Int32 = 0
        var offset = 0
        // SAFETY: the shim copies what it needs before it returns.
        let made = unsafe source.withUnsafeBufferPointer { bytes in
            unsafe portico_pattern_compile(bytes.baseAddress, bytes.count, &code, &offset)
        }
        guard let made = unsafe made else {
            throw PatternFault(message: Self.message(for: code), offset: offset)
        }
        unsafe handle = made
        self.source = source.array
        groupCount = unsafe portico_pattern_groups(made)
        shortest = unsafe portico_pattern_shortest(made)
    }

    package convenience init(_ source: String) throws(PatternFault) {
        try self.init(Array(source.utf8).span)
    }

    deinit { unsafe portico_pattern_free(handle) }

    /// Whether it is run as machine code.
    package var isFast: Bool { unsafe portico_pattern_is_fast(handle) }

    /// The first match; on `.matched`, `captures` holds its groups, else none.
    package func firstMatch(
        in value: Span<UInt8>, captures: inout PatternCaptures
    ) -> PatternOutcome {
        captures.run(self, over: value)
    }

    private static func message(for code: Int32) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            // SAFETY: the shim ends the text with a zero, within the capacity.
            unsafe portico_pattern_text(code, text.baseAddress!, text.count)
            return unsafe String(cString: text.baseAddress!)
        }
    }
}
