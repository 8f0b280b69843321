package import PorticoBytes
package import PorticoWAF

/// What changes for requests when one set of rules takes another's place.
package struct VerdictDiff: Sendable {
    package struct Change: Sendable {
        package let request: SampleRequest
        package let before: Rehearsal.Answer
        package let after: Rehearsal.Answer

        /// Rules that no longer match, and that do now.
        var gone: [Int] { Self.unique(before.ids).filter { !after.ids.contains($0) } }
        var new: [Int] { Self.unique(after.ids).filter { !before.ids.contains($0) } }

        /// Whether the client sees a difference, or would in a mode that blocks.
        package var changesVerdict: Bool {
            before.status != after.status || before.action != after.action
        }

        private static func unique(_ ids: [Int]) -> [Int] {
            var seen: Set<Int> = []
            return ids.filter { seen.insert($0).inserted }
        }
    }

    package let count: Int
    /// Requests about which the two say something different, the rules' ids included.
    package let changes: [Change]

    package var verdicts: [Change] { changes.filter(\.changesVerdict) }

    package static func compare(
        _ left: RuleSet, _ right: RuleSet, _ requests: [SampleRequest], _ settings: WAFSettings
    ) -> VerdictDiff {
        var before = Rehearsal(left, settings)
        var after = Rehearsal(right, settings)
        let changes = requests.map { request in
            Change(
                request: request, before: before.run(request.bytes),
                after: after.run(request.bytes))
        }
        return VerdictDiff(
            count: requests.count,
            changes: changes.filter { $0.changesVerdict || !$0.gone.isEmpty || !$0.new.isEmpty })
    }

    package func lines(_ style: Style) -> [String] {
        var lines: [String] = []
        for change in changes {
            let verdict =
                change.changesVerdict
                ? "\(Self.verdict(change.before)) -> \(Self.verdict(change.after))"
                : "\(Self.verdict(change.after)), as before"
            let ink: Style.Ink =
                !change.changesVerdict ? .dim : change.after.isDetected ? .red : .green
            lines.append(change.request.title(upTo: style.width))
            lines.append("    " + style(verdict, ink))
            for (sign, ids) in [("-", change.gone), ("+", change.new)] where !ids.isEmpty {
                let list = ids.map(String.init).joined(separator: " ")
                lines.append("    \(sign) " + Style.cut(list, to: style.width - 6))
            }
        }
        lines.append(
            "\(Style.counted(count, "request")): \(verdicts.count) change verdict, "
                + "\(changes.count - verdicts.count) match other rules")
        return lines
    }

    private static func verdict(_ answer: Rehearsal.Answer) -> String {
        answer.status == 0 ? "closed" : "\(answer.action) \(answer.status)"
    }

    package func write(to text: inout Buffer) {
        text.append("{\"total\":\(count),\"verdicts\":\(verdicts.count),\"changes\":[" as String)
        for (index, change) in changes.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"name\":")
            text.append(json: Array(change.request.name.utf8).span)
            text.append(",\"changes_verdict\":\(change.changesVerdict)" as String)
            for (name, answer) in [("before", change.before), ("after", change.after)] {
                text.append(
                    ",\"\(name)\":{\"action\":\"\(answer.action)\",\"status\":\(answer.status),"
                        + "\"ids\":\(answer.ids)}" as String)
            }
            text.append("}")
        }
        text.append("]}\n")
    }
}
