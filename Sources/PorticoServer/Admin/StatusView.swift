internal import PorticoBytes

/// What `portico status` shows: the daemon's own words, put in order for people.
package struct StatusView: Equatable, Sendable {
    package let isReady: Bool
    private let reasons: [String]
    private let status: JSONValue
    private let statusText: String

    /// From the answers of `/readyz` and `/v1/status`; nil when they are not what they should be.
    package init?(readiness: AdminReply, status reply: AdminReply) {
        guard let ready = JSONValue(readiness.body.span), let status = JSONValue(reply.body.span),
            status["uptime_seconds"]?.integer != nil
        else { return nil }
        isReady = readiness.status == 200
        reasons = ready["reasons"]?.elements.compactMap(\.text) ?? []
        self.status = status
        statusText = reply.body.span.text.filter { $0 != "\n" }
    }

    /// One line: whether it is ready, why not, and the daemon's answer as it came.
    package var json: String {
        var text = Buffer()
        text.append("{\"ready\":\(isReady),\"reasons\":")
        text.append(jsonArray: reasons)
        text.append(",\"status\":")
        text.append(statusText)
        text.append("}")
        return text.bytes.text
    }

    /// As lines of text.
    package func lines(coloured: Bool) -> [String] {
        let paint = Paint(isOn: coloured)
        let word = isReady ? paint.good("ready") : paint.bad("not ready")
        var lines = ["portico \(text("version")), \(word), up for \(uptime)"]
        lines += reasons.map { "  \($0)" }
        lines.append("")
        lines += figures.map { Self.padded($0, to: 15) + $1 }
        for pool in status["origins"]?.members ?? [] {
            lines.append("")
            lines += table(of: pool.name, pool.value.elements, paint)
        }
        return lines
    }

    private func text(_ name: String) -> String { Self.clean(status[name]?.text ?? "?") }

    private var uptime: String { Self.span(status["uptime_seconds"]?.integer ?? 0) }

    private var figures: [(String, String)] {
        let requests = status["requests"]
        func count(_ name: String) -> String { "\(requests?[name]?.integer ?? 0)" }
        let classes = ["2xx", "3xx", "4xx", "5xx"].map { "\($0) \(count($0))" }
        let configuration = status["configuration"]
        let digest = Self.clean(configuration?["sha256"]?.text ?? "").prefix(12)
        return [
            ("requests", "\(count("total")) (\(classes.joined(separator: ", ")))"),
            ("in flight", count("in_flight")),
            ("connections", "\(status["connections"]?.integer ?? 0)"),
            ("memory", "\((status["resident_bytes"]?.integer ?? 0) >> 20) MiB"),
            ("workers", "\(status["workers"]?.integer ?? 0)"),
            ("configuration", "\(Self.clean(configuration?["file"]?.text ?? "?")) (\(digest))"),
        ]
    }

    private func table(of pool: String, _ nodes: [JSONValue], _ paint: Paint) -> [String] {
        var rows = [
            [Self.clean(pool), "state", "in flight", "requests", "failures", "last change"]
        ]
        for node in nodes {
            var row = ["node", "state"].map { Self.clean(node[$0]?.text ?? "?") }
            row += ["in_flight", "requests", "failures"].map { "\(node[$0]?.integer ?? 0)" }
            row.append(Self.lastChange(node))
            rows.append(row)
        }
        let widths = (0..<6).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { index, row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let isNumber = 2...4 ~= column
                var padded = isNumber ? Self.filling(cell, widths[column]) + cell : cell
                if column == 1 && index > 0 { padded = paint.state(cell) }
                if !isNumber && column < 5 { padded += Self.filling(cell, widths[column]) }
                line += (column > 0 ? "  " : "") + padded
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private static func lastChange(_ node: JSONValue) -> String {
        guard let last = node["history"]?.elements.last, let words = last["change"]?.text,
            let ago = last["seconds_ago"]?.integer
        else { return "" }
        return "\(clean(words)), \(span(ago)) ago"
    }

    private static func filling(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count))
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + filling(text, width)
    }

    /// `3 d 4 h`, `5 min 6 s`.
    static func span(_ seconds: Int) -> String {
        switch seconds {
        case ..<60: "\(max(0, seconds)) s"
        case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
        case ..<86_400: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
        }
    }

    /// Without what would command the terminal.
    private static func clean(_ text: String) -> String {
        String(
            text.unicodeScalars.filter { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) }.map(
                Character.init))
    }
}

/// Colours of a terminal (ECMA-48 SGR), or none.
private struct Paint {
    let isOn: Bool

    func good(_ text: String) -> String { colour(32, text) }
    func bad(_ text: String) -> String { colour(31, text) }

    func state(_ word: String) -> String {
        switch word {
        case "up": good(word)
        case "down", "ejected": bad(word)
        default: colour(33, word)
        }
    }

    private func colour(_ number: Int, _ text: String) -> String {
        isOn ? "\u{1B}[\(number)m\(text)\u{1B}[0m" : text
    }
}
