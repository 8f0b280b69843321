import PorticoTelemetry
import Testing

@testable import PorticoServer

@Suite("The dashboard")
struct DashboardPageTests {
    @Test func `a page of nothing is whole`() {
        let page = DashboardPage(Dashboard()).html(nonce: "n0nce")
        #expect(page.hasPrefix("<!doctype html>"))
        #expect(page.hasSuffix("</html>\n"))
        #expect(
            page.contains("<style nonce=\"n0nce\">") && page.contains("<script nonce=\"n0nce\">"))
        // What the policy would refuse, or fetch from elsewhere.
        for word in [" style=\"", " onclick", "http://", "https://", "nan"] {
            #expect(!page.contains(word), "\(word)")
        }
    }

    @Test func `what others have named is text`() {
        var dashboard = Dashboard()
        dashboard.hasCache = true
        dashboard.reasons = ["<no> node"]
        dashboard.purges = [
            .init(
                what: "key <script>alert(1)</script>", site: "a\"b", caller: "&", secondsAgo: 61,
                microseconds: 12)
        ]
        dashboard.limits = [.init(name: "<i>", rate: "1/s", counts: [("refused", 3)], keys: 1)]
        let page = DashboardPage(dashboard).html(nonce: "n")
        #expect(page.contains("key &lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(page.contains("a&quot;b, by &amp;, in 12 µs"))
        #expect(page.contains("1 min 1 s ago"))
        #expect(page.contains("&lt;i&gt; <small>1/s</small>"))
        #expect(page.contains("<p class=\"why\">&lt;no&gt; node</p>"))
        #expect(page.contains("not ready"))
    }

    @Test func `rates are those of the last seconds`() {
        var history = TrafficHistory()
        for second in 0..<400 {
            var mark = TrafficHistory.Mark()
            mark.classes[1] = second * 10
            mark.classes[4] = second / 100
            mark.hits = second * 3
            mark.asked = second * 4
            history.note(mark, LatencyTotals())
        }
        #expect(history.requestsPerSecond.count == TrafficHistory.span)
        #expect(history.requestsPerSecond.last == 10)
        let (added, seconds) = history.recent(10)
        #expect(seconds == 10 && added.classes[1] == 100 && added.hits == 30 && added.asked == 40)
        #expect(TrafficHistory().recent(10).added == TrafficHistory.Mark())
    }

    @Test func `latencies are those of about a minute`() {
        let histogram = LatencyHistogram()
        var history = TrafficHistory()
        for second in 0..<100 {
            histogram.record(microseconds: second < 20 ? 1_000_000 : 1000)
            var totals = LatencyTotals()
            totals.add(histogram)
            history.note(TrafficHistory.Mark(), totals)
        }
        var totals = LatencyTotals()
        totals.add(histogram)
        let recent = history.recent(totals)
        #expect((50...75).contains(recent.count))
        #expect((1000...1063).contains(recent.quantile(0.99) ?? 0))
        #expect((totals.quantile(0.99) ?? 0) >= 1_000_000)
    }
}
