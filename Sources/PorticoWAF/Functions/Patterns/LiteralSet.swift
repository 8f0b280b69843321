internal import CPorticoVectorscan
internal import PorticoBytes

/// Literals that are looked for all at once.
///
/// Shared between threads; each brings its own `LiteralScratch`.
@safe package final class LiteralSet: Sendable {
    package struct Fault: Error, Equatable, Sendable {
        /// Vectorscan's sentence.
        package let message: String
    }

    /// An occurrence.
    package struct Match: Equatable, Sendable {
        /// Index among the literals that the set was made of.
        package let literal: Int
        /// Into the value, in bytes.
        package let range: Range<Int>
    }

    /// As given; empty ones are never found.
    package let literals: [[UInt8]]
    /// Vectorscan's ids are ranks by length, the longest first; this is what they stand for.
    private let ranked: [Int]
    // SAFETY: Vectorscan only reads a compiled database. Nil: there is no literal.
    nonisolated(unsafe) private let handle: OpaquePointer?

    package init(_ literals: [[UInt8]], caseless: Bool) throws(Fault) {
        self.literals = literals
        let ranked = literals.indices.filter { !literals[$0].isEmpty }
            .sorted { (-literals[$0].count, $0) < (-literals[$1].count, $1) }
        self.ranked = ranked
        unsafe handle = try LiteralCompiler.compile(
            ranked.enumerated().map { (literals[$0.element], UInt32($0.offset)) },
            caseless: caseless, once: false)
    }

    deinit { if let handle = unsafe handle { unsafe portico_literals_free(handle) } }

    /// Whether any of them occurs.
    package func occurs(in value: Span<UInt8>, scratch: inout LiteralScratch) -> Bool {
        guard let handle = unsafe handle else { return false }
        // SAFETY: the bytes are read within the call.
        let answer = unsafe value.withUnsafeBufferPointer { bytes in
            unsafe portico_literals_occur(handle, scratch.handle, bytes.baseAddress, bytes.count)
        }
        // No memory to look with: not to be taken for a no.
        return answer != 0
    }

    /// The occurrence that ends first; of several that end there, the longest.
    package func firstMatch(in value: Span<UInt8>, scratch: inout LiteralScratch) -> Match? {
        guard let handle = unsafe handle else { return nil }
        var id: UInt32 = 0
        var end = 0
        // SAFETY: the bytes are read within the call.
        let answer = unsafe value.withUnsafeBufferPointer { bytes in
            unsafe portico_literals_first(
                handle, scratch.handle, bytes.baseAddress, bytes.count, &id, &end)
        }
        guard answer == 1 else { return nil }
        let literal = ranked[Int(id)]
        return Match(literal: literal, range: (end - literals[literal].count)..<end)
    }
}

/// What one thread needs to look for literals. Made once and used for any number of sets.
@safe package struct LiteralScratch: ~Copyable {
    fileprivate(set) var handle: OpaquePointer

    package init() {
        guard let made = unsafe portico_scratch_make() else { fatalError("out of memory") }
        unsafe handle = made
    }

    deinit { unsafe portico_scratch_free(handle) }
}

enum LiteralCompiler {
    /// Nil without literals; none may be empty.
    static func compile(
        _ literals: [(bytes: [UInt8], id: UInt32)], caseless: Bool, once: Bool
    ) throws(LiteralSet.Fault) -> OpaquePointer? {
        if literals.isEmpty { return nil }
        var bytes: [UInt8] = []
        var places: [portico_literal] = []
        for (literal, id) in literals {
            places.append(portico_literal(offset: bytes.count, count: literal.count, id: id))
            bytes.append(contentsOf: literal)
        }
        var message = ""
        let made = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            // SAFETY: the shim copies what it needs, and ends the text within the capacity.
            let made = unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe places.withUnsafeBufferPointer { places in
                    unsafe portico_literals_compile(
                        bytes.baseAddress!, places.baseAddress!, places.count, caseless, once,
                        text.baseAddress!, text.count)
                }
            }
            unsafe message = String(cString: text.baseAddress!)
            return unsafe made
        }
        if unsafe made == nil { throw LiteralSet.Fault(message: message) }
        return unsafe made
    }
}
