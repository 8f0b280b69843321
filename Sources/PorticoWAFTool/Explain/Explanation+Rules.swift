internal import PorticoBytes
internal import PorticoSecLang
internal import PorticoWAF

extension Explanation {
    // MARK: - In a line

    func brief(_ run: RuleWatch.Run, _ rule: Rule, _ style: Style) -> [String] {
        let id = Style.padded("\(rule.id)", to: 8)
        let what: String
        switch run.outcome {
        case .removed(let by):
            return ["- \(id)" + style("left out by \(remover(by))", .yellow)]
        case .matched:
            var text = changes(rule)
            if run.skipped > 0 { text += ", skips \(Style.counted(run.skipped, "rule"))" }
            what = text
        case .missed:
            let looks = run.links.last ?? []
            if looks.isEmpty {
                what =
                    run.links.count > 1
                    ? "the chain ends: nothing to look at" : "nothing to look at"
            } else {
                let excluded = looks.count { Self.isExclusion($0.outcome) }
                let names = looks.filter { !Self.isExclusion($0.outcome) }.map(\.variable)
                var text = names.isEmpty ? "" : "no match in " + Self.list(names)
                if excluded > 0 {
                    text += (text.isEmpty ? "" : "; ") + "\(excluded) excluded"
                }
                what = text
            }
        }
        let sign = run.outcome == .matched ? "+" : " "
        return [style("\(sign) \(id)" + Style.cut(what, to: style.width - 10), .dim)]
    }

    private static func isExclusion(_ outcome: RuleWatch.Look.Outcome) -> Bool {
        switch outcome {
        case .excluded, .excludedByTarget: true
        case .matched, .missed: false
        }
    }

    /// "ARGS:a, ARGS:b and 3 more".
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(2).map { Shown.text(Array($0.utf8), upTo: 30) }
        let rest = names.count - shown.count
        return shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    private func changes(_ rule: Rule) -> String {
        let set = book.nodes(of: rule).flatMap(\.actions)
            .filter { ["setvar", "ctl", "initcol", "expirevar"].contains($0.name) }
            .map { "\($0.name):\(Shown.text($0.value ?? [], upTo: 40))" }
        return set.isEmpty ? "matched" : set.joined(separator: " ")
    }

    private func remover(_ rule: Int32?) -> String {
        guard let rule else { return "the route's waf_exclude" }
        let by = book.rules.rules[Int(rule)]
        return "rule \(by.id) (\(Self.place(by.place)))"
    }

    // MARK: - In full

    func full(_ run: RuleWatch.Run, _ rule: Rule, _ score: Int, _ style: Style) -> [String] {
        if case .removed = run.outcome { return brief(run, rule, style) }
        let isMatch = run.outcome == .matched
        let place = Self.place(rule.place)
        let message = Style.cut(
            book.message(of: rule), to: style.width - 14 - place.count)
        let head = "\(isMatch ? "+" : " ") \(rule.id)  \(message)"
        let gap = max(2, style.width - head.count - place.count)
        var lines = [
            "",
            style(head, isMatch ? .red : .bold) + String(repeating: " ", count: gap)
                + style(place, .dim),
        ]
        let nodes = book.nodes(of: rule)
        for (index, looks) in run.links.enumerated() {
            guard index < nodes.count else { break }
            let node = nodes[index]
            if index > 0 { lines.append("    and, of the chain (\(Self.place(node.place))):") }
            if let test = node.test {
                let sign = test.isNegated ? "!@" : "@"
                lines.append(
                    "    "
                        + Style.cut(
                            "\(sign)\(test.name) \(Shown.text(test.operand, upTo: style.width))",
                            to: style.width - 4))
            }
            if looks.isEmpty, node.test != nil {
                lines.append("      nothing to look at in \(Self.targets(node))")
            }
            for look in looks { lines += value(look, rule, style) }
            let isLast = index + 1 == run.links.count
            if isLast, !isMatch { lines.append("      " + style("no match", .dim)) }
        }
        if isMatch { lines += consequence(run, rule, score, style) }
        return lines
    }

    private static func targets(_ node: RuleNode) -> String {
        node.targets.filter { $0.use != .exclusion }.map { target in
            let name = (target.use == .count ? "&" : "") + target.name.uppercased()
            return switch target.selector {
            case nil: name
            case .key(let key): name + ":" + Shown.text(key)
            case .pattern(let text): name + ":/" + Shown.text(text) + "/"
            }
        }.joined(separator: ", ")
    }

    private func value(_ look: RuleWatch.Look, _ rule: Rule, _ style: Style) -> [String] {
        let name = Style.cut(look.variable, to: style.width - 8)
        switch look.outcome {
        case .excluded(let by):
            return ["      \(name): " + style("excluded by \(remover(by))", .yellow)]
        case .excludedByTarget:
            let place = book.excluder(of: look.variable, from: rule).map(Self.place)
            return [
                "      \(name): "
                    + style("excluded" + (place.map { " by \($0)" } ?? ""), .yellow)
            ]
        case .missed, .matched: break
        }
        var span: Range<Int>?
        var isMatch = false
        if case .matched(let range) = look.outcome { (span, isMatch) = (range, true) }
        var lines = ["      " + style(name, isMatch ? .red : .dim)]
        // Each step that changes something; what does not is named before the next that does.
        var rows: [(label: String, value: [UInt8])] = [("as it is", look.source)]
        var last = look.source
        var idle: [String] = []
        for (transformation, value) in look.steps {
            if value == last {
                idle.append(transformation.name)
            } else {
                rows.append((transformation.name, value))
                last = value
            }
        }
        let column = min(20, rows.map(\.label.count).max() ?? 0) + 2
        for (index, row) in rows.enumerated() {
            let isLast = index + 1 == rows.count
            let marked = MarkedValue(
                row.value, span: isLast ? span : nil, width: style.width - 8 - column,
                style: style)
            let label = Style.padded(Style.cut(row.label, to: column - 2), to: column)
            lines.append("        " + style(label, .dim) + marked.text)
            if let carets = marked.carets {
                lines.append("        " + Style.padded("", to: column) + carets)
            }
        }
        if !idle.isEmpty {
            lines.append(
                "        "
                    + style(
                        Style.cut(
                            "unchanged by " + idle.joined(separator: ", "), to: style.width - 8),
                        .dim))
        }
        return lines
    }

    private func consequence(
        _ run: RuleWatch.Run, _ rule: Rule, _ score: Int, _ style: Style
    ) -> [String] {
        var parts: [String] = []
        if rule.id == blocker?.id {
            parts.append(
                answer.status == 0 ? "drops the connection" : "blocks with \(answer.status)")
        }
        if run.score != score { parts.append("score \(score) -> \(run.score)") }
        if run.skipped > 0 { parts.append("skips \(Style.counted(run.skipped, "rule"))") }
        return parts.isEmpty ? [] : ["    " + style(parts.joined(separator: "; "), .red)]
    }
}
