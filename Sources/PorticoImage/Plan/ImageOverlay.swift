internal import PorticoBytes

/// A picture that is laid over the finished one, such as a watermark (API §4, overlay). What
/// the edge's own rules say of it, never a client's query.
package struct ImageOverlay: Equatable, Sendable {
    package enum Repeat: String, CaseIterable, Sendable {
        case x, y, both
    }

    private enum Name: String, CaseIterable {
        case overlay
        case base64 = "overlay-base64"
        case width = "overlay-width"
        case height = "overlay-height"
        case align = "overlay-align"
        case pad = "overlay-pad"
        case repeats = "overlay-repeat"
    }

    /// Where it comes from: a path of the same site, perhaps with a query.
    package private(set) var target: [UInt8] = []
    /// Shares are of the finished picture.
    private var width: ImageLength?
    private var height: ImageLength?
    /// 0, 1, 2: at the left, in the middle, at the right; and top to bottom.
    private var column = 1
    private var row = 1
    private var pad: ImageEdges?
    private var repeats: Repeat?

    /// Longer targets are none.
    private static let mostTarget = 2048

    /// Reads a field's value, in a query's coding, or a request in normal form: other parameters are
    /// passed over, malformed values too. Nil: no overlay is named.
    package init?(_ text: Span<UInt8>) {
        var overlay = ImageOverlay()
        _ = text.forEachPart(of: 0x26) { pair in
            let equals = pair.firstIndex(of: 0x3D) ?? pair.count
            let name = String(decoding: pair.extracting(..<equals).array, as: UTF8.self)
            if let name = Name(rawValue: name) {
                let value = ImageQuery.decoded(pair.extracting(min(equals + 1, pair.count)...))
                overlay.take(name, value.span)
            }
            return true
        }
        guard Self.isTarget(overlay.target) else { return nil }
        self = overlay
    }

    private init() {}

    private mutating func take(_ name: Name, _ value: Span<UInt8>) {
        switch name {
        case .overlay: target = value.array
        case .base64: target = Self.plain(base64: value) ?? []
        case .width: width = ImageQuery.side(value) ?? width
        case .height: height = ImageQuery.side(value) ?? height
        case .align: takePlace(value)
        case .pad: pad = ImageQuery.edges(value) ?? pad
        case .repeats: repeats = ImageQuery.keyword(value) ?? repeats
        }
    }

    private mutating func takePlace(_ value: Span<UInt8>) {
        _ = value.forEachPart(of: 0x2C) { word in
            if word.equalsFolded("top") { row = 0 }
            if word.equalsFolded("middle") { row = 1 }
            if word.equalsFolded("bottom") { row = 2 }
            if word.equalsFolded("left") { column = 0 }
            if word.equalsFolded("center") { column = 1 }
            if word.equalsFolded("right") { column = 2 }
            return true
        }
    }

    /// Root-relative, and nothing in it that could end a request line.
    private static func isTarget(_ bytes: [UInt8]) -> Bool {
        guard bytes.first == 0x2F, bytes.count <= mostTarget else { return false }
        if bytes.count > 1, bytes[1] == 0x2F || bytes[1] == 0x5C { return false }
        return bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }
    }

    /// RFC 4648 §4 and §5, with or without padding.
    private static func plain(base64 text: Span<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for index in text.indices {
            let value: UInt8
            switch text[index] {
            case 0x41...0x5A: value = text[index] - 0x41
            case 0x61...0x7A: value = text[index] - 0x61 + 26
            case 0x30...0x39: value = text[index] - 0x30 + 52
            case 0x2B, 0x2D: value = 62
            case 0x2F, 0x5F: value = 63
            case 0x3D: continue
            default: return nil
            }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    /// Behind a request in normal form; all of it is read back by `init`.
    func write(into text: inout Buffer) {
        text.append("overlay=")
        for byte in target {
            // What would end the value, or be decoded.
            if byte == 0x26 || byte == 0x25 || byte == 0x2B {
                text.append(0x25)
                text.append(Self.digits[Int(byte >> 4)])
                text.append(Self.digits[Int(byte & 15)])
            } else {
                text.append(byte)
            }
        }
        if column != 1 || row != 1 {
            text.append("&overlay-align=")
            text.append(row == 0 ? "top" : row == 1 ? "middle" : "bottom")
            text.append(column == 0 ? ",left" : column == 1 ? ",center" : ",right")
        }
        if let height {
            text.append("&overlay-height=")
            height.write(into: &text)
        }
        if let pad {
            text.append("&overlay-pad=")
            for (index, length) in [pad.top, pad.right, pad.bottom, pad.left].enumerated() {
                if index > 0 { text.append(0x2C) }
                length.write(into: &text)
            }
        }
        if let repeats {
            text.append("&overlay-repeat=")
            text.append(repeats.rawValue)
        }
        if let width {
            text.append("&overlay-width=")
            width.write(into: &text)
        }
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    // MARK: - On a picture

    /// How large it is asked for on a picture of that size.
    func request(on picture: PixelSize) -> ImageRequest {
        var request = ImageRequest()
        request.width = width.map { .pixels(max(1, $0.pixels(of: picture.width))) }
        request.height = height.map { .pixels(max(1, $0.pixels(of: picture.height))) }
        request.upscales = true
        request.takesFirstFrame = true
        request.format = .png
        return request
    }

    /// Where the left top corners of its copies lie, perhaps outside of the picture.
    func places(of own: PixelSize, on picture: PixelSize) -> (x: [Int], y: [Int]) {
        let left = pad?.left.pixels(of: picture.width) ?? 0
        let right = pad?.right.pixels(of: picture.width) ?? 0
        let top = pad?.top.pixels(of: picture.height) ?? 0
        let bottom = pad?.bottom.pixels(of: picture.height) ?? 0
        func offset(_ place: Int, _ room: Int, _ before: Int, _ after: Int) -> Int {
            switch place {
            case 0: before
            case 1: before + (room - before - after) / 2
            default: room - after
            }
        }
        let x = offset(column, picture.width - own.width, left, right)
        let y = offset(row, picture.height - own.height, top, bottom)
        return (
            repeats == .x || repeats == .both
                ? Self.copies(at: x, each: own.width, within: picture.width) : [x],
            repeats == .y || repeats == .both
                ? Self.copies(at: y, each: own.height, within: picture.height) : [y]
        )
    }

    private static func copies(at start: Int, each length: Int, within room: Int) -> [Int] {
        let first = start % length - (start % length > 0 ? length : 0)
        return Array(stride(from: first, to: room, by: length))
    }
}
