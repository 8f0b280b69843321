/// What is odd about a multipart body. A server behind may read such a body otherwise than a rule
/// does, which is how uploads are smuggled past.
package struct MultipartFlags: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// `MULTIPART_DATA_BEFORE`: bytes before the first boundary.
    package static let dataBefore = MultipartFlags(rawValue: 1 << 0)
    /// `MULTIPART_DATA_AFTER`: bytes after the last boundary.
    package static let dataAfter = MultipartFlags(rawValue: 1 << 1)
    /// `MULTIPART_BOUNDARY_QUOTED`: in the Content-Type.
    package static let boundaryQuoted = MultipartFlags(rawValue: 1 << 2)
    /// `MULTIPART_BOUNDARY_WHITESPACE`: beside the `=` in the Content-Type.
    package static let boundaryWhitespace = MultipartFlags(rawValue: 1 << 3)
    /// `MULTIPART_HEADER_FOLDING`: a part's header line goes on in the next.
    package static let headerFolding = MultipartFlags(rawValue: 1 << 4)
    /// `MULTIPART_INVALID_HEADER_FOLDING`: after another blank than space and tab.
    package static let invalidHeaderFolding = MultipartFlags(rawValue: 1 << 5)
    /// `MULTIPART_LF_LINE`: a boundary or header line ends with LF alone.
    package static let lfLine = MultipartFlags(rawValue: 1 << 6)
    /// `MULTIPART_CRLF_LINE`: one ends with CRLF, as it should.
    package static let crlfLine = MultipartFlags(rawValue: 1 << 7)
    /// `MULTIPART_MISSING_SEMICOLON`: between parameters.
    package static let missingSemicolon = MultipartFlags(rawValue: 1 << 8)
    /// `MULTIPART_INVALID_QUOTING`: single quotes, or quotes within a parameter.
    package static let invalidQuoting = MultipartFlags(rawValue: 1 << 9)
    /// `MULTIPART_INVALID_PART`: no name, two names, `filename*`.
    package static let invalidPart = MultipartFlags(rawValue: 1 << 10)
    /// `MULTIPART_FILE_LIMIT_EXCEEDED`: more files than allowed.
    package static let fileLimitExceeded = MultipartFlags(rawValue: 1 << 11)
    /// `MULTIPART_UNMATCHED_BOUNDARY`: a line looks like another boundary. Not strict.
    package static let unmatchedBoundary = MultipartFlags(rawValue: 1 << 12)
    /// There is no boundary that can be used. Strict, without a variable of its own.
    package static let noBoundary = MultipartFlags(rawValue: 1 << 13)

    /// `MULTIPART_CRLF_LF_LINES`.
    package var hasMixedLines: Bool { isSuperset(of: [.lfLine, .crlfLine]) }

    /// `MULTIPART_STRICT_ERROR`.
    package var isStrictError: Bool {
        !subtracting([.crlfLine, .unmatchedBoundary]).isEmpty
    }
}
