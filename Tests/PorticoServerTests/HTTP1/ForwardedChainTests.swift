import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoServer

@Suite("Chains of trusted proxies")
struct ForwardedChainTests {
    private func client(_ lines: String..., peer: String = "10.0.0.1") throws -> String {
        let head = try requestHead(
            (["GET / HTTP/1.1", "Host: a"] + lines.map { "X-Forwarded-For: \($0)" })
                .joined(separator: "\r\n"))
        let trusted = try NetworkList([Network("10.0.0.0/8"), Network("fd00::/8")])
        guard let peer = IPAddress(Array(peer.utf8).span) else { throw Trouble(peer) }
        return ForwardedChain.client(of: head.fields, peer: peer, trusted: trusted).description
    }

    @Test func `the last address that is no trusted proxy is the client`() throws {
        #expect(try client("192.0.2.7") == "192.0.2.7")
        #expect(try client("198.51.100.1, 192.0.2.7") == "192.0.2.7")
        #expect(try client("198.51.100.1, 192.0.2.7, 10.1.1.1,10.2.2.2") == "192.0.2.7")
    }

    @Test func `several fields are one list`() throws {
        #expect(try client("198.51.100.1", "192.0.2.7, 10.1.1.1", "10.2.2.2") == "192.0.2.7")
    }

    @Test func `where all are trusted the first one is the client`() throws {
        #expect(try client("10.3.3.3, 10.2.2.2") == "10.3.3.3")
    }

    @Test func `what cannot be read ends the walk at whoever wrote it`() throws {
        #expect(try client("192.0.2.7, unknown, 10.2.2.2") == "10.2.2.2")
        #expect(try client("192.0.2.7, unknown") == "10.0.0.1")
    }

    @Test func `empty members and blanks mean nothing`() throws {
        #expect(try client("") == "10.0.0.1")
        #expect(try client(" , 192.0.2.7 ,\t, ") == "192.0.2.7")
    }

    @Test func `ports and brackets are understood`() throws {
        #expect(try client("192.0.2.7:4711") == "192.0.2.7")
        #expect(try client("[2001:db8::7]:4711, fd00::1") == "2001:db8::7")
        #expect(try client("2001:db8::7") == "2001:db8::7")
    }
}
