/// Why a request head was refused. Always the client's; the connection cannot go on after it.
package enum RequestFault: Error, Equatable, Sendable, CaseIterable {
    /// More than two empty lines before the request line.
    case emptyLines
    /// A CR without LF behind it.
    case bareCarriageReturn
    /// An LF without CR before it.
    case bareLineFeed
    /// The method is no token.
    case badMethod
    case methodTooLong
    /// CONNECT and TRACE.
    case methodNotAllowed
    /// No form that RFC 9112 §3.2 knows, or bytes that no target has.
    case badTarget
    case targetTooLong
    /// Not "HTTP/1." and a digit, or no version at all.
    case badVersion
    /// A major version above 1.
    case unsupportedVersion
    /// A line that begins with white space.
    case foldedLine
    /// No token, or not directly followed by a colon.
    case badFieldName
    /// A control byte.
    case badFieldValue
    case headTooLong
    case tooManyLines
    case missingHost
    case repeatedHost
    case badHost
    case badContentLength
    case repeatedContentLength
    /// Content-Length beside Transfer-Encoding.
    case lengthAndCoding
    /// No list of codings, or one in which "chunked" is not last and alone.
    case badTransferCoding
    case unknownTransferCoding
    /// Transfer-Encoding in HTTP/1.0.
    case codingInHTTP10

    /// The answer that it earns.
    package var status: UInt16 {
        switch self {
        case .methodNotAllowed: 405
        case .targetTooLong: 414
        case .headTooLong, .tooManyLines: 431
        case .methodTooLong, .unknownTransferCoding: 501
        case .unsupportedVersion: 505
        case .emptyLines, .bareCarriageReturn, .bareLineFeed, .badMethod, .badTarget, .badVersion,
            .foldedLine, .badFieldName, .badFieldValue, .missingHost, .repeatedHost, .badHost,
            .badContentLength, .repeatedContentLength, .lengthAndCoding, .badTransferCoding,
            .codingInHTTP10:
            400
        }
    }

    init(_ fault: FieldSectionFault) {
        self =
            switch fault {
            case .bareCarriageReturn: .bareCarriageReturn
            case .bareLineFeed: .bareLineFeed
            case .foldedLine: .foldedLine
            case .badName: .badFieldName
            case .badValue: .badFieldValue
            case .tooLong: .headTooLong
            case .tooManyLines: .tooManyLines
            }
    }
}
