internal import PorticoBytes
internal import PorticoSecLang
package import PorticoWAF

/// Why a request is blocked or passes: each rule that ran, on what, and why it matched or not.
package struct Explanation: Sendable {
    package enum Detail: Sendable {
        /// Rules that matched in full, the others in a line.
        case matches
        /// All rules in full.
        case everything
        /// These in full, and no others.
        case only([ClosedRange<Int>])
    }

    let book: RuleBook
    let request: SampleRequest
    let answer: Rehearsal.Answer

    package init(_ book: RuleBook, _ request: SampleRequest, _ answer: Rehearsal.Answer) {
        self.book = book
        self.request = request
        self.answer = answer
    }

    /// Asks the rules and explains.
    package static func make(
        _ book: RuleBook, _ request: SampleRequest, through rehearsal: inout Rehearsal
    ) -> Explanation {
        Explanation(book, request, rehearsal.run(request.bytes, watch: RuleWatch()))
    }

    package var isDetected: Bool { answer.isDetected }

    var runs: [RuleWatch.Run] { answer.watch?.runs ?? [] }

    /// The rule that stopped the request: the last that matched.
    var blocker: Rule? {
        guard answer.isBlocked,
            let run = runs.last(where: { $0.outcome == .matched && phase($0) < 5 })
        else { return nil }
        return book.rules.rules[Int(run.rule)]
    }

    func phase(_ run: RuleWatch.Run) -> Int { book.rules.rules[Int(run.rule)].phase }

    // MARK: - For people

    package func lines(_ detail: Detail, _ style: Style) -> [String] {
        var lines = [style(request.title(upTo: style.width), .bold), verdict(style)]
        var phase = 0
        var score = 0
        for run in runs {
            let rule = book.rules.rules[Int(run.rule)]
            if case .only(let ids) = detail, !ids.contains(where: { $0.contains(rule.id) }) {
                if run.outcome == .matched { score = run.score }
                continue
            }
            if rule.phase != phase {
                phase = rule.phase
                lines += ["", style(heading(phase), .cyan)]
            }
            let isFull: Bool
            switch detail {
            case .matches: isFull = run.outcome == .matched && speaks(rule, run)
            case .everything, .only: isFull = true
            }
            lines += isFull ? full(run, rule, score, style) : brief(run, rule, style)
            if run.outcome == .matched { score = run.score }
        }
        let ids: [ClosedRange<Int>] = if case .only(let ids) = detail { ids } else { [] }
        for gone in book.removed
        where ids.isEmpty ? isFullDetail(detail) : ids.contains(where: { $0.contains(gone.id) }) {
            lines.append(
                "- \(gone.id)  removed by \(gone.by.file):\(gone.by.line)")
        }
        for error in answer.errors { lines += ["", style("the engine: " + error, .yellow)] }
        return lines
    }

    private func isFullDetail(_ detail: Detail) -> Bool {
        if case .everything = detail { true } else { false }
    }

    private func verdict(_ style: Style) -> String {
        var text: String
        if answer.isBlocked {
            text = style(answer.status == 0 ? "dropped" : "blocked with \(answer.status)", .red)
            if let blocker { text += " by rule \(blocker.id) (\(Self.place(blocker.place)))" }
        } else if answer.isDetected {
            text = style("would be blocked", .yellow) + ", in a mode that blocks"
        } else if !answer.isRefused {
            text = style("passes", .green)
        } else {
            text = "refused with \(answer.status) by the HTTP parser"
        }
        return text + "; score \(answer.score)"
    }

    private func heading(_ phase: Int) -> String {
        let ran = runs.filter { self.phase($0) == phase }
        let matched = ran.count { $0.outcome == .matched }
        let names = ["", "request head", "request body", "response head", "response body", "log"]
        return "phase \(phase), \(names[phase]): \(Style.counted(ran.count, "rule")) ran, "
            + "\(matched) matched"
    }

    /// Whether what it did is of interest: not what only counts or sets up.
    private func speaks(_ rule: Rule, _ run: RuleWatch.Run) -> Bool {
        answer.ids.contains(rule.id) || rule.id == blocker?.id
    }

    static func place(_ place: SourcePlace) -> String {
        let name = place.file.split(separator: "/").last.map(String.init) ?? place.file
        return "\(name):\(place.line)"
    }
}
