package import PorticoBytes
internal import PorticoHTTP
internal import PorticoHTTP1
package import PorticoWAF

/// Fastly's simulation of a WAF: a raw request in, status and signals out
/// (`POST /ngwaf/v1/workspaces/{id}/simulate`).
///
/// What Fastly calls the response of its WAF is 406 for a blocked request, whatever status the
/// rules name, and 200 for others. A rule's signal follows from its tags, in the words of CRS and
/// of Portico's own rules; a rule that says neither is a signal of the workspace, by its id.
package enum Simulation {
    package enum Fault: Error, Equatable, Sendable {
        /// The question is no JSON object with a `request`.
        case malformed
        case tooLarge

        package var sentence: String {
            switch self {
            case .malformed: "An object with \"request\", a raw HTTP request, is wanted."
            case .tooLarge: "Request and response may have 200 KB."
            }
        }
    }

    /// As Fastly's documentation says (200 KB).
    package static let mostBytes = 200_000

    /// Answers a question in Fastly's JSON.
    package static func answer(
        _ question: Span<UInt8>, _ rules: RuleSet, _ settings: WAFSettings
    ) throws(Fault) -> [UInt8] {
        guard question.count <= 4 * mostBytes, let question = JSONValue(question),
            let request = question["request"]?.text, !request.isEmpty
        else { throw .malformed }
        let response = question["response"]?.text
        guard request.utf8.count + (response?.utf8.count ?? 0) <= mostBytes else { throw .tooLarge }
        let reply = response.map { originAnswer(Array($0.utf8)) } ?? Rehearsal.OriginAnswer()
        var rehearsal = Rehearsal(rules, settings, origin: { _, _, _ in reply })
        return write(rehearsal.run(Array(request.utf8)))
    }

    // MARK: - The question

    /// Status, fields and body of a raw response, leniently: rules are to see it.
    private static func originAnswer(_ raw: [UInt8]) -> Rehearsal.OriginAnswer {
        var answer = Rehearsal.OriginAnswer()
        var start = 0
        var isFirst = true
        while start < raw.count {
            let feed = raw[start...].firstIndex(of: 0x0A) ?? raw.count
            let line = Array(raw[start..<feed].filter { $0 != 0x0D })
            start = min(feed + 1, raw.count)
            if line.isEmpty { break }
            if isFirst {
                let words = line.split(separator: 0x20)
                if words.count > 1, let status = Array(words[1]).span.decimal,
                    (100...599).contains(status)
                {
                    answer.status = UInt16(status)
                }
                isFirst = false
                continue
            }
            let colon = line.firstIndex(of: 0x3A) ?? line.count
            answer.fields.append(
                (
                    name: Array(line[..<colon]).span.text,
                    value: Array(line[min(colon + 1, line.count)...]).span.trimmingOWS.text
                ))
        }
        answer.body = Array(raw[start...])
        return answer
    }

    // MARK: - The answer

    /// Which tag means which signal; the first that a rule has counts.
    private static let signals: [(tag: String, type: String)] = [
        ("attack-sqli", "SQLI"), ("portico/sql", "SQLI"), ("attack-xss", "XSS"),
        ("portico/script", "XSS"), ("attack-rce", "CMDEXE"), ("portico/shell", "CMDEXE"),
        ("attack-lfi", "TRAVERSAL"), ("portico/traversal", "TRAVERSAL"),
        ("attack-injection-php", "CODEINJECTION"), ("attack-injection-java", "CODEINJECTION"),
        ("attack-injection-generic", "CODEINJECTION"), ("portico/code", "CODEINJECTION"),
        ("attack-reputation-scanner", "USERAGENT"), ("portico/scanner", "USERAGENT"),
        ("portico/files", "PRIVATEFILE"), ("portico/admin", "PRIVATEFILE"),
        ("attack-ssrf", "SSRF"), ("portico/ssrf", "SSRF"),
    ]

    private static func write(_ answer: Rehearsal.Answer) -> [UInt8] {
        var text = Buffer()
        text.append("{\"waf_response\":\(answer.isBlocked ? 406 : 200),\"signals\":[" as String)
        var isFirst = true
        for rule in AuditRule.read(answer.record) where rule.phase < 5 {
            let known = signals.first { signal in rule.tags.contains { $0.hasPrefix(signal.tag) } }
            // What adds up scores says nothing of the request.
            let matches = rule.matches.filter { !$0.variable.hasPrefix("TX") }
            for match in matches.prefix(1) {
                if !isFirst { text.append(",") }
                isFirst = false
                let type = known?.type ?? "site.rule-\(rule.id)"
                text.append("{\"type\":\"\(type)\",\"detector\":\"\(rule.id)\"" as String)
                text.append(",\"detector_scope\":\"")
                text.append(known == nil ? "workspace" : "system")
                text.append(
                    "\",\"redaction\":\"\(match.value == "*" ? "custom_param" : "none")\"" as String
                )
                append(match, to: &text)
                text.append("}")
            }
        }
        if answer.isBlocked {
            if !isFirst { text.append(",") }
            text.append("{\"type\":\"BLOCKED\",\"detector\":\"")
            text.append("\(answer.ids.last ?? 0)" as String)
            text.append("\",\"detector_scope\":\"system\",\"redaction\":\"none\"}")
        }
        text.append("]}")
        return text.bytes.array
    }

    private static func append(_ match: AuditRule.Match, to text: inout Buffer) {
        let halves = match.variable.split(separator: ":", maxSplits: 1).map(String.init)
        let location =
            switch halves.first ?? "" {
            case "ARGS", "ARGS_NAMES", "ARGS_GET", "ARGS_GET_NAMES", "QUERY_STRING": "QUERYSTRING"
            case "ARGS_POST", "ARGS_POST_NAMES", "FILES", "FILES_NAMES": "POSTARG"
            case "REQUEST_BODY", "XML": "POSTBODY"
            case "REQUEST_HEADERS", "REQUEST_HEADERS_NAMES": "HEADER"
            case "REQUEST_COOKIES", "REQUEST_COOKIES_NAMES": "COOKIE"
            case "RESPONSE_HEADERS", "RESPONSE_HEADERS_NAMES": "HEADEROUT"
            case "RESPONSE_BODY": "BODYOUT"
            case let name where name.hasPrefix("REQUEST_URI") || name.hasPrefix("REQUEST_FILENAME"):
                "PATH"
            default: ""
            }
        if !location.isEmpty { text.append(",\"location\":\"\(location)\"" as String) }
        if halves.count > 1 {
            text.append(",\"name\":")
            text.append(json: Array(halves[1].utf8).span)
        }
        text.append(",\"value\":")
        text.append(json: Array(match.value.utf8).span)
    }
}
