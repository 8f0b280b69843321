internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoTelemetry

/// Purges, objects and explanations as the admin API shows them.
extension Buffer {
    mutating func append(_ record: PurgeRecord) {
        append("{\"id\":\"\(record.receipt.id)\",\"number\":\(record.receipt.number),\"at\":\"")
        WallTime.appendISO8601(microseconds: Int(record.at) * 1000, into: &self)
        append("\",\"token\":")
        append(json: Array(record.caller.utf8).span)
        append(",\"site\":")
        append(json: Array((record.site.isEmpty ? "all" : record.site).utf8).span)
        append(",\"soft\":\(record.depth == .soft),\"targets\":[")
        for (index, target) in record.targets.enumerated() {
            if index > 0 { append(",") }
            append(target)
        }
        append("],\"count\":\(record.receipt.count),\"durable\":\(record.receipt.isDurable)")
        let duration = record.duration.components
        append(",\"duration_us\":")
        append("\(duration.seconds * 1_000_000 + duration.attoseconds / 1_000_000_000_000)}")
    }

    mutating func append(_ target: PurgeTarget) {
        func word(_ name: StaticString, _ bytes: [UInt8], into buffer: inout Buffer) {
            buffer.append("{\"")
            buffer.append(name)
            buffer.append("\":")
            buffer.append(json: bytes.span)
            buffer.append("}")
        }
        switch target {
        case .tags(let tags):
            append("{\"keys\":")
            append(jsonArray: tags.map { String(decoding: $0, as: UTF8.self) })
            append("}")
        case .url(let url): word("url", url, into: &self)
        case .host(let host): word("host", host, into: &self)
        case .prefix(let prefix): word("prefix", prefix, into: &self)
        case .pattern(let pattern): word("pattern", pattern, into: &self)
        case .urlPattern(let pattern): word("url_pattern", pattern, into: &self)
        case .allOf(let targets):
            append("{\"all_of\":[")
            for (index, target) in targets.enumerated() {
                if index > 0 { append(",") }
                append(target)
            }
            append("]}")
        case .everything: append("{\"everything\":true}")
        }
    }

    mutating func append(_ object: ObjectView) {
        append("{\"url\":")
        append(json: (Array("\(object.scheme)://".utf8) + object.url).span)
        append(",\"status\":\(object.status),\"age\":\(object.age)")
        append(",\"lifetime\":\(object.lifetime),\"ttl\":\(object.timeToLive),\"basis\":")
        append(json: Array(object.basis.utf8).span)
        append(",\"directive\":")
        append(json: Array(object.directive.utf8).span)
        append(",\"stale_while_revalidate\":\(object.staleWhileRevalidate)")
        append(",\"stale_if_error\":\(object.staleIfError),\"keep\":\(object.keep)")
        append(",\"validator\":\(object.hasValidator),\"complete\":\(object.isComplete)")
        append(",\"on_disk\":\(object.isOnDisk)")
        append(",\"bytes\":\(object.size),\"purged\":\"\(object.verdict.word)\",\"vary\":{")
        for (index, field) in object.vary.enumerated() {
            if index > 0 { append(",") }
            append(json: Array(field.name.utf8).span)
            append(":")
            if let value = field.value {
                append(json: Array(value.utf8).span)
            } else {
                append("null")
            }
        }
        append("},\"tags\":")
        append(jsonArray: object.tags.map { String(decoding: $0, as: UTF8.self) })
        append("}")
    }

    mutating func append(_ told: Explanation, of url: [UInt8]) {
        append("{\"url\":")
        append(json: url.span)
        append(",\"outcome\":\"\(told.outcome.rawValue)\",\"steps\":")
        append(jsonArray: told.steps)
        append(",\"key\":")
        append(json: Array(told.key.utf8).span)
        append(",\"chosen\":")
        append(told.objects.firstIndex { $0.isChosen }.map { "\($0)" } ?? "null")
        append(",\"objects\":[")
        for (index, object) in told.objects.enumerated() {
            if index > 0 { append(",") }
            append(object)
        }
        append("],\"purges\":[")
        for (index, purge) in told.purges.enumerated() {
            if index > 0 { append(",") }
            append("{\"object\":\(purge.object),\"purge\":")
            append(purge.0)
            append("}")
        }
        append("]}")
    }
}

extension PurgeVerdict {
    fileprivate var word: String {
        switch self {
        case .untouched: "no"
        case .stale: "softly"
        case .gone: "yes"
        }
    }
}
