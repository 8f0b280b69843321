package import PorticoBytes
internal import PorticoSecLang
package import PorticoWAF

/// What rules cost over sample requests, the slowest first.
///
/// Requests run several rounds without a watch, for the whole, and several with one, for the
/// parts. A watch reads the clock twice a rule; what that takes is measured and taken off. Rules
/// share values: collecting, transforming and scanning them for literals is accounted to the
/// phase.
package struct RuleBench: Sendable {
    package struct Line: Sendable {
        package let rule: Rule
        /// Nanoseconds a request, on average.
        package let cost: Double
        /// How often it ran, a request.
        package let runs: Double
    }

    package struct Phase: Sendable {
        package let number: Int
        package let shared: Double
        package let rules: Double
        package let runs: Double
    }

    /// Nanoseconds: the median request of all rounds, by request.
    package let medians: [(request: SampleRequest, nanoseconds: Double)]
    package let phases: [Phase]
    /// Those that ran, the slowest first.
    package let lines: [Line]

    /// - Parameter clock: nanoseconds of any origin.
    package static func measure(
        _ book: RuleBook, _ requests: [SampleRequest], rounds: Int, _ settings: WAFSettings,
        clock: @escaping @Sendable () -> UInt64
    ) -> RuleBench {
        let rounds = max(1, rounds)
        var rehearsal = Rehearsal(book.rules, settings)
        var medians: [(SampleRequest, Double)] = []
        for request in requests {
            var times: [UInt64] = []
            for _ in 0..<rounds {
                let start = clock()
                _ = rehearsal.run(request.bytes)
                times.append(clock() &- start)
            }
            times.sort()
            medians.append((request, Double(times[times.count / 2])))
        }
        var watch: RuleWatch? = RuleWatch(clock: clock)
        for _ in 0..<rounds {
            for request in requests {
                let given = watch
                watch = nil
                watch = rehearsal.run(request.bytes, watch: given).watch
            }
        }
        return RuleBench(
            book, medians, watch ?? RuleWatch(clock: clock), overhead: overhead(of: clock),
            total: Double(rounds * max(1, requests.count)))
    }

    private init(
        _ book: RuleBook, _ medians: [(SampleRequest, Double)], _ watch: RuleWatch,
        overhead: Double, total: Double
    ) {
        self.medians = medians.map { (request: $0.0, nanoseconds: $0.1) }
        var lines: [Line] = []
        for (index, count) in watch.counts.enumerated() where count > 0 {
            let cost = Double(watch.costs[index]) - overhead * Double(count)
            lines.append(
                Line(
                    rule: book.rules.rules[index], cost: max(0, cost) / total,
                    runs: Double(count) / total))
        }
        phases = (1...5).compactMap { phase in
            let own = lines.filter { $0.rule.phase == phase }
            if own.isEmpty { return nil }
            return Phase(
                number: phase,
                shared: max(
                    0,
                    Double(watch.sharedCosts[phase])
                        - overhead * Double(watch.sharedCounts[phase])) / total,
                rules: own.reduce(0) { $0 + $1.cost }, runs: own.reduce(0) { $0 + $1.runs })
        }
        self.lines = lines.sorted {
            $0.cost != $1.cost ? $0.cost > $1.cost : $0.rule.id < $1.rule.id
        }
    }

    /// What lies between two readings that stand side by side.
    private static func overhead(of clock: () -> UInt64) -> Double {
        var times: [UInt64] = []
        for _ in 0..<255 {
            let start = clock()
            times.append(clock() &- start)
        }
        times.sort()
        return Double(times[times.count / 2])
    }

    // MARK: - Reports

    package func lines(showing limit: Int, _ style: Style) -> [String] {
        var text: [String] = [style("a request, as a whole", .bold)]
        for (request, nanoseconds) in medians {
            text.append(
                Self.microseconds(nanoseconds) + " µs  " + request.title(upTo: style.width - 16))
        }
        text += ["", style("by phase, on average", .bold)]
        for phase in phases {
            text.append(
                "\(Self.microseconds(phase.shared + phase.rules)) µs  phase \(phase.number): "
                    + "values \(Self.microseconds(phase.shared).drop { $0 == " " }), "
                    + "rules \(Self.microseconds(phase.rules).drop { $0 == " " }) "
                    + "(\(Int(phase.runs.rounded())) ran)")
        }
        let sum = phases.reduce(0) { $0 + $1.rules + $1.shared }
        text += ["", style("by rule, the slowest first", .bold)]
        for line in lines.prefix(limit) {
            let share = sum > 0 ? Int((line.cost * 1000 / sum).rounded()) : 0
            text.append(
                Self.microseconds(line.cost) + " µs  "
                    + Style.padded("\(share / 10).\(share % 10) %", to: 6, right: true)
                    + "  \(line.rule.id)  " + Explanation.place(line.rule.place))
        }
        if lines.count > limit {
            let rest = lines.dropFirst(limit).reduce(0) { $0 + $1.cost }
            text.append(
                Self.microseconds(rest) + " µs          "
                    + Style.counted(lines.count - limit, "other rule"))
        }
        return text
    }

    /// Ten columns, two decimals.
    static func microseconds(_ nanoseconds: Double) -> String {
        let hundredths = Int((nanoseconds / 10).rounded())
        let rest = hundredths % 100
        return Style.padded(
            "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)", to: 9, right: true)
    }

    package func write(to text: inout Buffer) {
        text.append("{\"requests\":[")
        for (index, median) in medians.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"name\":")
            text.append(json: Array(median.request.name.utf8).span)
            text.append(",\"ns\":\(Int(median.nanoseconds))}" as String)
        }
        text.append("],\"phases\":[")
        for (index, phase) in phases.enumerated() {
            if index > 0 { text.append(",") }
            text.append(
                "{\"phase\":\(phase.number),\"values_ns\":\(Int(phase.shared)),"
                    + "\"rules_ns\":\(Int(phase.rules))}" as String)
        }
        text.append("],\"rules\":[")
        for (index, line) in lines.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"id\":\(line.rule.id),\"phase\":\(line.rule.phase),\"file\":" as String)
            text.append(json: Array(line.rule.place.file.utf8).span)
            text.append(
                ",\"line\":\(line.rule.place.line),\"ns\":\(Int(line.cost)),"
                    + "\"runs\":\(line.runs)}" as String)
        }
        text.append("]}\n")
    }
}
