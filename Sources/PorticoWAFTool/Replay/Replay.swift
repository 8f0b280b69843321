package import PorticoBytes
package import PorticoSecLang
package import PorticoWAF

/// What rules would have done to the requests of a log.
package struct Replay: Sendable {
    /// A rule that had its part in blocking, and the variable on which it matched.
    package struct Cause: Sendable {
        package let rule: Int
        package let variable: String
        package let message: String
        /// Requests, and how many of them the origin had answered well.
        package var count = 0
        package var goodCount = 0
        package var paths: [String] = []
        package var example: SampleRequest?
        package var proposal: ExclusionProposal?
        /// How many of the requests pass with the proposal.
        package var silenced = 0
    }

    package let count: Int
    package let unreadable: Int
    package let blocked: Int
    /// The most frequent first.
    package let causes: [Cause]
    /// With all proposals in force, how many are still blocked.
    package let left: Int

    private struct Found: Sendable {
        let index: Int
        let rules: [(rule: AuditRule, variable: String)]
    }

    /// - Parameters:
    ///   - host: for lines that name none.
    ///   - limit: for how many causes an exclusion is proposed and tried.
    package static func run(
        _ log: AccessLog, _ book: RuleBook, _ settings: WAFSettings, host: String, limit: Int,
        workers: Int
    ) async -> Replay {
        let found = await judge(log, book.rules, settings, host: host, workers: workers)
        var causes: [String: Cause] = [:]
        var members: [String: [Int]] = [:]
        for request in found {
            let entry = log.entries[request.index].entry
            var seen: Set<String> = []
            for (rule, variable) in request.rules {
                let key = "\(rule.id) \(variable)"
                guard seen.insert(key).inserted else { continue }
                var cause =
                    causes[key]
                    ?? Cause(
                        rule: rule.id, variable: variable, message: rule.message)
                cause.count += 1
                if let status = entry.status, (200...399).contains(status) { cause.goodCount += 1 }
                if cause.paths.count < 4096 { cause.paths.append(entry.path) }
                if cause.example == nil {
                    cause.example = entry.request(host: host, name: "")
                }
                causes[key] = cause
                members[key, default: []].append(request.index)
            }
        }
        var ordered = causes.sorted {
            $0.value.count != $1.value.count
                ? $0.value.count > $1.value.count : $0.key < $1.key
        }
        var rehearsal = Rehearsal(book.rules, settings)
        let place = SourcePlace(file: "proposal", line: 1, column: 1)
        var wishes: [RuleExclusions.Wish] = []
        for index in ordered.indices.prefix(limit) {
            let cause = ordered[index].value
            let proposal = ExclusionProposal(
                rule: cause.rule, variable: cause.variable, paths: cause.paths)
            ordered[index].value.proposal = proposal
            wishes.append(proposal.wish)
            rehearsal.exclusions = try? book.rules.exclusions([proposal.wish], at: place)
            for member in members[ordered[index].key] ?? [] {
                let request = log.entries[member].entry.request(host: host, name: "")
                if !rehearsal.run(request.bytes).isDetected { ordered[index].value.silenced += 1 }
            }
        }
        rehearsal.exclusions = try? book.rules.exclusions(wishes, at: place)
        let left = found.count { request in
            let entry = log.entries[request.index].entry
            return rehearsal.run(entry.request(host: host, name: "").bytes).isDetected
        }
        return Replay(
            count: log.entries.count, unreadable: log.unreadable.count, blocked: found.count,
            causes: ordered.map(\.value), left: wishes.isEmpty ? found.count : left)
    }

    /// The requests that are blocked, or would be.
    private static func judge(
        _ log: AccessLog, _ rules: RuleSet, _ settings: WAFSettings, host: String, workers: Int
    ) async -> [Found] {
        let count = max(1, min(workers, log.entries.count))
        return await withTaskGroup(of: [Found].self) { group in
            for worker in 0..<count {
                group.addTask { @concurrent in
                    var rehearsal = Rehearsal(rules, settings)
                    var found: [Found] = []
                    for index in stride(from: worker, to: log.entries.count, by: count) {
                        let entry = log.entries[index].entry
                        let client = IPAddress(entry.client) ?? IPAddress(v4: 0x7F00_0001)
                        let request = entry.request(host: host, name: "")
                        let answer = rehearsal.run(request.bytes, client: client)
                        if !answer.isDetected { continue }
                        found.append(Found(index: index, rules: culprits(answer.record)))
                    }
                    return found
                }
            }
            var all: [Found] = []
            for await part in group { all += part }
            return all.sorted { $0.index < $1.index }
        }
    }

    /// Rules that matched on something of the request; not those that add up scores.
    private static func culprits(_ record: [UInt8]) -> [(AuditRule, String)] {
        AuditRule.read(record).filter { $0.phase < 5 }.flatMap { rule in
            rule.matches.map(\.variable)
                .filter { !$0.hasPrefix("TX:") && $0 != "TX" && !$0.hasPrefix("MATCHED_VAR") }
                .map { (rule, $0) }
        }
    }

    // MARK: - Reports

    package func lines(showing limit: Int, _ style: Style) -> [String] {
        var lines = [
            "\(Style.counted(count, "request")) replayed, "
                + style("\(blocked) would be blocked", blocked > 0 ? .red : .green)
                + (unreadable > 0 ? "; \(Style.counted(unreadable, "line")) not understood" : "")
        ]
        for (index, cause) in causes.prefix(limit).enumerated() {
            lines += [
                "",
                style("\(cause.rule)", .bold) + " on " + style(cause.variable, .bold) + "  "
                    + Style.cut(cause.message, to: style.width - 14 - cause.variable.count),
                "  \(Style.counted(cause.count, "request")), \(cause.goodCount) of them answered "
                    + "well by the origin",
            ]
            if let example = cause.example {
                lines.append("  such as " + example.title(upTo: style.width - 10))
            }
            guard let proposal = cause.proposal else { continue }
            lines += ["  if they are wanted (\(cause.silenced) would pass):", ""]
            lines += proposal.toml.split(separator: "\n").map { "    " + $0 }
            lines += ["", "  or, in SecLang, before the rules:", ""]
            lines += proposal.secLang(id: 9_900_001 + index).split(separator: "\n")
                .map { "    " + $0 }
        }
        if causes.count > limit {
            lines += ["", "and \(Style.counted(causes.count - limit, "less frequent cause"))"]
        }
        if blocked > 0 {
            lines += ["", "With all exclusions above, \(left) would still be blocked."]
        }
        return lines
    }

    package func write(to text: inout Buffer) {
        text.append(
            "{\"total\":\(count),\"unreadable\":\(unreadable),\"blocked\":\(blocked),"
                + "\"left\":\(left),\"causes\":[" as String)
        for (index, cause) in causes.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"rule\":\(cause.rule),\"variable\":" as String)
            text.append(json: Array(cause.variable.utf8).span)
            text.append(",\"count\":\(cause.count),\"good\":\(cause.goodCount)" as String)
            if let proposal = cause.proposal {
                text.append(",\"silenced\":\(cause.silenced),\"toml\":" as String)
                text.append(json: Array(proposal.toml.utf8).span)
                text.append(",\"seclang\":")
                text.append(json: Array(proposal.secLang(id: 9_900_001 + index).utf8).span)
            }
            text.append("}")
        }
        text.append("]}\n")
    }
}
