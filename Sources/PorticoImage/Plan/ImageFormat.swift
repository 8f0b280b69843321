internal import PorticoBytes

/// The formats that are read and written.
package enum ImageFormat: UInt8, CaseIterable, Sendable {
    case jpeg = 1
    case png, webp, gif, avif

    /// As `Fastly-IO-Info` and media types name it.
    package var name: StaticString {
        switch self {
        case .jpeg: "jpeg"
        case .png: "png"
        case .webp: "webp"
        case .gif: "gif"
        case .avif: "avif"
        }
    }

    package var mediaType: StaticString {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        case .gif: "image/gif"
        case .avif: "image/avif"
        }
    }

    package var carriesAlpha: Bool { self != .jpeg }
    package var carriesFrames: Bool { self == .gif || self == .webp }

    /// How many first bytes of a file decide.
    package static let signatureLength = 32

    /// The format that a file's first bytes announce; its name and type never count.
    package init?(signature: Span<UInt8>) {
        func starts(_ text: [UInt8], at offset: Int = 0) -> Bool {
            guard signature.count >= offset + text.count else { return false }
            return signature.extracting(offset..<(offset + text.count)).equals(text.span)
        }
        if starts([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if starts(Array("GIF87a".utf8)) || starts(Array("GIF89a".utf8)) {
            self = .gif
        } else if starts(Array("RIFF".utf8)), starts(Array("WEBP".utf8), at: 8) {
            self = .webp
        } else if starts(Array("ftyp".utf8), at: 4) {
            // ISO BMFF: the major brand or one of the compatible brands, as far as they are here.
            var offset = 8
            while offset + 4 <= min(signature.count, Self.signatureLength) {
                if starts(Array("avif".utf8), at: offset) || starts(Array("avis".utf8), at: offset)
                {
                    self = .avif
                    return
                }
                offset += offset == 8 ? 8 : 4
            }
            return nil
        } else {
            return nil
        }
    }
}
