internal import PorticoBytes
package import PorticoHTTP

/// Reads one request head (RFC 9112 §2 to §5).
///
/// Pure: it looks at bytes that the caller holds, and copies them into the head once, when they
/// are complete. It looks at each byte once, however the input was cut.
package struct RequestReader: Sendable {
    package enum Progress: Equatable, Sendable {
        case needsMore
        /// The head is complete and took so many bytes; what follows is the body.
        case head(consumed: Int)
    }

    private enum Phase { case leading, method, target, version, lineEnd, fields }

    /// RFC 9112 §2.2 wants one empty line ignored; some clients send one after each body.
    private static let maxLeadingBytes = 4
    /// The longest registered method has 17 bytes (UPDATEREDIRECTREF).
    private static let maxMethodBytes = 64

    private var limits: HeadLimits
    private let mostBytes: Int
    private var phase = Phase.leading
    private var position = 0
    private var methodStart = 0
    private var targetStart = 0
    private var versionStart = 0
    private var fields = FieldSectionReader(from: 0)

    package init(limits: HeadLimits) {
        self.limits = limits
        mostBytes = limits.bytes
    }

    /// Whether anything but empty lines has been seen: the client began a request (408 when it
    /// does not finish), instead of just keeping the connection (closed in silence).
    package var hasBegun: Bool { phase != .leading }

    /// For the next head on the connection.
    package mutating func reset() {
        limits.bytes = mostBytes
        self = RequestReader(limits: limits)
    }

    /// Looks at what has come since the last call.
    ///
    /// `input` is everything since the last head or body ended, and begins at the same byte in
    /// each call until `.head`; `head` is the same in each call, too, and complete only then.
    /// After a fault, the reader is of no more use.
    package mutating func read(
        _ input: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestFault) -> Progress {
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
            throw RequestFault(error)
        }
        guard let end else { return .needsMore }
        _ = head.fields.adopt(input.extracting(..<end))
        try head.settleAuthority()
        return .head(consumed: end)
    }

    // MARK: - The request line

    /// Whether the line is complete.
    private mutating func readLine(
        _ input: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestFault) -> Bool {
        let end = min(input.count, limits.bytes)
        while position < end {
            switch phase {
            case .leading: if try !skipEmptyLine(input, end) { return false }
            case .method: try readMethod(input, end, into: &head)
            case .target: try readTarget(input, end)
            case .version: try readVersion(input, end)
            case .lineEnd:
                guard input[position] == 0x0D else {
                    throw input[position] == 0x0A ? .bareLineFeed : .badVersion
                }
                guard position + 1 < end else { return false }
                guard input[position + 1] == 0x0A else { throw .bareCarriageReturn }
                try judgeLine(input, into: &head)
                fields = FieldSectionReader(from: position + 2)
                phase = .fields
                return true
            case .fields: return true
            }
        }
        return false
    }

    /// False if a CR's successor has not come yet.
    private mutating func skipEmptyLine(
        _ input: Span<UInt8>, _ end: Int
    ) throws(RequestFault) -> Bool {
        switch input[position] {
        case 0x0D:
            guard position < Self.maxLeadingBytes else { throw .emptyLines }
            guard position + 1 < end else { return false }
            guard input[position + 1] == 0x0A else { throw .bareCarriageReturn }
            position += 2
        case 0x0A: throw .bareLineFeed
        default:
            methodStart = position
            phase = .method
        }
        return true
    }

    private mutating func readMethod(
        _ input: Span<UInt8>, _ end: Int, into head: inout RequestHead
    ) throws(RequestFault) {
        let bound = min(end, methodStart + Self.maxMethodBytes)
        let index = input.firstNonToken(from: position, to: bound)
        position = index
        guard index < end else { return }
        guard input[index] == 0x20, index > methodStart else {
            if input[index] == 0x0A { throw .bareLineFeed }
            throw index == bound && ASCII.isTokenByte(input[index]) ? .methodTooLong : .badMethod
        }
        head.methodRange = ByteRange(methodStart, index)
        head.method = Method(input.extracting(methodStart..<index))
        switch head.method {
        case .purge, .purgeKeys, .ban: limits.bytes = max(limits.bytes, limits.purgeBytes ?? 0)
        default: break
        }
        position = index + 1
        targetStart = position
        phase = .target
    }

    private mutating func readTarget(_ input: Span<UInt8>, _ end: Int) throws(RequestFault) {
        let bound = min(end, targetStart + limits.targetBytes)
        position = input.firstInvisible(from: position, to: bound)
        guard position < end else { return }
        switch input[position] {
        case 0x20 where position > targetStart:
            position += 1
            versionStart = position
            phase = .version
        case 0x0A: throw .bareLineFeed
        case 0x21...0x7E: throw .targetTooLong
        default: throw .badTarget
        }
    }

    /// One byte of "HTTP/1.1", or all of it; a lower-case name is another protocol's (RFC 9112 §2.3).
    private mutating func readVersion(_ input: Span<UInt8>, _ end: Int) throws(RequestFault) {
        if position == versionStart, position + 8 <= end,
            input.extracting(position..<position + 8).equals("HTTP/1.1")
        {
            position += 8
            phase = .lineEnd
            return
        }
        let byte = input[position]
        let fits =
            switch position - versionStart {
            case 0: byte == 0x48
            case 1, 2: byte == 0x54
            case 3: byte == 0x50
            case 4: byte == 0x2F
            case 5: byte &- 0x31 < 9
            case 6: byte == 0x2E
            default: ASCII.isDigit(byte)
            }
        guard fits else { throw byte == 0x0A ? .bareLineFeed : .badVersion }
        position += 1
        if position - versionStart == 8 { phase = .lineEnd }
    }

    private func judgeLine(
        _ input: Span<UInt8>, into head: inout RequestHead
    ) throws(RequestFault) {
        guard input[versionStart + 5] == 0x31 else { throw .unsupportedVersion }
        // A higher minor version promises to be readable as 1.1 (RFC 9110 §2.5).
        head.version = input[versionStart + 7] == 0x30 ? .http10 : .http11
        if head.method == .connect || head.method == .trace { throw .methodNotAllowed }
        try head.settleTarget(ByteRange(targetStart, versionStart - 1), in: input)
    }
}
