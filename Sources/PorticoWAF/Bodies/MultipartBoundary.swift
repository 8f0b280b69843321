internal import PorticoBytes

/// The boundary parameter of a multipart Content-Type (RFC 2046 §5.1.1).
///
/// Whatever a server could read in two ways is a fault: two boundaries, other case, quotes that
/// do not close, bytes that no boundary has.
struct MultipartBoundary {
    private(set) var text: [UInt8] = []
    private(set) var flags = MultipartFlags()

    init(contentType: Span<UInt8>) throws(BodyFault) {
        var index = 0
        // The type itself.
        while index < contentType.count, contentType[index] != 0x3B,
            contentType[index] != 0x2C, !Blanks.isBlank(contentType[index])
        { index &+= 1 }
        var isFound = false
        while true {
            let gap = index
            var hasSemicolon = false
            while index < contentType.count,
                Blanks.isBlank(contentType[index]) || contentType[index] == 0x3B
            {
                if contentType[index] == 0x3B { hasSemicolon = true }
                index &+= 1
            }
            if index == contentType.count { break }
            if index == gap { throw Self.fault("something stands between parameters", index) }
            if !hasSemicolon { flags.insert(.missingSemicolon) }
            let start = index
            while index < contentType.count, ASCII.isTokenByte(contentType[index]) { index &+= 1 }
            let name = contentType.extracting(start..<index)
            if name.isEmpty { throw Self.fault("a parameter has no name", index) }
            let isBoundary = name.equalsFolded("boundary")
            var hasBlank = skipBlanks(contentType, &index)
            guard index < contentType.count, contentType[index] == 0x3D else {
                throw Self.fault("a parameter has no value", index)
            }
            index &+= 1
            hasBlank = skipBlanks(contentType, &index) || hasBlank
            let value = try Self.value(contentType, &index)
            if !isBoundary {
                // Servers that look for the word alone would find it here.
                if Self.mentionsBoundary(name) || Self.mentionsBoundary(value.bytes.span) {
                    throw Self.fault("more than one boundary", start)
                }
                continue
            }
            if isFound { throw Self.fault("more than one boundary", start) }
            isFound = true
            if !name.equals("boundary") { throw Self.fault("boundary in other case", start) }
            if hasBlank { flags.insert(.boundaryWhitespace) }
            if value.isQuoted { flags.insert(.boundaryQuoted) }
            text = value.bytes
        }
        if !isFound { throw Self.fault("no boundary", contentType.count) }
        // RFC 2046: 1 to 70 characters of this set, the last of them no space.
        guard (1...70).contains(text.count), text.last != 0x20,
            text.allSatisfy(Self.isBoundaryByte)
        else { throw Self.fault("a boundary that cannot be one", 0) }
    }

    static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x27...0x29, 0x2B...0x2F, 0x3A, 0x3D, 0x3F, 0x5F: true
        default: ASCII.isDigit(byte) || ASCII.isLetter(byte)
        }
    }

    private static func value(
        _ text: Span<UInt8>, _ index: inout Int
    ) throws(BodyFault) -> (bytes: [UInt8], isQuoted: Bool) {
        var bytes: [UInt8] = []
        guard index < text.count, text[index] == 0x22 else {
            while index < text.count, text[index] != 0x3B, text[index] != 0x2C,
                !Blanks.isBlank(text[index])
            {
                if text[index] == 0x22 { throw fault("a quote within a parameter", index) }
                bytes.append(text[index])
                index &+= 1
            }
            return (bytes, false)
        }
        index &+= 1
        while index < text.count, text[index] != 0x22 {
            if text[index] == 0x5C { throw fault("a backslash within a parameter", index) }
            bytes.append(text[index])
            index &+= 1
        }
        if index == text.count { throw fault("a quote that does not close", index) }
        index &+= 1
        return (bytes, true)
    }

    private func skipBlanks(_ text: Span<UInt8>, _ index: inout Int) -> Bool {
        let start = index
        while index < text.count, Blanks.isBlank(text[index]) { index &+= 1 }
        return index > start
    }

    private static func mentionsBoundary(_ text: Span<UInt8>) -> Bool {
        var index = 0
        while index &+ 8 <= text.count {
            if text.extracting(index..<(index &+ 8)).equalsFolded("boundary") { return true }
            index &+= 1
        }
        return false
    }

    private static func fault(_ message: StaticString, _ offset: Int) -> BodyFault {
        BodyFault(.badBoundary, message, at: offset)
    }
}
