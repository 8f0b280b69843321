/// The API's parameters, by name.
enum ImageParameter: String, CaseIterable, Sendable {
    case auto, background = "bg-color", blackAndWhite = "bw", blur, brightness, canvas, contrast
    case crop, enable, disable, dpr, fit, format, frame, height, level, metadata
    case optimise = "optimize", orient, pad, precrop, profile, quality
    case resizeFilter = "resize-filter", saturation, sharpen, trim, trimColour = "trim-color"
    case viewbox, width

    init?(name: [UInt8]) {
        guard name.count <= 13 else { return nil }
        self.init(rawValue: String(decoding: name, as: UTF8.self))
    }
}
