extension Orientation {
    /// Which corner of the picture as stored (0 left top, 1 right top, 2 left bottom, 3 right
    /// bottom) is seen at each corner.
    private var corners: [Int] {
        switch self {
        case .upright: [0, 1, 2, 3]
        case .mirrored: [1, 0, 3, 2]
        case .halfTurned: [3, 2, 1, 0]
        case .flipped: [2, 3, 0, 1]
        case .transposed: [0, 2, 1, 3]
        case .clockwise: [2, 0, 3, 1]
        case .transversed: [3, 1, 2, 0]
        case .anticlockwise: [1, 3, 0, 2]
        }
    }

    /// This one, and then another.
    func followed(by next: Orientation) -> Orientation {
        let mine = corners
        let both = next.corners.map { mine[$0] }
        return Orientation.allCases.first { $0.corners == both } ?? .upright
    }

    /// What is seen at `rectangle`, as it lies in the stored picture; `stored`: its size.
    func stored(_ rectangle: PixelRectangle, of stored: PixelSize) -> PixelRectangle {
        let (x, y, w, h) = (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
        let (right, bottom) = (stored.width, stored.height)
        return switch self {
        case .upright: rectangle
        case .mirrored: PixelRectangle(right - x - w, y, w, h)
        case .halfTurned: PixelRectangle(right - x - w, bottom - y - h, w, h)
        case .flipped: PixelRectangle(x, bottom - y - h, w, h)
        case .transposed: PixelRectangle(y, x, h, w)
        case .clockwise: PixelRectangle(y, bottom - x - w, h, w)
        case .transversed: PixelRectangle(right - y - h, bottom - x - w, h, w)
        case .anticlockwise: PixelRectangle(right - y - h, x, h, w)
        }
    }

    /// Undoes this one.
    var inverse: Orientation {
        switch self {
        case .clockwise: .anticlockwise
        case .anticlockwise: .clockwise
        default: self
        }
    }

    /// Where `rectangle` of the stored picture is seen.
    func seen(_ rectangle: PixelRectangle, of stored: PixelSize) -> PixelRectangle {
        inverse.stored(rectangle, of: size(stored.width, stored.height))
    }
}
