package import PorticoBytes
package import PorticoSecLang
internal import PorticoWAF

/// What is wrong with rules, doubtful or slow, found without a request.
package struct Lint: Sendable {
    /// In the order of the files.
    package private(set) var findings: [LintFinding] = []
    package let summary: Summary?

    /// What loaded rules are made of.
    package struct Summary: Sendable {
        /// Of phases 1 to 5.
        package var rules = [0, 0, 0, 0, 0]
        package var patterns = 0
        /// Patterns of which some text must occur: they are looked at where it does.
        package var filtered = 0
        package var loadNanoseconds: UInt64 = 0
        /// The rules' part in a request, by request.
        package var costs: [(request: SampleRequest, nanoseconds: Double)] = []
    }

    /// - Parameters:
    ///   - clock: nanoseconds of any origin.
    ///   - probes: whether patterns are timed, and requests.
    package static func check(
        _ patterns: [String], files: RuleFiles = .disk, probes: Bool = true,
        clock: @escaping @Sendable () -> UInt64
    ) -> Lint {
        let start = clock()
        let tree = SecLangParser.parse(patterns, files: files)
        do throws(RuleSetFault) {
            let rules = try RuleSet.compile(tree, files: files)
            let loaded = clock() &- start
            return Lint(
                try RuleBook(tree, rules), loaded: loaded, probes: probes, clock: clock)
        } catch {
            return Lint(error, tree)
        }
    }

    private init(_ fault: RuleSetFault, _ tree: SecLangTree) {
        summary = nil
        findings =
            fault.faults.map { LintFinding(.broken, .error, at: $0.place, $0.kind.sentence) }
            + fault.warnings.map { LintFinding(.ignored, .warning, at: $0.place, $0.kind.sentence) }
        findings += LintFlow.findings(tree) + LintVariables.findings(tree)
        sort(by: tree.files)
    }

    private init(
        _ book: RuleBook, loaded: UInt64, probes: Bool, clock: @escaping @Sendable () -> UInt64
    ) {
        var summary = Summary()
        summary.loadNanoseconds = loaded
        for rule in book.rules.rules { summary.rules[rule.phase - 1] += 1 }
        findings = book.rules.warnings.map {
            LintFinding(.ignored, .warning, at: $0.place, $0.kind.sentence)
        }
        findings += LintFlow.findings(book.tree) + LintVariables.findings(book.tree)
        var seen: Set<[UInt8]> = []
        for case .rule(let node) in book.tree.directives {
            guard let test = node.test, test.name == "rx" else { continue }
            guard seen.insert(test.operand).inserted else { continue }
            summary.patterns += 1
            if RequiredLiterals.literals(in: test.operand.span) != nil { summary.filtered += 1 }
            guard probes, let growth = PatternProbe.worst(test.operand, clock: clock) else {
                continue
            }
            findings.append(
                LintFinding(.slowPattern, .warning, at: test.operandPlace, growth.sentence))
        }
        if probes {
            let bench = RuleBench.measure(
                book, ShopRequests.all, rounds: 50, WAFSettings(name: "lint"), clock: clock)
            summary.costs = bench.medians
        }
        self.summary = summary
        sort(by: book.tree.files)
    }

    private mutating func sort(by files: [String]) {
        var order: [String: Int] = [:]
        for (index, file) in files.enumerated() where order[file] == nil { order[file] = index }
        let number = { (finding: LintFinding) in
            (order[finding.place.file] ?? .max, finding.place.line, finding.place.column)
        }
        findings.sort { number($0) < number($1) }
    }

    package var hasErrors: Bool { findings.contains { $0.weight == .error } }
    /// Errors and warnings.
    package var count: Int { findings.count { $0.weight != .note } }

    // MARK: - Reports

    package func lines(notes: Bool, _ style: Style) -> [String] {
        var lines = findings.filter { notes || $0.weight != .note }.map { finding in
            let ink: Style.Ink =
                finding.weight == .error ? .red : finding.weight == .warning ? .yellow : .dim
            let place = "\(finding.place.file):\(finding.place.line):\(finding.place.column): "
            return place + style(finding.weight.rawValue, ink)
                + ": \(finding.message) [\(finding.kind.rawValue)]"
        }
        guard let summary else { return lines }
        let total = summary.rules.reduce(0, +)
        lines.append(
            Style.counted(total, "rule") + " ("
                + summary.rules.enumerated().filter { $0.element > 0 }
                .map { "phase \($0.offset + 1): \($0.element)" }.joined(separator: ", ")
                + "), loaded in \(summary.loadNanoseconds / 1_000_000) ms")
        lines.append(
            "\(Style.counted(summary.patterns, "pattern")), \(summary.filtered) of them run only "
                + "where a text of theirs occurs")
        for (request, nanoseconds) in summary.costs {
            lines.append(
                RuleBench.microseconds(nanoseconds) + " µs  "
                    + request.title(upTo: style.width - 16))
        }
        return lines
    }

    package func write(to text: inout Buffer) {
        text.append("{\"findings\":[")
        for (index, finding) in findings.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"kind\":\"\(finding.kind.rawValue)\"" as String)
            text.append(",\"weight\":\"\(finding.weight.rawValue)\",\"file\":" as String)
            text.append(json: Array(finding.place.file.utf8).span)
            text.append(",\"line\":\(finding.place.line),\"column\":" as String)
            text.append("\(finding.place.column),\"message\":" as String)
            text.append(json: Array(finding.message.utf8).span)
            text.append("}")
        }
        text.append("],\"summary\":")
        if let summary {
            text.append("{\"rules\":\(summary.rules),\"patterns\":\(summary.patterns)" as String)
            text.append(",\"filtered\":\(summary.filtered)" as String)
            text.append(",\"load_us\":\(summary.loadNanoseconds / 1000),\"costs_ns\":{" as String)
            for (index, cost) in summary.costs.enumerated() {
                text.append(index > 0 ? ",\"" : "\"")
                text.append("\(cost.request.name)\":\(Int(cost.nanoseconds))" as String)
            }
            text.append("}}")
        } else {
            text.append("null")
        }
        text.append("}\n")
    }
}
