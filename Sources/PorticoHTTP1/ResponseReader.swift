internal import PorticoBytes
package import PorticoHTTP

/// Reads one response head of an origin, interim ones included (RFC 9112 §4, §5).
///
/// The same rules of use as `RequestReader`. No empty line is ignored before the status line:
/// bytes between responses mean that the two sides disagree about where the last one ended.
package struct ResponseReader: Sendable {
    package enum Progress: Equatable, Sendable {
        case needsMore
        case head(consumed: Int)
    }

    private enum Phase { case status, reason, fields }

    private let limits: HeadLimits
    private var phase = Phase.status
    private var position = 0
    private var fields = FieldSectionReader(from: 0)

    package init(limits: HeadLimits) { self.limits = limits }

    package mutating func reset() { self = ResponseReader(limits: limits) }

    package mutating func read(
        _ input: Span<UInt8>, into head: inout ResponseHead
    ) throws(ResponseFault) -> Progress {
        if phase != .fields {
            if position == 0 { head.reset() }
            guard try readLine(input, into: &head) else {
                if input.count >= limits.bytes { throw .headTooLong }
                return .needsMore
            }
        }
        let end: Int?
        do throws(FieldSectionFault) {
            end = try fields.read(input, into: &head.fields, limits: limits)
        } catch {
            throw ResponseFault(error)
        }
        guard let end else { return .needsMore }
        _ = head.fields.adopt(input.extracting(..<end))
        try head.settleContentLength()
        return .head(consumed: end)
    }

    /// Whether the line is complete.
    private mutating func readLine(
        _ input: Span<UInt8>, into head: inout ResponseHead
    ) throws(ResponseFault) -> Bool {
        let end = min(input.count, limits.bytes)
        while phase == .status, position < end {
            try readStatus(input, into: &head)
        }
        guard phase != .status else { return false }
        while true {
            position = input.firstControl(from: position, to: end)
            guard position < end else { return false }
            if input[position] == 0x09, position > 12 {
                position += 1
                continue
            }
            guard input[position] == 0x0D else {
                throw input[position] == 0x0A ? .bareLineFeed : .badReason
            }
            guard position + 1 < end else { return false }
            guard input[position + 1] == 0x0A else { throw .bareCarriageReturn }
            head.reason = ByteRange(min(13, position), position)
            fields = FieldSectionReader(from: position + 2)
            phase = .fields
            return true
        }
    }

    /// One byte of "HTTP/1.1 200" and what directly follows.
    private mutating func readStatus(
        _ input: Span<UInt8>, into head: inout ResponseHead
    ) throws(ResponseFault) {
        let byte = input[position]
        let fits =
            switch position {
            case 0: byte == 0x48
            case 1, 2: byte == 0x54
            case 3: byte == 0x50
            case 4: byte == 0x2F
            case 6: byte == 0x2E
            case 8: byte == 0x20
            // Without a reason, the space before it is often left out; RFC 9112 §4 wants it.
            case 12: byte == 0x20 || byte == 0x0D
            default: ASCII.isDigit(byte)
            }
        guard fits else { throw byte == 0x0A ? .bareLineFeed : .badStatusLine }
        if position == 12 {
            guard input[5] == 0x31 else { throw .unsupportedVersion }
            head.version = input[7] == 0x30 ? .http10 : .http11
            let hundreds = UInt16(input[9] &- 0x30)
            // RFC 9110 §15: above 599 is no class of status that anybody could act upon.
            guard (1...5).contains(hundreds) else { throw .badStatus }
            head.status =
                hundreds * 100 + UInt16(input[10] &- 0x30) * 10 + UInt16(input[11] &- 0x30)
            phase = .reason
            if byte == 0x0D { return }
        }
        position += 1
    }
}
