internal import CPorticoVectorscan
internal import PorticoBytes

/// The prefilter: one scan that says which of many groups of literals occur, ASCII case ignored.
///
/// A group stands for a pattern or phrase list that cannot match where none of its literals occurs
/// (`RequiredLiterals`). Shared between threads.
@safe package final class LiteralFilter: Sendable {
    package let groupCount: Int
    // SAFETY: Vectorscan only reads a compiled database. Nil: there is no literal.
    nonisolated(unsafe) private let handle: OpaquePointer?

    /// Group *i* are the literals that stand at *i*. A group without literals is never found; an
    /// empty literal may not be among them.
    package init(groups: [[[UInt8]]]) throws(LiteralSet.Fault) {
        groupCount = groups.count
        var literals: [(bytes: [UInt8], id: UInt32)] = []
        for (index, group) in groups.enumerated() {
            for literal in group where !literal.isEmpty {
                literals.append((literal, UInt32(index)))
            }
        }
        unsafe handle = try LiteralCompiler.compile(literals, caseless: true, once: true)
    }

    deinit { if let handle = unsafe handle { unsafe portico_literals_free(handle) } }

    /// Bytes of memory that the compiled set takes.
    package var size: Int {
        guard let handle = unsafe handle else { return 0 }
        return unsafe portico_literals_size(handle)
    }

    /// Words of 64 bits that `scan` needs.
    package var wordCount: Int { (groupCount + 63) / 64 }

    /// Sets bit *i* (of word *i* / 64) for each group of which a literal occurs, and leaves the
    /// others as they were. `bits` holds at least `wordCount` words.
    package func scan(
        _ value: Span<UInt8>, into bits: inout MutableSpan<UInt64>, scratch: inout LiteralScratch
    ) {
        precondition(bits.count >= wordCount)
        guard let handle = unsafe handle else { return }
        // SAFETY: both are used within the call; ids are below `groupCount`.
        let done = unsafe value.withUnsafeBufferPointer { bytes in
            unsafe bits.withUnsafeMutableBufferPointer { bits in
                unsafe portico_literals_scan(
                    handle, scratch.handle, bytes.baseAddress, bytes.count, bits.baseAddress!)
            }
        }
        // No memory to look with: anything may be there.
        if !done { for index in 0..<wordCount { bits[index] = .max } }
    }
}
