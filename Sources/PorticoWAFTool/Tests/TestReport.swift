package import PorticoBytes

/// Results of tests for people and programs.
package enum TestReport: String, CaseIterable, Sendable {
    case tap
    case junit
    case json

    package func write(_ results: [TestResult], to text: inout Buffer) {
        switch self {
        case .tap: writeTAP(results, to: &text)
        case .junit: writeJUnit(results, to: &text)
        case .json: writeJSON(results, to: &text)
        }
    }

    /// Test Anything Protocol 13.
    private func writeTAP(_ results: [TestResult], to text: inout Buffer) {
        text.append("TAP version 13\n1..\(results.count)\n" as String)
        for (index, result) in results.enumerated() {
            let verdict = result.failure == nil ? "ok" : "not ok"
            text.append("\(verdict) \(index + 1) - \(result.name)\n" as String)
            if let failure = result.failure {
                let line = failure.split(whereSeparator: \.isNewline).joined(separator: " ")
                text.append("# \(line)\n" as String)
            }
        }
    }

    private func writeJUnit(_ results: [TestResult], to text: inout Buffer) {
        let failed = results.count { $0.failure != nil }
        text.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        text.append(
            "<testsuite name=\"waf\" tests=\"\(results.count)\" failures=\"\(failed)\">\n" as String
        )
        for result in results {
            text.append(
                "<testcase name=\"\(result.name)\" classname=\"\(Self.escaped(result.file))\""
                    as String)
            if let failure = result.failure {
                text.append(
                    "><failure message=\"\(Self.escaped(failure))\"/></testcase>\n" as String)
            } else {
                text.append("/>\n")
            }
        }
        text.append("</testsuite>\n")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            // XML 1.0 has no other controls.
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private func writeJSON(_ results: [TestResult], to text: inout Buffer) {
        let failed = results.count { $0.failure != nil }
        text.append("{\"total\":\(results.count),\"passed\":\(results.count - failed)" as String)
        text.append(",\"results\":[")
        for (index, result) in results.enumerated() {
            if index > 0 { text.append(",") }
            text.append("{\"test\":")
            text.append(json: Array(result.name.utf8).span)
            text.append(",\"pass\":")
            text.append(result.failure == nil ? "true" : "false")
            if let failure = result.failure {
                text.append(",\"why\":")
                text.append(json: Array(failure.utf8).span)
            }
            text.append(",\"ids\":\(result.ids)}" as String)
        }
        text.append("]}\n")
    }
}
