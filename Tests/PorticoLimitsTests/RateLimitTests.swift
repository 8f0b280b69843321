import PorticoBytes
import PorticoSettings
import Testing

@testable import PorticoLimits

@Suite("Rate limits")
struct RateLimitTests {
    private func settings(
        _ name: String = "a", _ adjust: (inout RateLimitSettings) -> Void = { _ in }
    ) -> RateLimitSettings {
        var settings = RateLimitSettings()
        settings.name = name
        settings.rate = Rate(100, per: .seconds(1))
        settings.burst = 250
        adjust(&settings)
        return settings
    }

    private func make(
        _ settings: RateLimitSettings, after former: RateLimit? = nil
    ) -> RateLimit {
        RateLimit(settings, seed: (1, 2), after: former)
    }

    @Test(arguments: [
        ("per-client", "\"per-client\";q=250;w=3"),
        ("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\";q=250;w=3"),
        ("k\u{FC}rzel\n", "\"k__rzel_\";q=250;w=3"),
    ])
    func `the policy is a structured field, whatever the name`(_ name: String, _ text: String) {
        #expect(make(settings(name)).policy == Array(text.utf8))
    }

    @Test(
        arguments: [
            (0, 1), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2), (.max, 18_446_744_074),
        ] as [(UInt64, UInt64)])
    func `seconds are rounded up`(_ wait: UInt64, _ seconds: UInt64) {
        #expect(RateLimit.seconds(wait) == seconds)
        var value = Buffer()
        make(settings()).writeRefusal(wait: wait, into: &value)
        let text = value.bytes.text
        #expect(text == "\"a\";r=0;t=\(seconds)")
    }

    @Test func `what was counted outlives a reload, unless it means something else`() {
        let first = make(settings())
        first.counts.countRejected()
        let faster = make(settings { $0.rate = Rate(1, per: .seconds(1)) }, after: first)
        #expect(faster.table === first.table && faster.counts.rejected == 1)
        let other = make(settings { $0.key = [.path] }, after: first)
        #expect(other.table !== first.table && other.counts.rejected == 1)
    }

    @Test func `only who may wait is given time`() {
        #expect(make(settings { $0.action = .delay }).cadence.patience == 5_000_000_000)
        #expect(make(settings { $0.action = .log }).cadence.patience == 0)
        #expect(make(settings()).cadence.patience == 0)
    }
}
