internal import PorticoBytes
internal import PorticoHTTP

/// Reads field lines up to and with the empty line that ends them (RFC 9112 §5): of requests,
/// responses and trailers.
///
/// Line folding, lone CR or LF, control bytes, white space around the name: each of them has been
/// read differently by two programs in a row, so each of them is a fault (RFC 9112 §2.2, §5.1, §5.2).
///
///     start --byte--> name --":"--> value --CRLF--> start
///       '--CRLF--> end
struct FieldSectionReader {
    private enum Phase { case start, name, value }

    private var phase = Phase.start
    /// All bytes before this one have been looked at.
    private var position: Int
    private var nameStart = 0
    private var nameEnd = 0

    /// `position`: where the first line begins in the input.
    init(from position: Int) { self.position = position }

    /// Where the section ends, or nil if more bytes are needed. `input` begins at the same byte in
    /// each call; the lines' ranges count from it. Which fault is found does not depend on
    /// where the input was cut.
    mutating func read(
        _ input: Span<UInt8>, into fields: inout Fields, limits: HeadLimits
    ) throws(FieldSectionFault) -> Int? {
        let end = min(input.count, limits.bytes)
        var index = position
        scan: while index < end {
            switch phase {
            case .start:
                let byte = input[index]
                if byte == 0x0D {
                    if index + 1 >= end { break scan }
                    guard input[index + 1] == 0x0A else { throw .bareCarriageReturn }
                    return index + 2
                }
                if byte == 0x20 || byte == 0x09 { throw .foldedLine }
                if fields.count == limits.lines { throw .tooManyLines }
                nameStart = index
                phase = .name

            case .name:
                index = input.firstNonToken(from: index, to: end)
                if index == end { break scan }
                guard input[index] == 0x3A, index > nameStart else {
                    throw input[index] == 0x0A ? .bareLineFeed : .badName
                }
                nameEnd = index
                index += 1
                phase = .value

            case .value:
                index = input.firstControl(from: index, to: end)
                if index == end { break scan }
                if input[index] == 0x09 {
                    index += 1
                    continue
                }
                guard input[index] == 0x0D else {
                    throw input[index] == 0x0A ? .bareLineFeed : .badValue
                }
                if index + 1 >= end { break scan }
                guard input[index + 1] == 0x0A else { throw .bareCarriageReturn }
                append(input, valueEnd: index, to: &fields)
                index += 2
                phase = .start
            }
        }
        if input.count >= limits.bytes { throw .tooLong }
        position = index
        return nil
    }

    @inline(__always)
    private func append(_ input: Span<UInt8>, valueEnd: Int, to fields: inout Fields) {
        var lower = nameEnd + 1
        var upper = valueEnd
        while lower < upper, input[lower] == 0x20 || input[lower] == 0x09 { lower += 1 }
        while upper > lower, input[upper - 1] == 0x20 || input[upper - 1] == 0x09 { upper -= 1 }
        fields.append(
            Fields.Line(
                name: FieldName(input.extracting(nameStart..<nameEnd)),
                nameRange: ByteRange(nameStart, nameEnd), valueRange: ByteRange(lower, upper)))
    }
}

/// What is wrong with field lines, whoever sent them.
enum FieldSectionFault: Error, Equatable {
    case bareCarriageReturn, bareLineFeed, foldedLine, badName, badValue, tooLong, tooManyLines
}
