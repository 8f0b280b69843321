internal import PorticoBytes
internal import PorticoLimits
internal import PorticoTelemetry

/// What rate limits have done, by limit.
enum RateMetrics {
    static func append(_ limits: [RateLimit], at now: Instant, to writer: inout MetricsWriter) {
        if limits.isEmpty { return }
        writer.begin(
            "portico_rate_limited_requests_total", .counter,
            "Requests beyond a rate limit, by what was done.")
        for limit in limits {
            let counts = limit.counts
            for (action, count) in [
                ("reject", counts.rejected), ("delay", counts.delayed), ("log", counts.logged),
            ] {
                writer.sample([("limit", limit.name), ("action", action)], count)
            }
        }
        let reports = limits.map { ($0.name, $0.table.report(at: now)) }
        writer.begin(
            "portico_rate_limit_keys", .gauge, "Keys that have used some of a limit's burst.")
        for (name, report) in reports { writer.sample([("limit", name)], report.keys) }
        writer.begin("portico_rate_limit_table_bytes", .gauge, "Memory of a limit's table.")
        for (name, report) in reports { writer.sample([("limit", name)], report.bytes) }
        writer.begin(
            "portico_rate_limit_displaced_total", .counter,
            "Keys that a full table has forgotten before their time.")
        for (name, report) in reports { writer.sample([("limit", name)], report.displaced) }
    }
}
