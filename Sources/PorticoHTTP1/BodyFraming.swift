internal import PorticoBytes
internal import PorticoHTTP

/// How long a body is and who says so (RFC 9112 §6.3).
package enum BodyFraming: Equatable, Sendable {
    case none
    case length(UInt64)
    case chunked
    /// Only in responses.
    case untilClose
}

/// What the Transfer-Encoding lines of a head say (RFC 9112 §6.1).
enum TransferCoding: Equatable {
    case absent
    case chunked
    /// A list of codings that we do not know.
    case unknown
    /// No list of tokens, more lines than one, or "chunked" somewhere but last or twice.
    case malformed

    init(_ fields: borrowing Fields) {
        guard let index = fields.firstIndex(of: .transferEncoding) else {
            self = .absent
            return
        }
        guard fields.firstIndex(of: .transferEncoding, from: index + 1) == nil else {
            self = .malformed
            return
        }
        self = Self.judge(fields.value(at: index))
    }

    private static func judge(_ value: Span<UInt8>) -> TransferCoding {
        if value.equalsFolded("chunked") { return .chunked }
        var sawChunked = false
        var start = 0
        while start <= value.count {
            let end = value.firstIndex(of: 0x2C, from: start) ?? value.count
            let member = value.extracting(start..<end).trimmingOWS
            if member.isEmpty || sawChunked { return .malformed }
            for index in member.indices where !ASCII.isTokenByte(member[index]) {
                return .malformed
            }
            sawChunked = member.equalsFolded("chunked")
            start = end + 1
        }
        return .unknown
    }
}
