internal import PorticoBytes

/// What `portico explain` shows: the daemon's explanation, put in order for people.
package struct ExplainView: Equatable, Sendable {
    private let told: JSONValue

    /// Nil when the answer is none of `/v1/explain`.
    package init?(_ reply: AdminReply) {
        guard let told = JSONValue(reply.body.span), told["outcome"]?.text != nil else {
            return nil
        }
        self.told = told
    }

    package func lines(coloured: Bool) -> [String] {
        let outcome = told["outcome"]?.text ?? ""
        let isGood = outcome == "hit" || outcome == "stale"
        let word = coloured ? "\u{1B}[\(isGood ? 32 : 33)m\(outcome)\u{1B}[0m" : outcome
        var lines = ["\(Self.clean(told["url"]?.text ?? "")): \(word)"]
        lines += (told["steps"]?.elements ?? []).compactMap(\.text).map { "  " + Self.clean($0) }
        let chosen = told["chosen"]?.integer
        for (index, object) in (told["objects"]?.elements ?? []).enumerated() {
            lines += ["", index == chosen ? "stored, and the one meant:" : "stored:"]
            lines += self.lines(of: object)
            for purge in told["purges"]?.elements ?? []
            where purge["object"]?.integer == index {
                lines.append("  purged by  " + summary(of: purge["purge"]))
            }
        }
        return lines
    }

    private func lines(of object: JSONValue) -> [String] {
        func number(_ name: String) -> String { "\(object[name]?.integer ?? 0)" }
        let vary = (object["vary"]?.members ?? []).map { "\($0.name)=\($0.value.text ?? "absent")" }
        let tags = (object["tags"]?.elements ?? []).compactMap(\.text)
        var rows = [
            ("status", "\(number("status")), \(number("bytes")) bytes"),
            (
                "freshness",
                "\(number("age")) s of \(number("lifetime")) s (\(object["basis"]?.text ?? "")), "
                    + "then stale-while-revalidate \(number("stale_while_revalidate")) s, "
                    + "stale-if-error \(number("stale_if_error")) s, keep \(number("keep")) s"
            ),
            ("purged", object["purged"]?.text ?? ""),
        ]
        if let directive = object["directive"]?.text, !directive.isEmpty {
            rows.append(("decided by", directive))
        }
        if !vary.isEmpty { rows.append(("varies by", vary.joined(separator: ", "))) }
        if !tags.isEmpty {
            let shown = tags.prefix(Self.mostTags).joined(separator: " ")
            let more = tags.count - Self.mostTags
            rows.append(("tags", more > 0 ? "\(shown) and \(more) more" : shown))
        }
        return rows.map { name, value in
            "  " + name + String(repeating: " ", count: 11 - name.utf8.count) + Self.clean(value)
        }
    }

    private static let mostTags = 40

    private func summary(of purge: JSONValue?) -> String {
        guard let purge else { return "" }
        let kind = purge["soft"]?.flag == true ? "a soft purge" : "a purge"
        return Self.clean(
            "\(kind) at \(purge["at"]?.text ?? "?") by \(purge["token"]?.text ?? "?") "
                + "(id \(purge["id"]?.text ?? "?"))")
    }

    /// What came from origins and clients goes to a terminal.
    private static func clean(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}
