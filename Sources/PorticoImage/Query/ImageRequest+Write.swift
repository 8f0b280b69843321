package import PorticoBytes

extension ImageRequest {
    /// The normal form: parameters sorted by name, defaults left out, one spelling for each value.
    /// What it says, `ImageQuery` reads back as the same request.
    package func write(into text: inout Buffer) {
        var line = Line()
        if allowsAVIF || allowsWebP {
            line.add("auto", into: &text)
            if allowsAVIF { text.append("avif") }
            if allowsAVIF && allowsWebP { text.append(0x2C) }
            if allowsWebP { text.append("webp") }
        }
        if let background {
            line.add("bg-color", into: &text)
            background.write(into: &text)
        }
        line.add("bw", blackAndWhite?.rawValue, into: &text)
        switch blur {
        case .pixels(let sigma): line.add("blur", sigma, into: &text)
        case .share(let percent):
            line.add("blur", percent, into: &text)
            text.append(0x70)
        case nil: break
        }
        if brightness != .zero { line.add("brightness", brightness, into: &text) }
        line.add("canvas", canvas, into: &text)
        if contrast != .zero { line.add("contrast", contrast, into: &text) }
        line.add("crop", crop, into: &text)
        if dpr != FixedPoint(1) { line.add("dpr", dpr, into: &text) }
        if upscales { line.add("enable", "upscale", into: &text) }
        line.add("fit", fit?.rawValue, into: &text)
        line.add("format", format?.rawValue, into: &text)
        if takesFirstFrame { line.add("frame", "1", into: &text) }
        line.add("height", height, into: &text)
        if keepsCopyright { line.add("metadata", "copyright", into: &text) }
        line.add("optimize", optimise?.rawValue, into: &text)
        line.add("orient", orient.map { "\($0.rawValue)" }, into: &text)
        line.add("pad", pad, into: &text)
        line.add("precrop", precrop, into: &text)
        if let quality {
            line.add("quality", into: &text)
            text.append(decimal: UInt64(max(0, quality)))
            if let negotiatedQuality {
                text.append(0x2C)
                text.append(decimal: UInt64(max(0, negotiatedQuality)))
            }
        }
        if filter != .lanczos3 { line.add("resize-filter", filter.rawValue, into: &text) }
        if saturation != .zero { line.add("saturation", saturation, into: &text) }
        if let sharpening {
            line.add("sharpen", into: &text)
            text.append(0x61)
            sharpening.amount.write(into: &text)
            text.append(",r")
            sharpening.radius.write(into: &text)
            text.append(",t")
            sharpening.threshold.write(into: &text)
        }
        line.add("trim", trim, into: &text)
        if let trimColour {
            line.add("trim-color", into: &text)
            if let colour = trimColour.colour {
                colour.write(into: &text)
            } else {
                text.append("auto")
            }
            if trimColour.threshold != .zero {
                text.append(",t")
                trimColour.threshold.write(into: &text)
            }
        }
        line.add("width", width, into: &text)
        if let overlay {
            if !text.isEmpty { text.append(0x26) }
            overlay.write(into: &text)
        }
    }

    package var normalForm: [UInt8] {
        var text = Buffer()
        write(into: &text)
        return text.bytes.array
    }

    /// The request that a normal form says.
    package init(normalForm text: Span<UInt8>) {
        var accepted = AcceptedImages()
        accepted.avif = true
        accepted.webp = true
        self = ImageQuery(text, accepting: accepted).request
        overlay = ImageOverlay(text)
    }
}

/// Writes `name=`, with an ampersand before all but the first.
private struct Line {
    private var isFirst = true

    mutating func add(_ name: StaticString, into text: inout Buffer) {
        if !isFirst { text.append(0x26) }
        isFirst = false
        text.append(name)
        text.append(0x3D)
    }

    @_disfavoredOverload
    mutating func add(_ name: StaticString, _ value: String?, into text: inout Buffer) {
        guard let value else { return }
        add(name, into: &text)
        text.append(value)
    }

    mutating func add(_ name: StaticString, _ value: FixedPoint, into text: inout Buffer) {
        add(name, into: &text)
        value.write(into: &text)
    }

    mutating func add(_ name: StaticString, _ value: ImageLength?, into text: inout Buffer) {
        guard let value else { return }
        add(name, into: &text)
        value.write(into: &text)
    }

    mutating func add(_ name: StaticString, _ value: ImageEdges?, into text: inout Buffer) {
        guard let value else { return }
        add(name, into: &text)
        for (index, length) in [value.top, value.right, value.bottom, value.left].enumerated() {
            if index > 0 { text.append(0x2C) }
            length.write(into: &text)
        }
    }

    mutating func add(_ name: StaticString, _ value: ImageRegion?, into text: inout Buffer) {
        guard let value else { return }
        add(name, into: &text)
        switch value.extent {
        case .size(let width, let height):
            width.write(into: &text)
            text.append(0x2C)
            height.write(into: &text)
        case .ratio(let ratio): ratio.write(into: &text)
        }
        write("x", value.x, into: &text)
        write("y", value.y, into: &text)
        switch value.mode {
        case .exact: break
        case .safe: text.append(",safe")
        case .smart: text.append(",smart")
        }
    }

    private func write(
        _ axis: StaticString, _ position: ImageRegion.Position, into text: inout Buffer
    ) {
        if position == .centre { return }
        text.append(0x2C)
        switch position {
        case .at(let length):
            text.append(axis)
            length.write(into: &text)
        case .offset(let percent):
            text.append("offset-")
            text.append(axis)
            percent.write(into: &text)
        }
    }
}
