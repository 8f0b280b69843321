internal import PorticoBytes
internal import PorticoHTTP

/// What a field line may be made of (RFC 9113 §8.2.1), no wider than what HTTP/1.1's reader takes:
/// whatever goes on to an origin is written as text again.
enum FieldRules {
    /// A token (RFC 9110 §5.6.2) without capital letters.
    static func isName(_ name: Span<UInt8>) -> Bool {
        guard !name.isEmpty, name.firstNonToken(from: 0, to: name.count) == name.count else {
            return false
        }
        for index in name.indices where name[index] &- 0x41 < 26 { return false }
        return true
    }

    /// No control byte but the tab, and no white space at either end.
    static func isValue(_ value: Span<UInt8>) -> Bool {
        if value.isEmpty { return true }
        if isWhiteSpace(value[0]) || isWhiteSpace(value[value.count - 1]) { return false }
        var index = value.firstControl(from: 0, to: value.count)
        while index < value.count {
            if value[index] != 0x09 { return false }
            index = value.firstControl(from: index + 1, to: value.count)
        }
        return true
    }

    /// RFC 9113 §8.2.2: what speaks of one connection has no place here.
    static func isForbidden(_ name: FieldName, _ value: Span<UInt8>) -> Bool {
        switch name {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade,
            .http2Settings:
            true
        case .te: !value.equalsFolded("trailers")
        default: false
        }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

/// Why a header section was refused. For requests, the answer that it earns is what HTTP/1.1's
/// reader would give.
package enum HeadFault: Error, Equatable, Sendable, CaseIterable {
    case tooLong, tooManyLines
    case badFieldName, badFieldValue
    /// A field of RFC 9113 §8.2.2.
    case connectionField
    /// Unknown, twice, missing, out of place, or not what it should be (RFC 9113 §8.3).
    case badPseudoField
    case badMethod, methodTooLong
    /// CONNECT (but for RFC 8441's) and TRACE.
    case methodNotAllowed
    case badTarget, targetTooLong
    /// No authority, no Host; two Hosts; or the one does not say what the other says.
    case badAuthority
    case badContentLength
    /// A response without a status, or with one that there is not.
    case badStatus

    package var status: UInt16 {
        switch self {
        case .tooLong, .tooManyLines: 431
        case .methodTooLong: 501
        case .methodNotAllowed: 405
        case .targetTooLong: 414
        case .badFieldName, .badFieldValue, .connectionField, .badPseudoField, .badMethod,
            .badTarget, .badAuthority, .badContentLength, .badStatus:
            400
        }
    }
}
