internal import PorticoBytes

/// Finds the heads of the frames in what a client sends (RFC 9113 §4.1), however it was cut.
///
/// The library does not tell of every frame: those for streams that are over, and those of types
/// that it does not know, it skips. They cost as much to read as others, and are counted here.
struct FrameWalker {
    struct Head: Equatable {
        let type: FrameType?
        let flags: UInt8
        let length: Int
        let stream: Int32

        var endsSection: Bool { flags & 4 != 0 }
    }

    private static let headBytes = 9
    private static let prefaceBytes = 24

    /// Bytes until the next head begins: of the preface, or of a frame's payload.
    private var skip = Self.prefaceBytes
    private var held: InlineArray<9, UInt8> = .init(repeating: 0)
    private var heldCount = 0
    /// A HEADERS frame has begun, and the frame that ends its section has not.
    private(set) var isWithinSection = false
    /// The payload that is skipped is the last of a section.
    private var endsSection = false

    /// Whether a header section has begun of which not all has come.
    var hasOpenSection: Bool { isWithinSection || endsSection && skip > 0 }

    /// The next head that is complete. `index` stands behind it, and then behind all of `bytes`.
    mutating func next(in bytes: Span<UInt8>, from index: inout Int) -> Head? {
        let skipped = min(skip, bytes.count - index)
        skip -= skipped
        index += skipped
        if skip > 0 { return nil }
        if heldCount == 0, bytes.count - index >= Self.headBytes {
            let head = Self.head(bytes.extracting(index..<index + Self.headBytes))
            index += Self.headBytes
            return note(head)
        }
        while index < bytes.count {
            held[heldCount] = bytes[index]
            heldCount += 1
            index += 1
            if heldCount == Self.headBytes {
                heldCount = 0
                return note(Self.head(held.span))
            }
        }
        return nil
    }

    private static func head(_ bytes: Span<UInt8>) -> Head {
        let length = Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
        var stream = UInt32(bytes[5] & 0x7F) << 24 | UInt32(bytes[6]) << 16
        stream |= UInt32(bytes[7]) << 8 | UInt32(bytes[8])
        return Head(
            type: FrameType(rawValue: bytes[3]), flags: bytes[4], length: length,
            stream: Int32(truncatingIfNeeded: stream))
    }

    private mutating func note(_ head: Head) -> Head {
        skip = head.length
        switch head.type {
        case .headers, .continuation:
            isWithinSection = !head.endsSection
            endsSection = head.endsSection
        default: endsSection = false
        }
        return head
    }
}
