internal import PorticoBytes
internal import PorticoSecLang

/// Skips that lead nowhere, rules that nothing reaches, and lines about rules that are not there.
enum LintFlow {
    private struct Entry {
        enum What {
            case rule(RuleNode, phase: String)
            case marker([UInt8], SourcePlace)
        }

        let what: What
    }

    static func findings(_ tree: SecLangTree) -> [LintFinding] {
        var findings: [LintFinding] = []
        var entries: [Entry] = []
        var rules: [(id: Int, node: RuleNode)] = []
        var isChained = false
        for directive in tree.directives {
            switch directive {
            case .rule(let node):
                let wasChained = isChained
                isChained = node.actions.contains { $0.name == "chain" }
                if wasChained { continue }
                entries.append(Entry(what: .rule(node, phase: phase(node))))
                let digits = node.actions.first { $0.name == "id" }?.value ?? []
                if let id = digits.span.trimmingOWS.decimal {
                    rules.append((Int(clamping: id), node))
                }
            case .marker(let name, let place):
                entries.append(Entry(what: .marker(name, place)))
            case .removal(let removal, let place):
                if let finding = missing(removal.selection, rules, at: place) {
                    findings.append(finding)
                }
            case .targetUpdate(let update):
                if let finding = missing(update.selection, rules, at: update.place) {
                    findings.append(finding)
                }
            case .defaults, .actionUpdate, .setting: break
            }
        }
        return findings + skips(entries)
    }

    private static func phase(_ node: RuleNode) -> String {
        let value = node.actions.last { $0.name == "phase" }?.value
        return switch value.map({ $0.span.text.lowercased() }) {
        case "request", nil: "2"
        case "response": "4"
        case "logging": "5"
        case let other?: other
        }
    }

    /// Ids one by one: a range, a tag or a message may well mean nothing today.
    private static func missing(
        _ selection: RuleSelection, _ rules: [(id: Int, node: RuleNode)], at place: SourcePlace
    ) -> LintFinding? {
        switch selection {
        case .ids(let ranges):
            let gone = ranges.filter { range in
                range.count == 1 && !rules.contains { range.contains($0.id) }
            }
            if gone.isEmpty { return nil }
            let list = gone.map { "\($0.lowerBound)" }.joined(separator: ", ")
            return LintFinding(
                .noSuchRule, .warning, at: place,
                "no rule above this line has the id \(list); the line has no effect on it")
        case .tag, .message:
            if rules.contains(where: { RuleBook.selects(selection, $0.id, $0.node) }) { return nil }
            return LintFinding(
                .noSuchRule, .warning, at: place,
                "no rule above this line is meant; the line has no effect")
        }
    }

    private static func skips(_ entries: [Entry]) -> [LintFinding] {
        var findings: [LintFinding] = []
        /// Markers that some rule above skips to.
        var reached: Set<Int> = []
        for (index, entry) in entries.enumerated() {
            guard case .rule(let node, let phase) = entry.what else { continue }
            for action in node.actions {
                var end: Int?
                if action.name == "skipafter", let name = action.value {
                    end = entries[(index + 1)...].firstIndex { other in
                        if case .marker(let marker, _) = other.what {
                            marker == name
                        } else {
                            false
                        }
                    }
                    if let end {
                        reached.insert(end)
                    } else {
                        findings.append(
                            LintFinding(
                                .unreachableSkip, .warning, at: action.place,
                                "no SecMarker \(name.span.text) stands below: the rest of the "
                                    + "phase is skipped"))
                    }
                } else if action.name == "skip" {
                    end = nil
                    let count = action.value.flatMap { $0.span.decimal }.map { Int(clamping: $0) }
                    let left = entries[(index + 1)...].count { other in
                        if case .rule(_, let own) = other.what { own == phase } else { false }
                    }
                    if let count, count > left {
                        findings.append(
                            LintFinding(
                                .unreachableSkip, .warning, at: action.place,
                                "skips \(count) rules, and \(left) follow in phase \(phase)"))
                    }
                }
                // Without a condition, what lies between never runs in this phase.
                guard action.name == "skipafter", isUnconditional(node) else { continue }
                let dead = entries[(index + 1)..<(end ?? entries.count)].compactMap {
                    other -> RuleNode? in
                    if case .rule(let node, let own) = other.what, own == phase {
                        node
                    } else {
                        nil
                    }
                }
                if let first = dead.first {
                    findings.append(
                        LintFinding(
                            .deadRule, .warning, at: first.place,
                            "never runs: line \(node.place.line) of \(node.place.file) skips it "
                                + "always" + (dead.count > 1 ? ", and \(dead.count - 1) more" : ""))
                    )
                }
            }
        }
        for (index, entry) in entries.enumerated() where !reached.contains(index) {
            guard case .marker(let name, let place) = entry.what else { continue }
            findings.append(
                LintFinding(
                    .unusedMarker, .note, at: place, "nothing skips to \(name.span.text)"))
        }
        return findings
    }

    private static func isUnconditional(_ node: RuleNode) -> Bool {
        if node.actions.contains(where: { $0.name == "chain" }) { return false }
        return node.test == nil
            || (node.test?.name == "unconditionalmatch" && node.test?.isNegated == false)
    }
}
