package import PorticoBytes
internal import PorticoSecLang

/// The audit log (INTERFACE §6): one JSON object a line for each request that matched a rule.
extension Transaction {
    /// At most so many matches of one rule, and so many bytes of a value, stand in a record.
    private static var maxMatches: Int { 16 }
    private static var maxValueBytes: Int { 256 }
    private static var maxTextBytes: Int { 2048 }

    mutating func record(_ pair: Pair, _ link: Int32) {
        guard matches.count < 4096 else { return }
        let nameStart = heap.byteCount
        appendName(of: pair)
        let name = ByteRange(nameStart, heap.byteCount)
        var start: Int32 = -1
        var end: Int32 = -1
        if !plan.links[Int(link)].isNegated, case .compiled = plan.links[Int(link)].test,
            let range = captures.range(0, of: heap.bytes(pair.value))
        {
            start = Int32(truncatingIfNeeded: range.lowerBound)
            end = Int32(truncatingIfNeeded: range.upperBound)
        }
        matches.append(
            Match(name: name, value: heap.slots[Int(pair.value)].range, start: start, end: end))
    }

    mutating func log(_ rule: Int32, matches: Range<Int>) {
        // `nolog` and `noauditlog` both: nobody wants to read of it.
        let plan = plan
        guard matchedRules.count < 4096 else { return }
        var entry = MatchedRule(
            rule: rule, message: expanded(plan.rules[Int(rule)].message),
            data: expanded(plan.rules[Int(rule)].data), matches: matches)
        for macro in plan.rules[Int(rule)].tagMacros { entry.tags.append(expanded(macro)) }
        matchedRules.append(entry)
    }

    private mutating func expanded(_ macro: Macro) -> ByteRange {
        let start = heap.byteCount
        expand(macro)
        return ByteRange(start, heap.byteCount)
    }

    /// What the rules have added up, of CRS 4 or 3.
    package var score: Int {
        var sum: Int64 = 0
        for line in plan.scoreSlots {
            for slot in line where tx[Int(slot)] >= 0 {
                sum &+= DecimalPrefix.value(of: heap.bytes(tx[Int(slot)]))
                break
            }
        }
        return Int(clamping: sum)
    }

    /// Ids of the rules that matched and log, in order.
    package var matchedRuleIDs: [Int] { matchedRules.map { plan.rules[Int($0.rule)].id } }

    /// What the engine itself had to say.
    package var engineErrors: [String] { errors }

    /// Appends the record with its line end. `status` is what the client got; 0: no answer.
    package mutating func appendRecord(
        to line: inout Buffer, status: UInt16, host: Span<UInt8>, engineName: String, now: Instant
    ) {
        findSecrets()
        line.append("{\"time\":\"")
        appendTime(to: &line)
        line.append("\",\"request_id\":")
        line.append(json: identity.uniqueID.span)
        line.append(",\"client_ip\":\"")
        line.append(identity.client)
        line.append("\",\"host\":")
        line.append(json: host)
        line.append(",\"method\":")
        append(.requestMethod, to: &line)
        line.append(",\"uri\":")
        append(.requestURIRaw, to: &line)
        line.append(",\"status\":")
        line.append(decimal: UInt64(status))
        line.append(",\"action\":")
        line.append(
            intervention != nil ? "\"blocked\"" : wouldIntervene ? "\"detected\"" : "\"passed\"")
        line.append(",\"mode\":\"")
        line.append(mode.rawValue)
        line.append("\",\"score\":")
        let score = score
        if score < 0 { line.append("-") }
        line.append(decimal: UInt64(score.magnitude))
        line.append(",\"engine\":")
        line.append(json: Array(engineName.utf8).span)
        line.append(",\"duration_us\":")
        line.append(decimal: now.since(began).nanoseconds / 1000)
        line.append(",\"rules\":[")
        for index in matchedRules.indices {
            if index > 0 { line.append(",") }
            append(matchedRules[index], to: &line)
        }
        line.append("],\"errors\":")
        line.append(jsonArray: errors)
        line.append("}\n")
    }

    private func append(_ variable: Variable, to line: inout Buffer) {
        let value = scalars[Int(variable.rawValue)]
        if value < 0 {
            line.append("\"\"")
        } else {
            append(heap.slots[Int(value)].range, upTo: Self.maxTextBytes, to: &line)
        }
    }

    private func append(_ range: ByteRange, upTo limit: Int, to line: inout Buffer) {
        let bytes = heap.bytes(in: range)
        if secrets.texts.isEmpty {
            line.append(json: bytes.extracting(0..<min(bytes.count, limit)))
        } else {
            // First masked, then cut: half a secret is one, too.
            line.append(json: Array(secrets.masked(bytes.array).prefix(limit)).span)
        }
    }

    private func append(_ entry: MatchedRule, to line: inout Buffer) {
        let plan = plan
        let rule = Int(entry.rule)
        line.append("{\"id\":")
        line.append(decimal: UInt64(plan.rules[rule].id))
        line.append(",\"phase\":")
        line.append(decimal: UInt64(plan.rules[rule].phase))
        line.append(",\"severity\":")
        if let severity = plan.rules[rule].severity {
            line.append("\"")
            line.append(severity.name)
            line.append("\"")
        } else {
            line.append("null")
        }
        line.append(",\"msg\":")
        append(entry.message, upTo: Self.maxTextBytes, to: &line)
        line.append(",\"data\":")
        append(entry.data, upTo: Self.maxTextBytes, to: &line)
        line.append(",\"tags\":[")
        var expanded = 0
        for (index, tag) in plan.rules[rule].tags.enumerated() {
            if index > 0 { line.append(",") }
            // The tags with macros stand in the same order among themselves.
            if expanded < entry.tags.count, tag.contains(0x25) {
                append(entry.tags[expanded], upTo: Self.maxTextBytes, to: &line)
                expanded += 1
            } else {
                line.append(json: tag.span)
            }
        }
        line.append("],\"file\":")
        line.append(json: Array(plan.rules[rule].place.file.utf8).span)
        line.append(",\"line\":")
        line.append(decimal: UInt64(plan.rules[rule].place.line))
        line.append(",\"matches\":[")
        // The last ones: msg and data speak of them.
        let shown = entry.matches.suffix(Self.maxMatches)
        for index in shown {
            if index > shown.startIndex { line.append(",") }
            append(matches[index], to: &line)
        }
        line.append("]}")
    }

    private func append(_ match: Match, to line: inout Buffer) {
        line.append("{\"variable\":")
        append(match.name, upTo: Self.maxTextBytes, to: &line)
        line.append(",\"value\":")
        if secrets.isMasked(heap.bytes(in: match.name).array) {
            line.append("\"*\"}")
            return
        }
        append(match.value, upTo: Self.maxValueBytes, to: &line)
        // Behind a masked part, places would not be those of the value.
        if !secrets.texts.isEmpty {
            let value = heap.bytes(in: match.value).array
            if secrets.masked(value) != value {
                line.append("}")
                return
            }
        }
        if match.start >= 0 {
            line.append(",\"start\":")
            line.append(decimal: UInt64(match.start))
            line.append(",\"end\":")
            line.append(decimal: UInt64(match.end))
        }
        line.append("}")
    }

    private func appendTime(to line: inout Buffer) {
        let time = CivilTime(epochSeconds: identity.epochSeconds)
        func append(_ number: Int, digits: Int, _ line: inout Buffer) {
            var divisor = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                line.append(UInt8(truncatingIfNeeded: number / divisor % 10) &+ 0x30)
                divisor /= 10
            }
        }
        append(time.year, digits: 4, &line)
        line.append("-")
        append(time.month, digits: 2, &line)
        line.append("-")
        append(time.day, digits: 2, &line)
        line.append("T")
        append(time.hour, digits: 2, &line)
        line.append(":")
        append(time.minute, digits: 2, &line)
        line.append(":")
        append(time.second, digits: 2, &line)
        line.append(".")
        append(max(0, min(identity.milliseconds, 999)), digits: 3, &line)
        line.append("Z")
    }
}
