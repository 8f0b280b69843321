import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Fields for one hop (RFC 9110 §7.6.1)")
struct HopByHopTests {
    private func left(_ lines: [(String, String)]) -> [String] {
        var fields = Fields()
        for (name, value) in lines {
            fields.append(name: Array(name.utf8).span, value: Array(value.utf8).span)
        }
        fields.removeHopByHop()
        return (0..<fields.count).map { fields.name(at: $0).text }
    }

    @Test func `fields known for it do not go on`() {
        let names = [
            "Connection", "keep-alive", "Proxy-Connection", "Proxy-Authenticate",
            "Proxy-Authorization", "TE",
            "Trailer", "transfer-encoding", "Upgrade", "HTTP2-Settings", "Proxy",
        ]
        #expect(left([("A", "1")] + names.map { ($0, "x") } + [("B", "2")]) == ["A", "B"])
    }

    @Test func `fields that Connection names do not go on`() {
        #expect(
            left([
                ("X-Drop", "1"), ("Connection", "foo"), ("x", "2"), ("Connection", "x-dROP ,bar"),
                ("X-DROP", "3"),
            ]) == ["x"])
        #expect(left([("Connection", "close, , keep-alive,"), ("Close", "1")]) == ["Close"])
        #expect(left([("Connection", "cookie"), ("Cookie", "1")]).isEmpty)
    }

    @Test func `Host and Content-Length go on whatever Connection says`() {
        #expect(
            left([
                ("Host", "h"), ("Connection", "Host, Content-Length, close"),
                ("Content-Length", "5"),
            ])
                == ["Host", "Content-Length"])
    }

    @Test func `thousands of options cost little`() {
        var lines = (0..<126).map { ("a\($0)", "") }
        lines.append(("Connection", String(repeating: "a5,", count: 20000) + "b,a7"))
        #expect(left(lines).count == 124)
    }
}
