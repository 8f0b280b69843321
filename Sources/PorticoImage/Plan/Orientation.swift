/// How a picture stands, as EXIF numbers it: what has to be done to see it upright.
///
///     1 as it is      2 mirrored left-right   3 half a turn     4 mirrored top-bottom
///     5 transposed    6 clockwise             7 transversed     8 anticlockwise
package enum Orientation: UInt8, CaseIterable, Sendable {
    case upright = 1
    case mirrored, halfTurned, flipped, transposed, clockwise, transversed, anticlockwise

    /// Whether width and height change places.
    package var swapsSides: Bool { rawValue >= 5 }

    package func size(_ width: Int, _ height: Int) -> PixelSize {
        swapsSides ? PixelSize(height, width) : PixelSize(width, height)
    }
}

package struct PixelSize: Equatable, Sendable {
    package var width: Int
    package var height: Int

    package init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }
}

/// A rectangle of pixels; `x` and `y` count from the left top corner.
package struct PixelRectangle: Equatable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    package init(_ x: Int, _ y: Int, _ width: Int, _ height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    package var size: PixelSize { PixelSize(width, height) }
}
