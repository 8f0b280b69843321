/// What a transformation leaves alone.
extension Transformation {
    /// A value without any of these kinds of bytes comes out as it went in.
    var touches: ByteKinds {
        switch self {
        case .base64Decode, .base64DecodeExt, .base64Encode, .hexDecode, .hexEncode, .length, .md5,
            .parityEven7bit, .parityOdd7bit, .parityZero7bit, .sha1, .sqlHexDecode, .urlEncode:
            .everything
        case .cmdLine: [.space, .controls, .capitals, ByteKinds("\"'\\^,;")]
        case .compressWhitespace, .trim, .trimLeft, .trimRight: [.space, .controls]
        case .removeWhitespace: [.space, .controls, .high]
        case .cssDecode, .escapeSeqDecode, .jsDecode: ByteKinds("\\")
        case .htmlEntityDecode: ByteKinds("&")
        case .lowercase: .capitals
        case .uppercase: .letters
        case .normalizePath: ByteKinds("/.")
        case .normalizePathWin: ByteKinds("/.\\")
        case .removeComments, .removeCommentsChar: ByteKinds("/<-#")
        case .replaceComments: ByteKinds("/")
        case .removeNulls, .replaceNulls: .controls
        case .urlDecode, .urlDecodeUni: ByteKinds("%+")
        case .utf8toUnicode: .high
        }
    }
}
