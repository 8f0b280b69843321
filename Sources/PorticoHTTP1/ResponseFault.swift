/// Why an origin's response head was refused. Always the origin's; all earn a 502, and the
/// connection cannot go on.
package enum ResponseFault: Error, Equatable, Sendable, CaseIterable {
    case bareCarriageReturn
    case bareLineFeed
    /// Not "HTTP/1." and a digit, and three digits behind a space.
    case badStatusLine
    /// A version that is not 1.x.
    case unsupportedVersion
    /// Below 100 or above 599.
    case badStatus
    /// A control byte.
    case badReason
    case foldedLine
    case badFieldName
    case badFieldValue
    case headTooLong
    case tooManyLines
    /// No number, or several that differ.
    case badContentLength
    /// Content-Length beside Transfer-Encoding.
    case lengthAndCoding
    case badTransferCoding
    case unknownTransferCoding
    /// Transfer-Encoding in HTTP/1.0.
    case codingInHTTP10

    package var status: UInt16 { 502 }

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
