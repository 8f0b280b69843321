/// The steps of the contract's §4 as sums over integers. All rounding is to the nearest pixel,
/// halves up, never below one.
extension ImagePlan {
    static func crop(
        _ area: PixelRectangle, _ crop: ImageRegion
    ) throws(ImageFailure) -> PixelRectangle {
        var size: PixelSize
        switch crop.extent {
        case .size(let width, let height):
            size = PixelSize(
                max(1, width.pixels(of: area.width)), max(1, height.pixels(of: area.height)))
        case .ratio(let ratio):
            size =
                ratio.isNarrower(than: area.size)
                ? PixelSize(max(1, ratio.width(for: area.height)), area.height)
                : PixelSize(area.width, max(1, ratio.height(for: area.width)))
        }
        var x = crop.x.pixels(of: area.width, leftOver: area.width - size.width)
        var y = crop.y.pixels(of: area.height, leftOver: area.height - size.height)
        if crop.mode == .safe {
            let right = min(x + size.width, area.width)
            let bottom = min(y + size.height, area.height)
            x = max(0, x)
            y = max(0, y)
            size = PixelSize(right - x, bottom - y)
        }
        guard x >= 0, y >= 0, size.width > 0, size.height > 0,
            x + size.width <= area.width, y + size.height <= area.height
        else { throw .cropOutside }
        return PixelRectangle(area.x + x, area.y + y, size.width, size.height)
    }

    static func trim(
        _ area: PixelRectangle, _ edges: ImageEdges
    ) throws(ImageFailure) -> PixelRectangle {
        let top = edges.top.pixels(of: area.height)
        let bottom = edges.bottom.pixels(of: area.height)
        let left = edges.left.pixels(of: area.width)
        let right = edges.right.pixels(of: area.width)
        let width = area.width - left - right
        let height = area.height - top - bottom
        guard width > 0, height > 0 else { throw .trimmedAway }
        return PixelRectangle(area.x + left, area.y + top, width, height)
    }

    static func resize(
        _ size: PixelSize, _ request: ImageRequest
    ) -> (scaled: PixelSize, window: PixelRectangle) {
        let width = request.width.map { max(1, $0.pixels(of: size.width, times: request.dpr)) }
        let height = request.height.map { max(1, $0.pixels(of: size.height, times: request.dpr)) }
        let scaled: PixelSize
        switch (width, height) {
        case (let width?, let height?):
            return resize(size, into: PixelSize(width, height), request)
        case (let width?, nil): scaled = proportional(size, width: width, request)
        case (nil, let height?): scaled = proportional(size, height: height, request)
        case (nil, nil):
            let natural = ImageLength.pixels(size.width).pixels(of: 0, times: request.dpr)
            scaled = proportional(size, width: natural, request)
        }
        return (scaled, PixelRectangle(0, 0, scaled.width, scaled.height))
    }

    private static func proportional(
        _ size: PixelSize, width: Int, _ request: ImageRequest
    ) -> PixelSize {
        if width >= size.width, !request.upscales || width == size.width { return size }
        return PixelSize(width, scale(size.height, by: width, over: size.width))
    }

    private static func proportional(
        _ size: PixelSize, height: Int, _ request: ImageRequest
    ) -> PixelSize {
        if height >= size.height, !request.upscales || height == size.height { return size }
        return PixelSize(scale(size.width, by: height, over: size.height), height)
    }

    private static func resize(
        _ size: PixelSize, into box: PixelSize, _ request: ImageRequest
    ) -> (scaled: PixelSize, window: PixelRectangle) {
        // Whether the box is wider than the picture, in proportion.
        let isWider =
            Int128(box.width) * Int128(size.height) >= Int128(box.height) * Int128(size.width)
        let scaled: PixelSize
        switch request.fit {
        case .bounds:
            scaled =
                isWider
                ? proportional(size, height: box.height, request)
                : proportional(size, width: box.width, request)
        case .cover:
            scaled =
                isWider
                ? proportional(size, width: box.width, request)
                : proportional(size, height: box.height, request)
        case .crop:
            let box = request.upscales ? box : shrink(box, within: size)
            let isWider =
                Int128(box.width) * Int128(size.height) >= Int128(box.height) * Int128(size.width)
            let covering =
                isWider
                ? PixelSize(box.width, scale(size.height, by: box.width, over: size.width))
                : PixelSize(scale(size.width, by: box.height, over: size.height), box.height)
            let window = PixelRectangle(
                max(0, (covering.width - box.width) / 2),
                max(0, (covering.height - box.height) / 2),
                min(box.width, covering.width), min(box.height, covering.height))
            return (covering, window)
        case nil:
            scaled = request.upscales ? box : shrink(box, within: size)
        }
        return (scaled, PixelRectangle(0, 0, scaled.width, scaled.height))
    }

    /// The box in its shape, so small that neither of its sides exceeds the picture's.
    private static func shrink(_ box: PixelSize, within size: PixelSize) -> PixelSize {
        if box.width <= size.width, box.height <= size.height { return box }
        let byWidth =
            Int128(size.width) * Int128(box.height) <= Int128(size.height) * Int128(box.width)
        return byWidth
            ? PixelSize(size.width, scale(box.height, by: size.width, over: box.width))
            : PixelSize(scale(box.width, by: size.height, over: box.height), size.height)
    }

    private static func scale(_ side: Int, by new: Int, over old: Int) -> Int {
        max(1, FixedPoint.divide(Int128(side) * Int128(new), by: Int128(max(1, old))))
    }

    static func pad(_ size: PixelSize, _ edges: ImageEdges, _ paper: ImageColour) -> ImageSheet? {
        let top = edges.top.pixels(of: size.height)
        let bottom = edges.bottom.pixels(of: size.height)
        let left = edges.left.pixels(of: size.width)
        let right = edges.right.pixels(of: size.width)
        if top + bottom + left + right == 0 { return nil }
        let whole = PixelSize(size.width + left + right, size.height + top + bottom)
        return ImageSheet(size: whole, x: left, y: top, colour: paper)
    }

    static func lay(
        _ size: PixelSize, on canvas: ImageRegion, _ paper: ImageColour
    ) -> ImageSheet? {
        let whole: PixelSize
        switch canvas.extent {
        case .size(let width, let height):
            whole = PixelSize(
                max(1, width.pixels(of: size.width)), max(1, height.pixels(of: size.height)))
        case .ratio(let ratio):
            whole =
                ratio.isNarrower(than: size)
                ? PixelSize(size.width, max(size.height, ratio.height(for: size.width)))
                : PixelSize(max(size.width, ratio.width(for: size.height)), size.height)
        }
        let x = canvas.x.pixels(of: size.width, leftOver: whole.width - size.width)
        let y = canvas.y.pixels(of: size.height, leftOver: whole.height - size.height)
        if whole == size, x == 0, y == 0 { return nil }
        return ImageSheet(size: whole, x: x, y: y, colour: paper)
    }
}
