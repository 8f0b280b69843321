/// What a body reader gave up for: the client's doing. What was read before stays read.
package struct BodyFault: Error, Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// The bytes are not of the format.
        case malformed
        /// They end too early; of a body that was cut off at a limit, not the client's doing.
        case unfinished
        /// Nested deeper than `BodyLimits.depth`.
        case tooDeep
        /// More pairs than `BodyLimits.pairs`.
        case tooManyPairs
        /// Names and values take more than `BodyLimits.bytes`.
        case tooLarge
        /// The Content-Type has no boundary, or no single one that is well-formed.
        case badBoundary
        /// A part of a multipart body cannot be told from its header.
        case badPart
        /// An XML document declares entities.
        case entity
    }

    package let kind: Kind
    /// A clause for `REQBODY_ERROR_MSG`.
    package let message: StaticString
    /// Where in the body, in bytes; of XML, the line, counted from 1.
    package let offset: Int

    init(_ kind: Kind, _ message: StaticString, at offset: Int) {
        self.kind = kind
        self.message = message
        self.offset = offset
    }

    package static func == (left: BodyFault, right: BodyFault) -> Bool {
        left.kind == right.kind && left.offset == right.offset
            && left.message.description == right.message.description
    }
}

/// What a body may become in memory.
package struct BodyLimits: Equatable, Sendable {
    /// Pairs in one list (`SecArgumentsLimit`).
    package var pairs = 1000
    /// Bytes of names and values in one list. A JSON leaf repeats the names of all that it stands
    /// in, so that without this a body could grow to its square.
    package var bytes = 4 << 20
    /// Levels of JSON (`SecRequestBodyJsonDepthLimit`).
    package var depth = 512

    package init() {}
}
