import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Authorities (RFC 9110 §7.2)")
struct AuthorityTests {
    private func read(_ text: String) -> Authority? { Authority(Array(text.utf8).span) }

    static let good: [(String, Int, UInt16?)] = [
        ("h", 1, nil), ("Example.TEST", 12, nil), ("example.test.", 13, nil), ("a-b_c~d.1", 9, nil),
        ("h:", 1, nil), ("h:0", 1, 0), ("h:80", 1, 80), ("h:00080", 1, 80), ("h:65535", 1, 65535),
        ("127.0.0.1:8080", 9, 8080), ("[::]", 4, nil), ("[::1]:443", 5, 443), ("[1::]", 5, nil),
        ("[2001:db8::7:ABCD]", 18, nil), ("[1:2:3:4:5:6:7:8]", 17, nil),
        ("[::ffff:1.2.3.4]:1", 16, 1),
        ("[1:2:3:4:5:6:1.2.3.4]", 21, nil), ("[1:2:3:4:5:6:7::]", 17, nil),
    ]

    @Test(arguments: good)
    func `host and port are told apart`(_ text: String, _ hostCount: Int, _ port: UInt16?) throws {
        let authority = try #require(read(text))
        #expect(authority.hostCount == hostCount)
        #expect(authority.port == port)
    }

    @Test(arguments: [
        "", ":", ":80", ".", ".a", "a..b", "a b", "a,b", "a;b", "a'b", "a(b)", "a/b", "a?b", "a#b",
        "a\\b", "a@b", "u:p@h",
        "<a>", "\"a\"", "a^b", "a%41", "a*", "a!", "a$", "a&b", "a+b", "a=b", "a|b", "{a}", "a\0",
        "a\u{7f}", "é",
        "a:80a", "a:-1", "a:+1", "a:65536", "a:000080", "a:80:80", "a: 80", "[", "[]", "[:]",
        "[:::]", "[::1", "::1",
        "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]", "[1::2::3]", "[12345::]", "[::g]",
        "[fe80::1%25eth0]", "[v1.a]",
        "[::1.2.3]", "[::1.2.3.4.5]", "[::1.2.3.256]", "[::01.2.3.4]", "[1:2:3:4:5:6:7:1.2.3.4]",
        "[::1]a", "[::1]]",
        "[1:2:3:4:5:6:7:8::]", "[::1.2.3.4:5]", "[1:]", "[:1]", "[1.2.3.4]",
    ])
    func `what no host is made of is refused`(_ text: String) {
        #expect(read(text) == nil)
    }

    @Test func `a host has a longest length`() {
        let labels = String(repeating: "a.", count: 127)
        #expect(read(labels) != nil)
        #expect(read(labels + "a") == nil)
    }
}
