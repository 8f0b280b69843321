internal import PorticoBytes

/// A length in a request: pixels, or a share of a side.
package enum ImageLength: Equatable, Sendable {
    case pixels(Int)
    /// In percent.
    case share(FixedPoint)

    /// Of what a side may be asked to grow by; more is out of range.
    private static let mostShare = FixedPoint(100_000)

    /// `300`, `0.5`, `33.3p`. A number below 1 is a share, others are rounded to pixels. Zero is
    /// the caller's to judge.
    init?(_ text: Span<UInt8>) {
        if text.count > 1, text[text.count - 1] | 0x20 == 0x70 {
            guard let percent = FixedPoint(text.extracting(..<(text.count - 1))),
                percent >= .zero, percent <= Self.mostShare
            else { return nil }
            self = .share(percent)
            return
        }
        guard let number = FixedPoint(text), number >= .zero else { return nil }
        if number.millionths == 0 {
            self = .pixels(0)
        } else if number.millionths < FixedPoint.one {
            self = .share(FixedPoint(millionths: number.millionths * 100))
        } else {
            self = .pixels(number.rounded)
        }
    }

    package var isZero: Bool {
        switch self {
        case .pixels(let count): count == 0
        case .share(let percent): percent == .zero
        }
    }

    /// In pixels of a side, `factor` times; may be 0.
    package func pixels(of side: Int, times factor: FixedPoint = FixedPoint(1)) -> Int {
        switch self {
        case .pixels(let count):
            FixedPoint.divide(
                Int128(count) * Int128(factor.millionths), by: Int128(FixedPoint.one))
        case .share(let percent):
            FixedPoint.divide(
                Int128(side) * Int128(percent.millionths) * Int128(factor.millionths),
                by: Int128(FixedPoint.one) * Int128(FixedPoint.one) * 100)
        }
    }

    func write(into text: inout Buffer) {
        switch self {
        case .pixels(let count): text.append(decimal: UInt64(max(0, count)))
        case .share(let percent):
            percent.write(into: &text)
            text.append(0x70)
        }
    }
}

/// Width to height, in lowest terms.
package struct ImageRatio: Equatable, Sendable {
    package let width: Int
    package let height: Int

    /// `4:3`, `1.91:1`.
    init?(_ text: Span<UInt8>) {
        guard let colon = text.firstIndex(of: 0x3A),
            let width = FixedPoint(text.extracting(..<colon)),
            let height = FixedPoint(text.extracting((colon + 1)...)),
            width > .zero, height > .zero, width <= Self.most, height <= Self.most
        else { return nil }
        var (left, right) = (width.millionths, height.millionths)
        while right != 0 { (left, right) = (right, left % right) }
        self.width = width.millionths / left
        self.height = height.millionths / left
    }

    private static let most = FixedPoint(1_000_000)

    func write(into text: inout Buffer) {
        text.append(decimal: UInt64(width))
        text.append(0x3A)
        text.append(decimal: UInt64(height))
    }

    func width(for height: Int) -> Int {
        FixedPoint.divide(Int128(height) * Int128(width), by: Int128(self.height))
    }

    func height(for width: Int) -> Int {
        FixedPoint.divide(Int128(width) * Int128(height), by: Int128(self.width))
    }

    /// Whether a picture is at least as wide as the ratio.
    func isNarrower(than size: PixelSize) -> Bool {
        Int128(size.width) * Int128(height) >= Int128(size.height) * Int128(width)
    }
}

/// Lengths at the four sides, as CSS writes them.
package struct ImageEdges: Equatable, Sendable {
    package let top: ImageLength
    package let right: ImageLength
    package let bottom: ImageLength
    package let left: ImageLength

    init(_ lengths: [ImageLength]) {
        top = lengths[0]
        right = lengths.count > 1 ? lengths[1] : top
        bottom = lengths.count > 2 ? lengths[2] : top
        left = lengths.count > 3 ? lengths[3] : right
    }

    var isZero: Bool { top.isZero && right.isZero && bottom.isZero && left.isZero }
}

/// How large a region or a sheet is, and where along each axis.
package struct ImageRegion: Equatable, Sendable {
    package enum Extent: Equatable, Sendable {
        case size(ImageLength, ImageLength)
        case ratio(ImageRatio)
    }

    package enum Position: Equatable, Sendable {
        /// Of the left top corner.
        case at(ImageLength)
        /// The share of what is left over that lies to the left or above, in percent.
        case offset(FixedPoint)

        static let centre = Position.offset(FixedPoint(50))

        /// In pixels; negative where a sheet clips.
        func pixels(of side: Int, leftOver: Int) -> Int {
            switch self {
            case .at(let length): length.pixels(of: side)
            case .offset(let percent):
                FixedPoint.divide(
                    Int128(leftOver) * Int128(percent.millionths),
                    by: Int128(FixedPoint.one) * 100)
            }
        }
    }

    package enum Mode: Equatable, Sendable {
        case exact
        /// What of the region lies inside.
        case safe
        /// The place is chosen by what is seen there.
        case smart
    }

    package var extent: Extent
    package var x = Position.centre
    package var y = Position.centre
    package var mode = Mode.exact
}
