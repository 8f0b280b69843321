/// A stretch of a byte array that somebody else owns.
@usableFromInline package struct ByteRange: Equatable, Sendable {
    @usableFromInline package var lower: UInt32
    @usableFromInline package var upper: UInt32

    @inlinable package init(_ lower: Int, _ upper: Int) {
        self.lower = UInt32(truncatingIfNeeded: lower)
        self.upper = UInt32(truncatingIfNeeded: upper)
    }

    package static let empty = ByteRange(0, 0)

    @inlinable package var count: Int { Int(upper) - Int(lower) }
    @inlinable package var isEmpty: Bool { lower == upper }
    @inlinable package var range: Range<Int> { Int(lower)..<Int(upper) }
}
