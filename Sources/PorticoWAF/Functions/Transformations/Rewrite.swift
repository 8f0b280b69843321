internal import PorticoBytes

extension [UInt8] {
    /// Becomes the first `count` bytes of `input`, with room for `capacity` in all.
    @inline(__always)
    mutating func begin(with input: Span<UInt8>, upTo count: Int, room capacity: Int) {
        removeAll(keepingCapacity: true)
        reserveCapacity(capacity)
        copy(input, 0..<count)
    }

    /// Appends a part of `input`.
    @inline(__always)
    mutating func copy(_ input: Span<UInt8>, _ range: Range<Int>) {
        let part = input.extracting(range)
        // SAFETY: the array copies within the call.
        unsafe part.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}
