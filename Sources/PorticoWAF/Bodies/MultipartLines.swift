internal import PorticoBytes

/// The lines of a multipart body, and which of them are boundaries.
struct MultipartLines: ~Escapable {
    struct Line {
        enum Ending { case none, lf, crlf }

        /// Without its ending.
        let range: Range<Int>
        let ending: Ending
        /// Where the next begins.
        let next: Int
    }

    enum Kind {
        case boundary(isLast: Bool)
        case text(looksLikeBoundary: Bool)
    }

    private let body: Span<UInt8>
    private let boundary: [UInt8]
    private var index = 0

    @_lifetime(copy body)
    init(_ body: Span<UInt8>, boundary: [UInt8]) {
        self.body = body
        self.boundary = boundary
    }

    @_lifetime(self: copy self)
    mutating func next() -> Line? {
        if index == body.count { return nil }
        let start = index
        guard let feed = body.firstIndex(of: 0x0A, from: start) else {
            index = body.count
            return Line(range: start..<index, ending: .none, next: index)
        }
        index = feed + 1
        if feed > start, body[feed - 1] == 0x0D {
            return Line(range: start..<(feed - 1), ending: .crlf, next: index)
        }
        return Line(range: start..<feed, ending: .lf, next: index)
    }

    /// A line that begins as the boundary and goes on otherwise is a fault: some servers would take
    /// it for one.
    func kind(of line: Line) throws(BodyFault) -> Kind {
        let text = body.extracting(line.range)
        guard text.count > 2, text[0] == 0x2D, text[1] == 0x2D else {
            return .text(looksLikeBoundary: false)
        }
        let rest = text.extracting(2..<text.count)
        if rest.count >= boundary.count,
            rest.extracting(first: boundary.count).equals(boundary.span)
        {
            let tail = rest.extracting(boundary.count..<rest.count)
            if tail.isEmpty, line.ending != .none { return .boundary(isLast: false) }
            if tail.equals("--") { return .boundary(isLast: true) }
            if line.ending == .none, tail.isEmpty || tail.equals("-") {
                throw BodyFault(
                    .unfinished, "multipart: the last boundary is missing", at: body.count)
            }
            throw fault(line)
        }
        // The same behind a quote or blanks.
        var skipped = 0
        while skipped < rest.count, Blanks.isBlank(rest[skipped]) || rest[skipped] == 0x22 {
            skipped &+= 1
        }
        let inner = rest.extracting(skipped..<rest.count)
        if skipped > 0, inner.count >= boundary.count,
            inner.extracting(first: boundary.count).equals(boundary.span)
        {
            throw fault(line)
        }
        return .text(looksLikeBoundary: looksLikeBoundary(rest))
    }

    private func fault(_ line: Line) -> BodyFault {
        BodyFault(
            .malformed, "multipart: a line that is almost the boundary", at: line.range.lowerBound)
    }

    /// Rulers of dashes, which people write, do not count.
    private func looksLikeBoundary(_ text: Span<UInt8>) -> Bool {
        if text.count > 74 { return false }
        var hasLetter = false
        for index in text.indices {
            let byte = text[index]
            if byte == 0x20 || !MultipartBoundary.isBoundaryByte(byte) { return false }
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) { hasLetter = true }
        }
        return hasLetter
    }
}
