import PorticoBytes
import Testing

@testable import PorticoTelemetry

@Suite("Metrics page (Prometheus text format 0.0.4)")
struct MetricsPageTests {
    @Test func `every count is on the page once`() {
        let shown = MetricsPage.families.flatMap { $0.rows.map(\.1) }
        #expect(shown.count == Count.allCases.count)
        #expect(Set(shown) == Set(Count.allCases))
    }

    @Test func `a family has its help, its type and its samples`() {
        var writer = MetricsWriter()
        writer.begin("a_total", .counter, "Things.")
        writer.sample([("b", "c")], 1)
        writer.sample([("b", "q\"\\\nü"), ("d", "")], -2)
        writer.begin("e", .gauge, "Level.")
        writer.sample(3)
        let page = writer.finish()
        #expect(
            page.bytes.text == #"""
                # HELP a_total Things.
                # TYPE a_total counter
                a_total{b="c"} 1
                a_total{b="q\"\\\nü",d=""} -2
                # HELP e Level.
                # TYPE e gauge
                e 3

                """#)
    }

    @Test(arguments: [
        (0, "0"), (1, "0.000001"), (64, "0.000064"), (1_500_000, "1.5"), (60_000_000, "60"),
        (1_000_100, "1.0001"),
    ])
    func `seconds are written without needless digits`(_ microseconds: Int, _ text: String) {
        var writer = MetricsWriter()
        writer.begin("s", .gauge, "S.")
        writer.sample(microseconds: microseconds)
        #expect(writer.finish().bytes.text.hasSuffix("\ns \(text)\n"))
    }

    @Test func `a page is well-formed and tells what was counted`() {
        let worker = WorkerCounters()
        worker.add(3, to: .requests2xx)
        worker.requestDuration.record(microseconds: 64)
        worker.requestDuration.record(microseconds: 65)
        worker.requestDuration.record(microseconds: 90_000_000)
        var totals = CounterTotals()
        totals.add(worker)
        var process = MetricsPage.Process()
        process.version = "1.0"
        process.uptime = 2_500_000
        var origin = MetricsPage.Origin(pool: "shop", node: "127.0.0.1:9001")
        origin.failures = 4
        var writer = MetricsWriter()
        MetricsPage.append(totals, origins: [origin], process: process, to: &writer)
        let lines = writer.finish().bytes.text.split(separator: "\n").map(String.init)

        for expected in [
            #"portico_requests_total{code="2xx"} 3"#,
            #"portico_request_duration_seconds_bucket{le="0.000064"} 1"#,
            #"portico_request_duration_seconds_bucket{le="0.000128"} 2"#,
            #"portico_request_duration_seconds_bucket{le="67.108864"} 2"#,
            #"portico_request_duration_seconds_bucket{le="+Inf"} 3"#,
            "portico_request_duration_seconds_sum 90.000129",
            "portico_request_duration_seconds_count 3",
            #"portico_origin_failures_total{pool="shop",node="127.0.0.1:9001"} 4"#,
            #"portico_build_info{version="1.0"} 1"#,
            "portico_uptime_seconds 2.5",
        ] { #expect(lines.contains(expected), "\(expected)") }

        var families: Set<String> = []
        var family = ""
        for line in lines {
            if line.hasPrefix("# HELP ") {
                family = String(line.dropFirst(7).prefix { $0 != " " })
                #expect(families.insert(family).inserted, "\(family) stands twice")
            } else if !line.hasPrefix("# TYPE ") {
                #expect(line.hasPrefix(family), "\(line) stands under \(family)")
            }
        }
        #expect(Set(lines).count == lines.count)
    }
}
