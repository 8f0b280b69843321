internal import PorticoBytes

/// Which of the newer formats a client names in `Accept`. A wildcard names none, and q=0 refuses
/// (RFC 9110 §12.4.2).
package struct AcceptedImages: Equatable, Sendable {
    package var avif = false
    package var webp = false

    package static let none = AcceptedImages()

    package init() {}

    /// Takes in one line of the field; a later word on a type replaces an earlier one.
    package mutating func add(_ line: Span<UInt8>) {
        _ = line.forEachPart(of: 0x2C) { member in
            let semicolon = member.firstIndex(of: 0x3B) ?? member.count
            let type = member.extracting(..<semicolon).trimmingOWS
            let isAVIF = type.equalsFolded("image/avif")
            guard isAVIF || type.equalsFolded("image/webp") else { return true }
            let isWanted = !Self.isRefused(member.extracting(semicolon...))
            if isAVIF { avif = isWanted } else { webp = isWanted }
            return true
        }
    }

    private static func isRefused(_ parameters: Span<UInt8>) -> Bool {
        var refuses = false
        _ = parameters.forEachPart(of: 0x3B) { part in
            let part = part.trimmingOWS
            guard part.count > 2, part[0] | 0x20 == 0x71, part[1] == 0x3D else { return true }
            if let weight = FixedPoint(part.extracting(2...)) { refuses = weight <= .zero }
            return true
        }
        return refuses
    }
}

/// What a client says of its screen and its line (`client_hints`).
package struct ImageHints: Equatable, Sendable {
    package var dpr: FixedPoint?
    /// In pixels.
    package var width: Int?
    package var savesData = false

    package init() {}

    package mutating func take(dpr value: Span<UInt8>) { dpr = FixedPoint(value.trimmingOWS) }

    package mutating func take(width value: Span<UInt8>) {
        width = value.trimmingOWS.decimal.map { Int(min($0, 1_000_000)) }
    }

    package mutating func take(saveData value: Span<UInt8>) {
        savesData = value.trimmingOWS.equalsFolded("on")
    }
}
