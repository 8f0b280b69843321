package import PorticoBytes
package import PorticoSecLang

/// What the rules say of requests: a line each, and which rules matched on what.
package struct VerdictReport: Sendable {
    package let results: [(request: SampleRequest, answer: Rehearsal.Answer)]

    package init(_ results: [(request: SampleRequest, answer: Rehearsal.Answer)]) {
        self.results = results
    }

    /// Whether a request is stopped, or would be.
    package var hasBlocked: Bool { results.contains { $0.answer.isDetected } }

    package func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        for (request, answer) in results {
            let ink: Style.Ink =
                answer.isBlocked ? .red : answer.isDetected || answer.isRefused ? .yellow : .green
            let status = answer.status == 0 ? "closed" : "\(answer.status)"
            lines.append(
                style(Style.padded(answer.action, to: 8), ink) + " " + Style.padded(status, to: 6)
                    + " " + request.title(upTo: style.width - 30) + "  score \(answer.score)")
            for rule in AuditRule.read(answer.record) {
                lines.append(
                    "    \(rule.id)  "
                        + Style.cut(Shown.text(Array(rule.message.utf8)), to: style.width - 16))
                for match in rule.matches.prefix(3) {
                    let name = Style.cut(match.variable, to: 30)
                    let value = MarkedValue(
                        Array(match.value.utf8), span: match.span,
                        width: style.width - 16 - name.count, style: style)
                    lines.append("             " + style(name, .dim) + "  " + value.text)
                    if let carets = value.carets {
                        lines.append(
                            "             " + Style.padded("", to: name.count) + "  " + carets)
                    }
                }
            }
            for error in answer.errors { lines.append("    " + style(error, .yellow)) }
        }
        return lines
    }

    package func write(to text: inout Buffer) {
        text.append("{\"requests\":[")
        for (index, result) in results.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"name\":")
            text.append(json: Array(result.request.name.utf8).span)
            text.append(",\"status\":\(result.answer.status)" as String)
            text.append(",\"action\":\"\(result.answer.action)\"" as String)
            text.append(",\"score\":\(result.answer.score)" as String)
            text.append(",\"ids\":\(result.answer.ids),\"record\":" as String)
            if result.answer.record.isEmpty {
                text.append("null")
            } else {
                // Without its line end.
                let record = result.answer.record
                text.append(record.span.extracting(0..<(record.count - 1)))
            }
            text.append("}")
        }
        text.append("]}\n")
    }
}

/// A rule of an audit record.
struct AuditRule {
    struct Match {
        let variable: String
        let value: String
        let span: Range<Int>?
    }

    let id: Int
    let phase: Int
    let message: String
    let tags: [String]
    let matches: [Match]

    static func read(_ record: [UInt8]) -> [AuditRule] {
        guard let record = JSONValue(record.span) else { return [] }
        return (record["rules"]?.elements ?? []).map { rule in
            AuditRule(
                id: rule["id"]?.integer ?? 0, phase: rule["phase"]?.integer ?? 0,
                message: rule["msg"]?.text ?? "",
                tags: (rule["tags"]?.elements ?? []).compactMap(\.text),
                matches: (rule["matches"]?.elements ?? []).map { match in
                    var span: Range<Int>?
                    if let start = match["start"]?.integer, let end = match["end"]?.integer,
                        0 <= start, start <= end
                    {
                        span = start..<end
                    }
                    return Match(
                        variable: match["variable"]?.text ?? "",
                        value: match["value"]?.text ?? "", span: span)
                })
        }
    }
}
