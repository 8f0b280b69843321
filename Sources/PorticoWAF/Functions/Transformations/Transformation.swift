/// What `t:NAME` does to a value before an operator sees it.
///
/// A function from bytes to bytes; only ASCII is case-folded. `t:none` is none of them: it empties
/// the list of a rule. The sources of each rule are ModSecurity's manual and measurements of
/// libmodsecurity 3.0.9, whose oddities are left out where they lose bytes.
package enum Transformation: UInt8, CaseIterable, Sendable {
    case base64Decode, base64DecodeExt, base64Encode, cmdLine, compressWhitespace, cssDecode
    case escapeSeqDecode, hexDecode, hexEncode, htmlEntityDecode, jsDecode, length, lowercase, md5
    case normalizePath, normalizePathWin, parityEven7bit, parityOdd7bit, parityZero7bit
    case removeComments, removeCommentsChar, removeNulls, removeWhitespace, replaceComments
    case replaceNulls, sha1, sqlHexDecode, trim, trimLeft, trimRight, uppercase, urlDecode
    case urlDecodeUni, urlEncode, utf8toUnicode

    /// By its name in SecLang, whatever its case; the British spellings too.
    package init?(named name: String) {
        guard let found = Self.names[name.lowercased()] else { return nil }
        self = found
    }

    /// As SecLang writes it.
    package var name: String { "\(self)" }

    private static let names: [String: Transformation] = {
        var names = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name.lowercased(), $0) })
        names["normalisepath"] = .normalizePath
        names["normalisepathwin"] = .normalizePathWin
        return names
    }()

    /// Writes the transformed bytes over `output` and returns true; or returns false, `output` left
    /// as it was, if they would be those of `input`.
    ///
    /// What changes nothing, which is most of what arrives, is found by looking at eight bytes at
    /// a time. Allocates only where `output` has less room than is needed: at most four bytes for
    /// one of the input, and 40.
    package func apply(to input: Span<UInt8>, into output: inout [UInt8]) -> Bool {
        switch self {
        case .base64Decode: Base64.decode(input, skippingOthers: false, into: &output)
        case .base64DecodeExt: Base64.decode(input, skippingOthers: true, into: &output)
        case .base64Encode: Base64.encode(input, into: &output)
        case .cmdLine: CommandLineText.normalize(input, into: &output)
        case .compressWhitespace: Blanks.compress(input, into: &output)
        case .cssDecode: Escapes.decodeCSS(input, into: &output)
        case .escapeSeqDecode: Escapes.decodeC(input, into: &output)
        case .hexDecode: Hexadecimal.decode(input, into: &output)
        case .hexEncode: Hexadecimal.encode(input, into: &output)
        case .htmlEntityDecode: HTMLEntities.decode(input, into: &output)
        case .jsDecode: Escapes.decodeJavaScript(input, into: &output)
        case .length: Digests.length(of: input, into: &output)
        case .lowercase: LetterCase.lower(input, into: &output)
        case .md5: Digests.md5(of: input, into: &output)
        case .normalizePath: PathText.normalize(input, windows: false, into: &output)
        case .normalizePathWin: PathText.normalize(input, windows: true, into: &output)
        case .parityEven7bit: Parity.even.apply(to: input, into: &output)
        case .parityOdd7bit: Parity.odd.apply(to: input, into: &output)
        case .parityZero7bit: Parity.zero.apply(to: input, into: &output)
        case .removeComments: CommentText.remove(input, into: &output)
        case .removeCommentsChar: CommentText.removeMarks(input, into: &output)
        case .removeNulls: Blanks.removeNulls(input, into: &output)
        case .removeWhitespace: Blanks.remove(input, into: &output)
        case .replaceComments: CommentText.replace(input, into: &output)
        case .replaceNulls: Blanks.replaceNulls(input, into: &output)
        case .sha1: Digests.sha1(of: input, into: &output)
        case .sqlHexDecode: Hexadecimal.decodeSQL(input, into: &output)
        case .trim: Blanks.trim(input, left: true, right: true, into: &output)
        case .trimLeft: Blanks.trim(input, left: true, right: false, into: &output)
        case .trimRight: Blanks.trim(input, left: false, right: true, into: &output)
        case .uppercase: LetterCase.raise(input, into: &output)
        case .urlDecode: URLText.decode(input, unicode: false, into: &output)
        case .urlDecodeUni: URLText.decode(input, unicode: true, into: &output)
        case .urlEncode: URLText.encode(input, into: &output)
        case .utf8toUnicode: UnicodeText.escape(input, into: &output)
        }
    }
}
