/// How reports look: with colours on a terminal, the same words without.
package struct Style: Sendable {
    package enum Ink: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
        /// A matched span.
        case mark = "1;7;31"
    }

    package let isColoured: Bool
    /// Columns.
    package let width: Int

    package init(isColoured: Bool, width: Int = 80) {
        self.isColoured = isColoured
        self.width = max(40, width)
    }

    package func callAsFunction(_ text: String, _ ink: Ink) -> String {
        isColoured && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// Cut to a number of columns, with an ellipsis.
    package static func cut(_ text: String, to limit: Int) -> String {
        text.count <= limit ? text : String(text.prefix(max(0, limit - 1))) + "…"
    }

    /// Padded with blanks on the right, or on the left.
    package static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.count))
        return right ? blanks + text : text + blanks
    }

    /// `count` of a thing: "1 rule", "2 rules".
    package static func counted(_ count: Int, _ thing: String) -> String {
        let digits = String(count.magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return "\(grouped) \(thing)" + (count == 1 ? "" : "s")
    }
}
