internal import PorticoBytes

/// The header of one part of a multipart body.
struct MultipartPart: Sendable {
    /// The lines, unfolded, one after the other.
    private(set) var text: [UInt8] = []
    /// Into `text`.
    private(set) var lines: [Range<Int>] = []
    private(set) var name: [UInt8] = []
    private(set) var fileName: [UInt8] = []
    private(set) var hasName = false
    private(set) var hasFileName = false

    /// More is no header that a browser writes.
    private static let mostLines = 32
    private static let mostBytes = 16 << 10

    /// Bytes that the part's names and header lines take, each line with the name.
    var size: Int { text.count + fileName.count + name.count * (lines.count + 1) }

    mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        name.removeAll(keepingCapacity: true)
        fileName.removeAll(keepingCapacity: true)
        hasName = false
        hasFileName = false
    }

    /// One line that is not empty.
    mutating func add(
        _ range: Range<Int>, of body: Span<UInt8>, _ flags: inout MultipartFlags
    ) throws(BodyFault) {
        let line = body.extracting(range)
        if text.count + line.count > Self.mostBytes || lines.count >= Self.mostLines {
            throw Self.fault("multipart: a part's header is too long", range.lowerBound)
        }
        let isFolded = Blanks.isBlank(line[0])
        if isFolded {
            flags.insert(.headerFolding)
            if line[0] != 0x20, line[0] != 0x09 { flags.insert(.invalidHeaderFolding) }
            if lines.isEmpty {
                throw Self.fault("multipart: a part begins with a folded line", range.lowerBound)
            }
        }
        for index in line.indices where line[index] < 0x20 && line[index] != 0x09 {
            if isFolded, index == 0 { continue }
            // ModSecurity's words: the CRS's tests look for them.
            throw Self.fault(
                "Multipart: Invalid part header (contains invalid character)",
                range.lowerBound + index)
        }
        let start = text.count
        for index in line.indices { text.append(line[index]) }
        if isFolded {
            lines[lines.count - 1] = lines[lines.count - 1].lowerBound..<text.count
            return
        }
        guard let colon = line.firstIndex(of: 0x3A), colon > 0 else {
            throw Self.fault("multipart: a header line without a name", range.lowerBound)
        }
        for index in 0..<colon where !ASCII.isTokenByte(line[index]) {
            throw Self.fault(
                "Multipart: Invalid part header (contains invalid character)",
                range.lowerBound + index)
        }
        let field = line.extracting(0..<colon)
        for earlier in lines where sameName(earlier, field) {
            throw Self.fault("multipart: a part has a header line twice", range.lowerBound)
        }
        lines.append(start..<text.count)
    }

    /// After the empty line: what the part is called.
    mutating func finish(
        in body: Span<UInt8>, _ flags: inout MultipartFlags
    ) throws(BodyFault) {
        let text = text
        for line in lines where isDisposition(line) {
            var reader = Disposition(text.span.extracting(line))
            let isSound = reader.read()
            name = reader.name ?? []
            fileName = reader.fileName ?? []
            hasName = reader.name != nil
            hasFileName = reader.fileName != nil
            flags.formUnion(reader.flags)
            if !isSound || !hasName {
                flags.insert(.invalidPart)
                throw Self.fault("multipart: a Content-Disposition that cannot be read", 0)
            }
            return
        }
        flags.insert(.invalidPart)
        throw Self.fault("multipart: a part without Content-Disposition", 0)
    }

    private func isDisposition(_ line: Range<Int>) -> Bool {
        let line = text.span.extracting(line)
        guard let colon = line.firstIndex(of: 0x3A) else { return false }
        return line.extracting(0..<colon).equalsFolded("content-disposition")
    }

    private func sameName(_ line: Range<Int>, _ field: Span<UInt8>) -> Bool {
        let line = text.span.extracting(line)
        return line.count > field.count && line[field.count] == 0x3A
            && line.extracting(first: field.count).equalsFolded(field)
    }

    private static func fault(_ message: StaticString, _ offset: Int) -> BodyFault {
        BodyFault(.badPart, message, at: offset)
    }
}

/// `Content-Disposition: form-data; name="…"; filename="…"`.
struct Disposition: ~Escapable {
    private let line: Span<UInt8>
    private var index = 0
    private(set) var name: [UInt8]?
    private(set) var fileName: [UInt8]?
    private(set) var flags = MultipartFlags()

    @_lifetime(copy line)
    init(_ line: Span<UInt8>) { self.line = line }

    /// False where it is none: then servers will differ over it.
    @_lifetime(self: copy self)
    mutating func read() -> Bool {
        index = (line.firstIndex(of: 0x3A) ?? 0) + 1
        skipBlanks()
        let end = min(line.count, index + 9)
        guard line.extracting(index..<end).equals("form-data") else { return false }
        index = end
        skipBlanks()
        if index < line.count, line[index] != 0x3B { return false }
        index &+= 1
        while true {
            skipBlanks()
            if index >= line.count { return true }
            let start = index
            while index < line.count, line[index] != 0x3D, !Blanks.isBlank(line[index]) {
                index &+= 1
            }
            let parameter = line.extracting(start..<index)
            guard index < line.count, line[index] == 0x3D else { return false }
            index &+= 1
            guard let value = readValue() else { return false }
            if parameter.equals("name"), name == nil {
                name = value
            } else if parameter.equals("filename"), fileName == nil {
                fileName = value
            } else {
                // Twice, or what this type does not have: filename*, other case.
                return false
            }
            skipBlanks()
            if index >= line.count { return true }
            if line[index] == 0x3B {
                index &+= 1
            } else {
                flags.insert(.missingSemicolon)
            }
        }
    }

    @_lifetime(self: copy self)
    private mutating func skipBlanks() {
        while index < line.count, Blanks.isBlank(line[index]) { index &+= 1 }
    }

    @_lifetime(self: copy self)
    private mutating func readValue() -> [UInt8]? {
        guard index < line.count else { return nil }
        let quote = line[index]
        var value: [UInt8] = []
        guard quote == 0x22 || quote == 0x27 else {
            while index < line.count, ASCII.isTokenByte(line[index]) || line[index] >= 0x80 {
                if line[index] == 0x27 { flags.insert(.invalidQuoting) }
                value.append(line[index])
                index &+= 1
            }
            return value.isEmpty ? nil : value
        }
        if quote == 0x27 { flags.insert(.invalidQuoting) }
        index &+= 1
        while index < line.count, line[index] != quote {
            var byte = line[index]
            if byte == 0x5C, index &+ 1 < line.count,
                line[index &+ 1] == 0x22 || line[index &+ 1] == 0x5C
            {
                // Only these two are escaped: elsewhere a backslash is Windows' and stands.
                index &+= 1
                byte = line[index]
            }
            value.append(byte)
            index &+= 1
        }
        if index >= line.count { return nil }
        index &+= 1
        return value
    }
}
