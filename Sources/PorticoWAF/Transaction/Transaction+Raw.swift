package import PorticoBytes

/// A head as it came over the wire, for the rules before any parser judges it.
extension Transaction {
    /// Takes an HTTP/1 head: request line and fields up to the empty line, or as much as there is.
    /// Lenient where the parser is strict, so that rules see what is about to be refused: lines end
    /// with CR, LF or both, as some server may read it; a line that begins with white space goes on with the last one;
    /// one without a colon is a name without a value.
    package mutating func setRawHead(_ head: Span<UInt8>) {
        var index = 0
        var isFirst = true
        while let line = Self.line(head, &index) {
            if isFirst {
                // Empty lines before the request line (RFC 9112 §2.2).
                if line.isEmpty { continue }
                isFirst = false
                setRequestLine(head.extracting(line))
                continue
            }
            if line.isEmpty { break }
            var end = line.upperBound
            var next = index
            while next < head.count, head[next] == 0x20 || head[next] == 0x09,
                let folded = Self.line(head, &next)
            {
                end = folded.upperBound
                index = next
            }
            let field = head.extracting(line.lowerBound..<end)
            let colon = field.firstIndex(of: 0x3A) ?? field.count
            addRequestField(
                name: field.extracting(..<colon).trimmingOWS,
                value: field.extracting(min(colon + 1, field.count)...))
        }
        if isFirst { setRequestLine(head.extracting(0..<0)) }
    }

    /// The next line without its end; nil behind the last.
    private static func line(_ head: Span<UInt8>, _ index: inout Int) -> Range<Int>? {
        guard index < head.count else { return nil }
        let start = index
        var end = start
        while end < head.count, head[end] != 0x0A, head[end] != 0x0D { end += 1 }
        index = min(end + 1, head.count)
        if index < head.count, head[end] == 0x0D, head[index] == 0x0A { index += 1 }
        return start..<end
    }
}
