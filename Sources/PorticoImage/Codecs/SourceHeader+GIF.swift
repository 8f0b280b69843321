extension SourceHeader {
    mutating func readGIF(_ bytes: SourceBytes) throws(ImageFailure) {
        guard let width = bytes.little16(6), let height = bytes.little16(8) else {
            throw .unparsable
        }
        source.width = width
        source.height = height
        source.isLossless = true
        source.frames = 0
        let area = width * height
        decoderBytes = area * 8 + 200_000
        isWhole = GIFBlocks.forEach(in: bytes) { block in
            switch block.kind {
            case .image(let covers):
                source.frames += 1
                // Beside the first frame lies what no frame has drawn.
                if source.frames == 1, covers != area { source.hasAlpha = true }
            case .control(let flags):
                if flags & 1 != 0 || flags >> 2 & 7 == 2 { source.hasAlpha = true }
            case .loop(let times): loop = times
            case .other: break
            }
            return true
        }
        guard source.frames > 0 else { throw .unparsable }
    }
}

/// The blocks of a GIF file behind its screen descriptor.
enum GIFBlocks {
    struct Block {
        enum Kind {
            /// With its area.
            case image(Int)
            /// A graphic control extension's flags.
            case control(UInt8)
            /// How often the animation is shown; 0 for ever.
            case loop(Int)
            /// A comment, text, or an application's data.
            case other
        }

        var kind: Kind
        var range: Range<Int>
    }

    /// The length of the header with the global palette; nil when the file is shorter.
    static func headerLength(_ bytes: SourceBytes) -> Int? {
        guard let flags = bytes[10], bytes.count > 13 else { return nil }
        return 13 + (flags & 0x80 != 0 ? 3 << (Int(flags & 7) + 1) : 0)
    }

    /// Calls `body` with each block until it answers false, or the trailer or the end comes; whether
    /// it was the trailer. An image that is cut off is still told.
    @discardableResult
    static func forEach(in bytes: SourceBytes, _ body: (Block) -> Bool) -> Bool {
        guard var at = headerLength(bytes) else { return false }
        while let mark = bytes[at] {
            let start = at
            let kind: Block.Kind
            switch mark {
            case 0x2C:
                guard let width = bytes.little16(at + 5), let height = bytes.little16(at + 7),
                    let flags = bytes[at + 9]
                else { return false }
                kind = .image(width * height)
                at += 10 + (flags & 0x80 != 0 ? 3 << (Int(flags & 7) + 1) : 0) + 1
            case 0x21:
                guard let label = bytes[at + 1] else { return false }
                if label == 0xF9, let flags = bytes[at + 3] {
                    kind = .control(flags)
                } else if label == 0xFF,
                    bytes.has("NETSCAPE2.0", at: at + 3) || bytes.has("ANIMEXTS1.0", at: at + 3),
                    bytes[at + 15] == 1, let times = bytes.little16(at + 16)
                {
                    kind = .loop(times)
                } else {
                    kind = .other
                }
                at += 2
            case 0x3B: return true
            default:
                // Bytes that belong nowhere; decoders pass over them.
                at += 1
                continue
            }
            while let length = bytes[at], length > 0 { at += Int(length) + 1 }
            at += 1
            if !body(Block(kind: kind, range: start..<min(at, bytes.count))) { return false }
        }
        return false
    }
}
