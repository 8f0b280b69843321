internal import PorticoBytes

/// `multipart/form-data` bodies (RFC 7578), read strictly: what servers read differently sets a
/// flag, what cannot be read at all is a fault.
///
///     --BOUNDARY␍␊
///     Content-Disposition: form-data; name="a"[; filename="f"]␍␊
///     …␍␊
///     ␍␊
///     content␍␊
///     --BOUNDARY--␍␊
///
/// Ranges are into the body, which the caller keeps.
package struct MultipartBody: Sendable {
    /// Parts without a file name: names, and contents as they stand.
    package private(set) var fields = PairList()
    /// Parts with a file name: field names and file names.
    package private(set) var files = PairList()
    /// What the files hold, in the same order.
    package private(set) var contents: [Range<Int>] = []
    /// `MULTIPART_PART_HEADERS`: field names and whole header lines, without their ends.
    package private(set) var headers = PairList()
    package internal(set) var flags = MultipartFlags()

    /// The header of the part that is being read.
    var part = MultipartPart()

    package init() {}

    /// Bytes of the files' contents, for `FILES_COMBINED_SIZE`.
    package var fileBytes: Int { contents.reduce(0) { $0 + $1.count } }

    /// Keeps the room.
    package mutating func removeAll() {
        fields.removeAll()
        files.removeAll()
        contents.removeAll(keepingCapacity: true)
        headers.removeAll()
        flags = []
        part.removeAll()
    }

    /// Reads a whole body into an empty value. `files` is how many are allowed
    /// (`SecUploadFileLimit`).
    package mutating func read(
        _ body: Span<UInt8>, contentType: Span<UInt8>, limits: BodyLimits = BodyLimits(),
        files fileLimit: Int = 100
    ) throws(BodyFault) {
        let boundary: MultipartBoundary
        do throws(BodyFault) {
            boundary = try MultipartBoundary(contentType: contentType)
        } catch {
            flags.insert(.noBoundary)
            throw error
        }
        flags.formUnion(boundary.flags)
        var lines = MultipartLines(body, boundary: boundary.text)
        var place = Place.before
        while let line = lines.next() {
            switch try lines.kind(of: line) {
            case .boundary(let isLast):
                if place == .after {
                    throw BodyFault(
                        .malformed, "multipart: a boundary after the last",
                        at: line.range.lowerBound)
                }
                try end(place, before: line, in: body, limits, fileLimit)
                if line.ending != .none { note(line) }
                part.removeAll()
                place = isLast ? .after : .header
            case .text(let looksLikeBoundary):
                if looksLikeBoundary { flags.insert(.unmatchedBoundary) }
                switch place {
                case .before: flags.insert(.dataBefore)
                case .after: flags.insert(.dataAfter)
                case .content: break
                case .header:
                    if line.ending == .none { throw Self.unfinished(body) }
                    note(line)
                    if line.range.isEmpty {
                        try part.finish(in: body, &flags)
                        place = .content(from: line.next)
                    } else {
                        try part.add(line.range, of: body, &flags)
                    }
                }
            }
        }
        switch place {
        case .after: return
        case .content(let start):
            // What there is of it is for the rules all the same.
            try store(start..<body.count, in: body, limits, fileLimit)
        case .before, .header: break
        }
        throw Self.unfinished(body)
    }

    private enum Place: Equatable {
        case before
        case header
        case content(from: Int)
        case after
    }

    private static func unfinished(_ body: Span<UInt8>) -> BodyFault {
        BodyFault(.unfinished, "multipart: the last boundary is missing", at: body.count)
    }

    private mutating func note(_ line: MultipartLines.Line) {
        flags.insert(line.ending == .crlf ? .crlfLine : .lfLine)
    }

    /// The part, if there is one, ends with the line break before a boundary.
    private mutating func end(
        _ place: Place, before line: MultipartLines.Line, in body: Span<UInt8>,
        _ limits: BodyLimits, _ fileLimit: Int
    ) throws(BodyFault) {
        switch place {
        case .before, .after: return
        case .header:
            throw BodyFault(
                .badPart, "multipart: a part's header does not end", at: line.range.lowerBound)
        case .content(let start):
            var end = line.range.lowerBound
            if end > start {
                // The line before ended with LF, or there would be no new one.
                end -= 1
                if end > start, body[end - 1] == 0x0D { end -= 1 } else { flags.insert(.lfLine) }
            }
            try store(start..<end, in: body, limits, fileLimit)
        }
    }

    private mutating func store(
        _ content: Range<Int>, in body: Span<UInt8>, _ limits: BodyLimits, _ fileLimit: Int
    ) throws(BodyFault) {
        let part = part
        let offset = content.lowerBound
        let taken = fields.bytes.count + files.bytes.count + headers.bytes.count
        let size = part.size + (part.hasFileName ? 0 : content.count)
        if taken + size > limits.bytes {
            throw BodyFault(.tooLarge, "multipart: parts take too much memory", at: offset)
        }
        if fields.count + files.count >= limits.pairs {
            throw BodyFault(.tooManyPairs, "multipart: too many parts", at: offset)
        }
        for line in part.lines {
            headers.append(name: part.name.span, value: part.text.span.extracting(line))
        }
        if !part.hasFileName {
            fields.append(name: part.name.span, value: body.extracting(content))
            return
        }
        if contents.count >= fileLimit { flags.insert(.fileLimitExceeded) }
        files.append(name: part.name.span, value: part.fileName.span)
        contents.append(content)
    }
}
