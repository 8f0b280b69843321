/// Why a body was refused. Whose fault it is, the caller knows: a client's earns the status
/// below, an origin's a 502 or, behind a head already sent, a cut connection.
package enum BodyFault: Error, Equatable, Sendable, CaseIterable {
    /// The peer closed before the body's end.
    case truncated
    /// More decoded bytes than allowed.
    case tooLarge
    /// No hexadecimal number of at most 16 digits.
    case badChunkSize
    case bareCarriageReturn
    case bareLineFeed
    /// A control byte, or something other than an extension behind the size.
    case badChunkExtension
    /// Too many bytes of extensions, in one line or in all.
    case chunkExtensionsTooLong
    /// A chunk's data is not followed by CRLF.
    case missingChunkEnd
    /// A trailer line that is no field line.
    case badTrailer
    case trailersTooLong

    package var status: UInt16 {
        switch self {
        case .tooLarge: 413
        case .trailersTooLong: 431
        case .truncated, .badChunkSize, .bareCarriageReturn, .bareLineFeed, .badChunkExtension,
            .chunkExtensionsTooLong, .missingChunkEnd, .badTrailer:
            400
        }
    }

    init(_ fault: FieldSectionFault) {
        self =
            switch fault {
            case .bareCarriageReturn: .bareCarriageReturn
            case .bareLineFeed: .bareLineFeed
            case .foldedLine, .badName, .badValue: .badTrailer
            case .tooLong, .tooManyLines: .trailersTooLong
            }
    }
}
