import PorticoBytes
import PorticoSettings
import Testing

@Suite("Quantities")
struct QuantityTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("2s", .seconds(2)), ("5m", .seconds(300)),
        ("1h", .seconds(3600)), ("1d", .seconds(86_400)), ("0", .zero), ("0s", .zero),
        ("365d", .seconds(31_536_000)),
    ])
    func `a duration is a number and a unit`(_ text: String, _ duration: Duration) {
        #expect(Quantity.duration(text) == duration)
    }

    @Test(arguments: [
        "", "5", "s", "5S", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "1h30m", "5us", "5ns", "5w",
        "0x5s",
        "99999999999999999999s", "9223372036854775807d", "٥s",
    ])
    func `what is no duration is refused`(_ text: String) {
        #expect(Quantity.duration(text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("1500", 1500), ("1500B", 1500), ("64KiB", 65_536), ("64k", 65_536),
        ("64K", 65_536),
        ("64kb", 64_000), ("64KB", 64_000), ("3MiB", 3 << 20), ("3M", 3 << 20), ("3MB", 3_000_000),
        ("10GB", 10_000_000_000), ("10GiB", 10 << 30), ("2TB", 2_000_000_000_000),
        ("2TiB", 2 << 40),
        ("100mib", 100 << 20),
    ])
    func `a size is bytes or a unit of them`(_ text: String, _ bytes: Int) {
        #expect(Quantity.size(text) == ByteCount(bytes))
    }

    @Test(arguments: [
        "", "KiB", "1.5GiB", "-1", "1 MiB", "1Mib/s", "1PB", "9999999999TiB", "0x10", "1e3",
    ])
    func `what is no size is refused`(_ text: String) {
        #expect(Quantity.size(text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("5000", 5000), ("5k", 5000), ("5K", 5000), ("100M", 100_000_000),
        ("2G", 2_000_000_000),
    ])
    func `a count is in thousands`(_ text: String, _ count: Int) {
        #expect(Quantity.count(text) == count)
    }

    @Test(arguments: ["", "M", "1m", "1.5M", "-1", "1MiB", "99999999999G"])
    func `what is no count is refused`(_ text: String) {
        #expect(Quantity.count(text) == nil)
    }

    @Test(arguments: [
        ("10/s", Rate(10, per: .seconds(1))), ("600/m", Rate(600, per: .seconds(60))),
        ("1000/h", Rate(1000, per: .seconds(3600))), ("1k/d", Rate(1000, per: .seconds(86_400))),
    ])
    func `a rate is a count and a period`(_ text: String, _ rate: Rate) {
        #expect(Quantity.rate(text) == rate)
    }

    @Test(arguments: [
        "", "10", "/s", "10/", "0/s", "10/10s", "10/ms", "10/s/s", "10 / s", "-1/s", "10/w",
        "1.5/s",
    ])
    func `what is no rate is refused`(_ text: String) {
        #expect(Quantity.rate(text) == nil)
    }

    @Test(arguments: ["250ms", "1500ms", "2s", "90s", "5m", "1h", "1d", "36h", "0s"])
    func `a duration is written as it was read`(_ text: String) throws {
        #expect(try Quantity.text(#require(Quantity.duration(text))) == text)
    }

    @Test(arguments: ["0", "1501B", "64KiB", "100MiB", "10GB", "2TiB", "1025KiB"])
    func `a size is written as it was read`(_ text: String) throws {
        #expect(try #require(Quantity.size(text)).description == text)
    }

    @Test(arguments: ["10/s", "600/m", "1000/h", "5/d"])
    func `a rate is written as it was read`(_ text: String) throws {
        #expect(try #require(Quantity.rate(text)).description == text)
    }
}

@Suite("Nearest names")
struct NearestTests {
    @Test(arguments: [
        ("adress", "address"), ("worker", "workers"), ("leastrequests", "least-requests"),
        ("TLS", "tls"),
        ("tsl", "tls"), ("sheme", nil), ("", nil), ("uri_byte", "uri_bytes"), ("x", nil),
    ])
    func `a slip is recognised and a stranger is not`(_ word: String, _ meant: String?) {
        let known = ["address", "tls", "workers", "least-requests", "uri_bytes", "h2c"]
        #expect(nearest(to: word, among: known) == meant)
    }
}

@Suite("Host names")
struct HostNameTests {
    @Test(arguments: [
        ("localhost", true), ("shop.example", true), ("a-b_c.example", true), ("1.example", true),
        ("1.2.3.4", false), ("example.1", false), ("", false), ("a..b", false), (".a", false),
        ("a.", false), ("-a", false), ("a-", false), ("a b", false), ("bücher.example", false),
        ("a:80", false), (String(repeating: "a", count: 64), false),
    ])
    func `a host name is made of labels`(_ text: String, _ sound: Bool) {
        #expect(isHostName(text) == sound)
    }
}
