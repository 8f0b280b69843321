package import PorticoBytes
internal import PorticoSecLang
internal import PorticoWAF

extension Explanation {
    /// One JSON object: the verdict and each rule with what it looked at.
    package func write(to text: inout Buffer) {
        text.append("{\"request\":")
        text.append(json: Array(request.name.utf8).span)
        text.append(",\"status\":\(answer.status),\"action\":\"\(answer.action)\"" as String)
        text.append(",\"score\":\(answer.score),\"rules\":[" as String)
        for (index, run) in runs.enumerated() {
            if index > 0 { text.append(",") }
            write(run, to: &text)
        }
        text.append("],\"errors\":")
        text.append(jsonArray: answer.errors)
        text.append("}\n")
    }

    private func write(_ run: RuleWatch.Run, to text: inout Buffer) {
        let rule = book.rules.rules[Int(run.rule)]
        text.append("{\"id\":\(rule.id),\"phase\":\(rule.phase),\"file\":" as String)
        text.append(json: Array(rule.place.file.utf8).span)
        text.append(",\"line\":\(rule.place.line),\"outcome\":" as String)
        switch run.outcome {
        case .matched: text.append("\"matched\"")
        case .missed: text.append("\"missed\"")
        case .removed(let by):
            text.append("\"removed\"")
            append(by, to: &text)
        }
        text.append(",\"score\":\(run.score),\"skipped\":\(run.skipped),\"links\":[" as String)
        for (index, looks) in run.links.enumerated() {
            if index > 0 { text.append(",") }
            text.append("[")
            for (index, look) in looks.enumerated() {
                if index > 0 { text.append(",") }
                write(look, to: &text)
            }
            text.append("]")
        }
        text.append("]}")
    }

    private func append(_ by: Int32?, to text: inout Buffer) {
        guard let by else { return }
        text.append(",\"by\":\(book.rules.rules[Int(by)].id)" as String)
    }

    private func write(_ look: RuleWatch.Look, to text: inout Buffer) {
        text.append("{\"variable\":")
        text.append(json: Array(look.variable.utf8).span)
        text.append(",\"value\":")
        text.append(json: look.source.span)
        text.append(",\"steps\":[")
        for (index, step) in look.steps.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"transformation\":\"\(step.transformation.name)\",\"value\":" as String)
            text.append(json: step.value.span)
            text.append("}")
        }
        text.append("],\"outcome\":")
        switch look.outcome {
        case .matched(let span):
            text.append("\"matched\"")
            if let span {
                text.append(",\"start\":\(span.lowerBound),\"end\":\(span.upperBound)" as String)
            }
        case .missed: text.append("\"missed\"")
        case .excluded(let by):
            text.append("\"excluded\"")
            append(by, to: &text)
        case .excludedByTarget: text.append("\"excluded\"")
        }
        text.append("}")
    }
}
