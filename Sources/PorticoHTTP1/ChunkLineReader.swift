internal import PorticoBytes

/// Reads the line before a chunk's data: its size, and extensions that nobody uses
/// (RFC 9112 §7.1, §7.1.1).
///
/// No sign, no prefix, no space before the size, and space behind it only in front of ";".
/// Whoever reads "5 " or "0x5" as 5 reads another body than the next in line.
struct ChunkLineReader: Equatable, Sendable {
    /// 64 bits; leading zeros count, so that a line of zeros has an end.
    private static let maxDigits = 16
    /// Of one line, the size included: as much as others allow for a header line.
    private static let maxLineBytes = 4096
    /// Of all lines of a body: extensions are read for nothing (CVE-2023-39326).
    private static let maxExtensionBytes = 65536

    private enum Phase { case size, space, `extension`, lineFeed }

    private var phase = Phase.size
    private var size: UInt64 = 0
    private var digits = 0
    private var bytes = 0

    /// The size once the line is complete. `index` moves behind what was read; `total` counts
    /// the bytes of the body's extensions.
    mutating func read(
        _ input: Span<UInt8>, _ index: inout Int, total: inout Int
    ) throws(BodyFault) -> UInt64? {
        while index < input.count {
            let byte = input[index]
            switch phase {
            case .size:
                if let digit = ASCII.hexadecimalValue(byte) {
                    guard digits < Self.maxDigits else { throw .badChunkSize }
                    size = size << 4 | UInt64(digit)
                    digits += 1
                } else {
                    guard digits > 0 else {
                        throw byte == 0x0A ? .bareLineFeed : .badChunkSize
                    }
                    try leaveSize(byte)
                }

            case .space:
                if byte == 0x3B {
                    phase = .extension
                } else if byte != 0x20, byte != 0x09 {
                    throw byte == 0x0A ? .bareLineFeed : .badChunkExtension
                }

            case .extension:
                if byte == 0x0D {
                    phase = .lineFeed
                } else if byte == 0x0A {
                    throw .bareLineFeed
                } else if byte < 0x20 && byte != 0x09 || byte == 0x7F {
                    throw .badChunkExtension
                }

            case .lineFeed:
                guard byte == 0x0A else { throw .bareCarriageReturn }
                index += 1
                return size
            }
            index += 1
            bytes += 1
            if phase == .extension || phase == .space {
                total += 1
                guard bytes < Self.maxLineBytes, total < Self.maxExtensionBytes else {
                    throw .chunkExtensionsTooLong
                }
            }
        }
        return nil
    }

    private mutating func leaveSize(_ byte: UInt8) throws(BodyFault) {
        switch byte {
        case 0x0D: phase = .lineFeed
        case 0x3B: phase = .extension
        case 0x20, 0x09: phase = .space
        case 0x0A: throw .bareLineFeed
        default: throw .badChunkSize
        }
    }
}
