package import PorticoBytes

/// Names and values, in the order in which they were found, in one run of bytes. Emptied and used
/// again for one body after another.
package struct PairList: Sendable {
    package struct Pair: Equatable, Sendable {
        /// Into `bytes`.
        package let name: ByteRange, value: ByteRange
    }

    package private(set) var bytes: [UInt8] = []
    package private(set) var pairs: [Pair] = []

    package init() {}

    package var count: Int { pairs.count }
    package var isEmpty: Bool { pairs.isEmpty }

    @_lifetime(borrow self)
    package func name(_ index: Int) -> Span<UInt8> {
        let range = pairs[index].name.range
        let bytes = bytes.span
        return unsafe _overrideLifetime(bytes.extracting(range), borrowing: self)
    }

    @_lifetime(borrow self)
    package func value(_ index: Int) -> Span<UInt8> {
        let range = pairs[index].value.range
        let bytes = bytes.span
        return unsafe _overrideLifetime(bytes.extracting(range), borrowing: self)
    }

    /// Keeps the room.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        pairs.removeAll(keepingCapacity: true)
    }

    package mutating func append(name: Span<UInt8>, value: Span<UInt8>) {
        let start = bytes.count
        append(name)
        let middle = bytes.count
        append(value)
        end(name: start..<middle, value: middle..<bytes.count)
    }

    // What readers build in place, byte by byte.

    mutating func append(_ text: Span<UInt8>) {
        // SAFETY: the array copies within the call.
        unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func append(_ byte: UInt8) { bytes.append(byte) }

    mutating func end(name: Range<Int>, value: Range<Int>) {
        pairs.append(
            Pair(
                name: ByteRange(name.lowerBound, name.upperBound),
                value: ByteRange(value.lowerBound, value.upperBound)))
    }

    /// Takes back what was appended beyond `count` bytes and belongs to no pair yet.
    mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }
}
