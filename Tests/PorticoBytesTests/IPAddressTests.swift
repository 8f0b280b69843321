import PorticoBytes
import Testing

@Suite("IP addresses (RFC 4291 §2.2, RFC 5952)")
struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("192.0.2.255", "192.0.2.255"), ("::", "::"), ("::1", "::1"),
        ("1::", "1::"), ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:0db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:0:0:2:2:0:0:3", "1::2:2:0:0:3"), ("::ffff:10.1.2.3", "10.1.2.3"),
        ("::ffff:a01:203", "10.1.2.3"), ("::10.1.2.3", "::a01:203"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("fe80::", "fe80::"), ("0:0:0:0:0:0:0:1", "::1"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
    ])
    func `an address is written in its one canonical form`(_ text: String, _ canonical: String)
        throws
    {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.", "1.2.3.4.", ".1.2.3.4", "1.2.3.4.5", "01.2.3.4",
        "1.2.3.00",
        "1.2.3.256", "1.2.3.4 ", " 1.2.3.4", "1..2.3", "1.2.3.-4", "0x1.2.3.4", "4294967296", ":",
        ":::",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:",
        "12345::",
        "g::", "::1.2.3", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "[::1]", "fe80::1%eth0",
        "::1/128",
        "1:2:3:4::5:6:7:8", "::ffff:01.2.3.4", "::1 ", "1:2:3:4:5:6:7:8::",
    ])
    func `what is no address is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `octets in network order make the same address as text`() {
        #expect(IPAddress(octets: [127, 0, 0, 1].span) == IPAddress("127.0.0.1"))
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1]
        #expect(IPAddress(octets: mapped.span) == IPAddress("10.0.0.1"))
        #expect(
            IPAddress(octets: [UInt8](0..<16).span)?.description == "1:203:405:607:809:a0b:c0d:e0f")
        #expect(IPAddress(octets: [1, 2, 3].span) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true),
        ("128.0.0.1", false), ("::", false), ("::2", false), ("::7f00:1", false),
        ("10.127.0.1", false),
    ])
    func `loopback is 127 and the last of version 6`(_ text: String, _ loopback: Bool) {
        #expect(IPAddress(text)?.isLoopback == loopback)
    }

    @Test func `any address reads back as it was written`() {
        var state: UInt64 = 7
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 16 ^ state << 40
        }
        for _ in 0..<2000 {
            // Half of the groups are zero, so that every shape of "::" comes up.
            var high = next(), low = next()
            for shift in stride(from: UInt64(0), to: 64, by: 16) {
                if next() % 2 == 0 { high &= ~(0xFFFF << shift) }
                if next() % 2 == 0 { low &= ~(0xFFFF << shift) }
            }
            let address = IPAddress(high: high, low: low)
            #expect(IPAddress(address.description) == address)
        }
    }

    @Test(arguments: ["1.2.3.4:80", "[::1]:80", "[2001:db8::1]:0", "0.0.0.0:65535"])
    func `a socket address reads back as it was written`(_ text: String) {
        #expect(SocketAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "::1:80", "[::1]", "[1.2.3.4]:80",
        "[::1]80", "::1]:80", "localhost:80", ":80", "[]:80", "1.2.3.4:000080",
    ])
    func `what is no socket address is refused`(_ text: String) {
        #expect(SocketAddress(text) == nil)
    }
}

@Suite("Networks")
struct NetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"), ("0.0.0.0/0", "255.255.255.255", "::1"),
        ("::/0", "ffff::", "1.2.3.4"), ("::1/128", "::1", "::2"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
        ("10.0.0.0/31", "10.0.0.1", "10.0.0.2"), ("8000::/1", "ffff::", "7fff::"),
        ("2001:db8:0:1::/64", "2001:db8:0:1:ffff::", "2001:db8:0:2::"),
    ])
    func `a network holds what shares its bits`(_ text: String, _ inside: String, _ outside: String)
        throws
    {
        let network = try Network(text)
        for holds in [network.contains, NetworkList([network]).contains] {
            #expect(try holds(#require(IPAddress(inside))))
            #expect(try !holds(#require(IPAddress(outside))))
        }
    }

    @Test(arguments: [
        ("10.0.0.0/33", Network.Fault.badPrefix(allowed: 0...32)),
        ("::/129", .badPrefix(allowed: 0...128)),
        ("10.0.0.0/", .badPrefix(allowed: 0...32)), ("10.0.0.0/08", .badPrefix(allowed: 0...32)),
        ("::ffff:10.0.0.0/8", .badPrefix(allowed: 96...128)), ("10.0/8", .notAnAddress),
        ("", .notAnAddress),
        ("/8", .notAnAddress), ("10.0.0.0/8/9", .badPrefix(allowed: 0...32)),
    ])
    func `what is no network says why`(_ text: String, _ fault: Network.Fault) {
        #expect(throws: fault) { try Network(text) }
    }

    @Test func `bits behind the prefix are a fault that names what was meant`() throws {
        let meant = try Network("10.1.0.0/16")
        #expect(throws: Network.Fault.hostBits(meant: meant)) { try Network("10.1.2.0/16") }
    }

    @Test func `a list holds exactly what one of its networks holds`() throws {
        var state: UInt64 = 3
        func next(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        for _ in 0..<50 {
            let networks = try (0..<next(20)).map { _ in
                let v4 = next(2) == 0
                let prefix = Int(v4 ? 24 + next(9) : 120 + next(9))
                let host =
                    v4 ? IPAddress(v4: UInt32(next(256))) : IPAddress(high: 0, low: next(256))
                return try Network("\(host.masked(to: prefix))/\(prefix)")
            }
            let list = NetworkList(networks)
            for low in 0..<UInt64(256) {
                for address in [IPAddress(v4: UInt32(low)), IPAddress(high: 0, low: low)] {
                    #expect(list.contains(address) == networks.contains { $0.contains(address) })
                }
            }
        }
    }
}
