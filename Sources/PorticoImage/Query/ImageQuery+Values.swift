internal import PorticoBytes

/// The grammars of single values. Nil: malformed or out of range.
extension ImageQuery {
    static func keyword<Keyword: RawRepresentable & CaseIterable>(
        _ value: Span<UInt8>
    ) -> Keyword? where Keyword.RawValue == String {
        Keyword.allCases.first { keyword in
            value.equalsFolded(Array(keyword.rawValue.utf8).span)
        }
    }

    static func side(_ value: Span<UInt8>) -> ImageLength? {
        guard let length = ImageLength(value), !length.isZero else { return nil }
        return length
    }

    static func number(_ value: Span<UInt8>, _ range: ClosedRange<Int>) -> FixedPoint? {
        guard let number = FixedPoint(value), number >= FixedPoint(range.lowerBound),
            number <= FixedPoint(range.upperBound)
        else { return nil }
        return number
    }

    static func filter(_ value: Span<UInt8>) -> ImageRequest.Filter? {
        if value.equalsFolded("linear") { return .bilinear }
        if value.equalsFolded("cubic") { return .bicubic }
        if value.equalsFolded("lanczos") { return .lanczos3 }
        return keyword(value)
    }

    static func edges(_ value: Span<UInt8>) -> ImageEdges? {
        var lengths: [ImageLength] = []
        let isSound = value.forEachPart(of: 0x2C) { part in
            guard lengths.count < 4, let length = ImageLength(part) else { return false }
            lengths.append(length)
            return true
        }
        return isSound ? ImageEdges(lengths) : nil
    }

    /// `COLOUR[,t{0..1}]` or `auto[,t…]`.
    static func trimColour(_ value: Span<UInt8>) -> ImageRequest.TrimColour? {
        var colour = value
        var threshold = FixedPoint.zero
        if let comma = lastComma(in: value), comma + 1 < value.count,
            value[comma + 1] | 0x20 == 0x74
        {
            guard let number = number(value.extracting((comma + 2)...), 0...1) else { return nil }
            threshold = number
            colour = value.extracting(..<comma)
        }
        if colour.equalsFolded("auto") {
            return ImageRequest.TrimColour(colour: nil, threshold: threshold)
        }
        guard let sought = ImageColour(colour) else { return nil }
        return ImageRequest.TrimColour(colour: sought, threshold: threshold)
    }

    private static func lastComma(in value: Span<UInt8>) -> Int? {
        var index = value.count - 1
        while index >= 0 {
            if value[index] == 0x2C { return index }
            index -= 1
        }
        return nil
    }

    static func orientation(_ value: Span<UInt8>) -> Orientation? {
        if value.equalsFolded("r") { return .clockwise }
        if value.equalsFolded("l") { return .anticlockwise }
        if value.equalsFolded("h") { return .mirrored }
        if value.equalsFolded("v") { return .flipped }
        if value.equalsFolded("hv") || value.equalsFolded("vh") { return .halfTurned }
        guard value.count == 1, let number = value.decimal else { return nil }
        return Orientation(rawValue: UInt8(number))
    }

    /// `a{0..10},r{1..1000},t{0..255}`.
    static func sharpening(_ value: Span<UInt8>) -> ImageRequest.Sharpening? {
        let letters: [UInt8] = [0x61, 0x72, 0x74]
        let ranges = [0...10, 1...1000, 0...255]
        var numbers: [FixedPoint] = []
        let isSound = value.forEachPart(of: 0x2C) { part in
            guard numbers.count < 3, part.count > 1, part[0] | 0x20 == letters[numbers.count],
                let number = number(part.extracting(1...), ranges[numbers.count])
            else { return false }
            numbers.append(number)
            return true
        }
        guard isSound, numbers.count == 3 else { return nil }
        return ImageRequest.Sharpening(
            amount: numbers[0], radius: numbers[1], threshold: numbers[2])
    }

    /// 0.5…1000 pixels, or percent of the larger side.
    static func blur(_ value: Span<UInt8>) -> ImageRequest.Blur? {
        if value.count > 1, value[value.count - 1] | 0x20 == 0x70 {
            guard let percent = number(value.extracting(..<(value.count - 1)), 0...100),
                percent > .zero
            else { return nil }
            return .share(percent)
        }
        guard let sigma = number(value, 0...1000), sigma.millionths >= FixedPoint.one / 2 else {
            return nil
        }
        return .pixels(sigma)
    }

    static func autoFormats(_ value: Span<UInt8>) -> [ImageSettings.AutoFormat]? {
        var formats: [ImageSettings.AutoFormat] = []
        let isSound = value.forEachPart(of: 0x2C) { part in
            guard let format: ImageSettings.AutoFormat = keyword(part) else { return false }
            formats.append(format)
            return true
        }
        return isSound ? formats : nil
    }
}

extension ImageRegion {
    /// `SIZE[,POSITION][,MODE]`: two lengths or a ratio, then in any order at most one position
    /// for each axis and one mode.
    init?(_ value: Span<UInt8>, allowsModes: Bool) {
        var sides: [ImageLength] = []
        var ratio: ImageRatio?
        var x: Position?
        var y: Position?
        var mode: Mode?
        let isSound = value.forEachPart(of: 0x2C) { part in
            if part.isEmpty { return false }
            if ratio == nil, sides.count < 2 {
                if sides.isEmpty, part.firstIndex(of: 0x3A) != nil {
                    ratio = ImageRatio(part)
                    return ratio != nil
                }
                guard let side = ImageQuery.side(part) else { return false }
                sides.append(side)
                return true
            }
            if allowsModes, part.equalsFolded("safe") || part.equalsFolded("smart") {
                if mode != nil { return false }
                mode = part.equalsFolded("safe") ? .safe : .smart
                return true
            }
            guard let (axis, position) = Self.position(part) else { return false }
            if axis == 0x78 {
                if x != nil { return false }
                x = position
            } else {
                if y != nil { return false }
                y = position
            }
            return true
        }
        guard isSound else { return nil }
        if let ratio {
            self.init(extent: .ratio(ratio))
        } else if sides.count == 2 {
            self.init(extent: .size(sides[0], sides[1]))
        } else {
            return nil
        }
        self.x = x ?? .centre
        self.y = y ?? .centre
        self.mode = mode ?? .exact
    }

    private static func position(_ part: Span<UInt8>) -> (axis: UInt8, Position)? {
        let prefix = 7
        if part.count > prefix + 1, part.extracting(..<prefix).equalsFolded("offset-") {
            let axis = part[prefix] | 0x20
            guard axis == 0x78 || axis == 0x79,
                let percent = ImageQuery.number(part.extracting((prefix + 1)...), 0...100)
            else { return nil }
            return (axis, .offset(percent))
        }
        guard part.count > 1 else { return nil }
        let axis = part[0] | 0x20
        guard axis == 0x78 || axis == 0x79, let length = ImageLength(part.extracting(1...)) else {
            return nil
        }
        return (axis, .at(length))
    }
}
