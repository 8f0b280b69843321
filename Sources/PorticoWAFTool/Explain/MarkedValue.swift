/// A value in one line, with a span of it marked in place.
package struct MarkedValue: Sendable {
    /// The value with the colours of its style.
    package let text: String
    /// Carets under the span, for where there are no colours; nil without a span.
    package let carets: String?

    /// At most `width` columns. What does not fit is cut, so that the span's beginning is seen.
    package init(_ value: [UInt8], span: Range<Int>?, width: Int, style: Style) {
        var pieces: [(text: String, isMarked: Bool)] = []
        var index = 0
        var firstMarked: Int?
        while index < value.count {
            let (text, length) = Shown.character(value, at: index)
            let isMarked = span.map { $0.contains(index) } ?? false
            if isMarked, firstMarked == nil { firstMarked = pieces.count }
            pieces.append((text, isMarked))
            index += length
        }
        // An empty match has a place, too.
        if let span, span.isEmpty, span.lowerBound >= value.count { firstMarked = pieces.count }
        var start = 0
        let columns = pieces.reduce(0) { $0 + $1.text.count }
        if columns > width, let firstMarked {
            let end = pieces.lastIndex(where: \.isMarked).map { $0 + 1 } ?? firstMarked
            let marked = pieces[firstMarked..<max(firstMarked, end)].reduce(0) {
                $0 + $1.text.count
            }
            // As much before the span as keeps it in view.
            var room = max(8, width - marked - 12)
            start = firstMarked
            while start > 0, room >= pieces[start - 1].text.count {
                start -= 1
                room -= pieces[start].text.count
            }
        }
        var text = start > 0 ? "…" : ""
        var carets = start > 0 ? " " : ""
        var used = text.count
        var marked = ""
        for index in start..<pieces.count {
            let piece = pieces[index]
            let isLast = index + 1 == pieces.count
            if used + piece.text.count > width - (isLast ? 0 : 1) {
                text += style(marked, .mark) + "…"
                marked = ""
                break
            }
            used += piece.text.count
            carets += String(repeating: piece.isMarked ? "^" : " ", count: piece.text.count)
            if piece.isMarked {
                marked += piece.text
            } else {
                text += style(marked, .mark) + piece.text
                marked = ""
            }
        }
        text += style(marked, .mark)
        self.text = value.isEmpty ? "(empty)" : text
        while carets.last == " " { carets.removeLast() }
        self.carets = style.isColoured || carets.isEmpty ? nil : carets
    }
}
