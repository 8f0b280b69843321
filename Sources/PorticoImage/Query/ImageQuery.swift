internal import PorticoBytes

/// A query as the API's parameters: what it asks for, and what of it was ignored.
///
/// Pure. An unknown parameter is ignored silently, a known one with a malformed or out-of-range
/// value with a warning; given twice, the last one counts. Names are compared as they are,
/// keywords without case, both after percent-decoding.
package struct ImageQuery: Equatable, Sendable {
    package private(set) var request = ImageRequest()
    /// One for each ignored value; no commas in it.
    package private(set) var warnings: [String] = []
    /// Whether `auto` or `format=auto` is in force, so that `Accept` decides.
    package private(set) var negotiates = false
    /// Formats that `auto` names.
    private var auto: [ImageSettings.AutoFormat] = []
    private var picksBest = false
    /// Wins over `enable`, in any order.
    private var forbidsUpscaling = false

    /// More than the API has: what is behind them does not count.
    private static let mostParameters = 256

    /// `query`: without the question mark. `auto`: formats offered without being asked for.
    package init(
        _ query: Span<UInt8>, accepting accepted: AcceptedImages = .none,
        auto offered: [ImageSettings.AutoFormat] = []
    ) {
        var parameters: [(ImageParameter, [UInt8])] = []
        var count = 0
        _ = query.forEachPart(of: 0x26) { pair in
            let equals = pair.firstIndex(of: 0x3D) ?? pair.count
            if let parameter = ImageParameter(name: Self.decoded(pair.extracting(..<equals))) {
                let value = Self.decoded(pair.extracting(min(equals + 1, pair.count)...))
                parameters.removeAll { $0.0 == parameter }
                parameters.append((parameter, value))
            }
            count += 1
            return count < Self.mostParameters
        }
        auto = offered
        for (parameter, value) in parameters { take(parameter, value.span) }
        if picksBest { auto = [.avif, .webp] }
        negotiates = picksBest || !auto.isEmpty
        request.allowsAVIF = auto.contains(.avif) && accepted.avif
        request.allowsWebP = auto.contains(.webp) && accepted.webp
        fold()
    }

    /// Adds what a client's hints say of what the query leaves open.
    package mutating func take(_ hints: ImageHints) {
        if request.dpr == FixedPoint(1), let dpr = hints.dpr, dpr >= FixedPoint(1),
            dpr <= FixedPoint(10)
        {
            request.dpr = dpr
        }
        if request.width == nil, let width = hints.width, width > 0 {
            request.width = .pixels(width)
        }
        if hints.savesData, request.quality == nil, request.optimise == nil {
            request.optimise = .high
        }
        fold()
    }

    /// Adds what the edge's rules say is laid over the picture, in a query's coding.
    package mutating func take(overlay text: Span<UInt8>) {
        request.overlay = ImageOverlay(text)
        if request.overlay == nil { warnings.append("overlay: invalid value ignored") }
    }

    mutating func warn(_ parameter: ImageParameter, _ what: String = "invalid value ignored") {
        warnings.append("\(parameter.rawValue): \(what)")
    }

    /// What has no effect beside something else is taken away: it makes no variant of its own.
    private mutating func fold() {
        if forbidsUpscaling { request.upscales = false }
        if request.width == nil || request.height == nil { request.fit = nil }
        if request.canvas != nil { request.pad = nil }
        if request.trim?.isZero ?? false { request.trim = nil }
        if request.pad?.isZero ?? false { request.pad = nil }
        if request.sharpening?.amount == .zero { request.sharpening = nil }
        if request.quality != nil { request.optimise = nil }
        if !request.allowsAVIF, !request.allowsWebP { request.negotiatedQuality = nil }
    }

    static func decoded(_ text: Span<UInt8>) -> [UInt8] {
        guard text.firstIndex(of: 0x25) != nil else { return text.array }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == 0x25, index + 2 < text.count,
                let high = ASCII.hexadecimalValue(text[index + 1]),
                let low = ASCII.hexadecimalValue(text[index + 2])
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes
    }
}

// MARK: - One parameter

extension ImageQuery {
    private mutating func take(_ parameter: ImageParameter, _ value: Span<UInt8>) {
        switch parameter {
        case .width: set(\.width, to: Self.side(value), parameter)
        case .height: set(\.height, to: Self.side(value), parameter)
        case .dpr: set(\.dpr, to: Self.number(value, 1...10), parameter)
        case .fit: set(\.fit, to: Self.keyword(value), parameter)
        case .resizeFilter: set(\.filter, to: Self.filter(value), parameter)
        case .enable:
            if value.equalsFolded("upscale") { request.upscales = true } else { warn(parameter) }
        case .disable:
            if value.equalsFolded("upscale") { forbidsUpscaling = true } else { warn(parameter) }
        case .crop: set(\.crop, to: region(value, parameter, allowsModes: true), parameter)
        case .precrop: set(\.precrop, to: region(value, parameter, allowsModes: true), parameter)
        case .canvas: set(\.canvas, to: region(value, parameter, allowsModes: false), parameter)
        case .trim: set(\.trim, to: Self.edges(value), parameter)
        case .pad: set(\.pad, to: Self.edges(value), parameter)
        case .trimColour: set(\.trimColour, to: Self.trimColour(value), parameter)
        case .background: set(\.background, to: ImageColour(value), parameter)
        case .orient: set(\.orient, to: Self.orientation(value), parameter)
        case .brightness: set(\.brightness, to: Self.number(value, -100...100), parameter)
        case .contrast: set(\.contrast, to: Self.number(value, -100...100), parameter)
        case .saturation: set(\.saturation, to: Self.number(value, -100...100), parameter)
        case .sharpen: set(\.sharpening, to: Self.sharpening(value), parameter)
        case .blur: set(\.blur, to: Self.blur(value), parameter)
        case .blackAndWhite: set(\.blackAndWhite, to: Self.keyword(value), parameter)
        case .frame:
            if value.equals("1") { request.takesFirstFrame = true } else { warn(parameter) }
        case .format: takeFormat(value)
        case .auto:
            if let formats = Self.autoFormats(value) { auto = formats } else { warn(parameter) }
        case .quality: takeQuality(value)
        case .optimise: set(\.optimise, to: Self.keyword(value), parameter)
        case .metadata: takeMetadata(value)
        case .viewbox: if !value.equals("1") { warn(parameter) }
        case .profile:
            let isKnown =
                value.equalsFolded("baseline") || value.equalsFolded("main")
                || value.equalsFolded("high")
            if !isKnown { warn(parameter) }
        case .level:
            let level = FixedPoint(value)?.millionths ?? 0
            if level < FixedPoint.one || level > 6_200_000 { warn(parameter) }
        }
    }

    private mutating func set<Value>(
        _ path: WritableKeyPath<ImageRequest, Value>, to value: Value?, _ parameter: ImageParameter
    ) {
        if let value { request[keyPath: path] = value } else { warn(parameter) }
    }

    private mutating func set<Value>(
        _ path: WritableKeyPath<ImageRequest, Value?>, to value: Value?,
        _ parameter: ImageParameter
    ) {
        if let value { request[keyPath: path] = value } else { warn(parameter) }
    }

    private mutating func takeFormat(_ value: Span<UInt8>) {
        if value.equalsFolded("auto") {
            picksBest = true
        } else if value.equalsFolded("jpeg") {
            request.format = .jpg
        } else if value.equalsFolded("pjpeg") {
            request.format = .pjpg
        } else if value.equalsFolded("bjpeg") {
            request.format = .bjpg
        } else {
            set(\.format, to: Self.keyword(value), .format)
        }
    }

    private mutating func takeQuality(_ value: Span<UInt8>) {
        var numbers: [Int] = []
        let isSound = value.forEachPart(of: 0x2C) { part in
            guard numbers.count < 2, let number = part.decimal, (1...100).contains(number) else {
                return false
            }
            numbers.append(Int(number))
            return true
        }
        guard isSound else { return warn(.quality) }
        request.quality = numbers[0]
        request.negotiatedQuality = numbers.count > 1 ? numbers[1] : nil
    }

    private mutating func takeMetadata(_ value: Span<UInt8>) {
        var keepsCopyright = false
        var keepsOrigin = false
        let isSound = value.forEachPart(of: 0x2C) { part in
            if part.equalsFolded("copyright") {
                keepsCopyright = true
            } else if part.equalsFolded("c2pa") {
                keepsOrigin = true
            } else {
                return false
            }
            return true
        }
        guard isSound else { return warn(.metadata) }
        request.keepsCopyright = keepsCopyright
        if keepsOrigin { warn(.metadata, "c2pa is not kept") }
    }

    private mutating func region(
        _ value: Span<UInt8>, _ parameter: ImageParameter, allowsModes: Bool
    ) -> ImageRegion? {
        guard var region = ImageRegion(value, allowsModes: allowsModes) else { return nil }
        if region.mode == .smart, case .size = region.extent {
            region.mode = .exact
            warn(parameter, "smart is for ratios only")
        }
        return region
    }
}
