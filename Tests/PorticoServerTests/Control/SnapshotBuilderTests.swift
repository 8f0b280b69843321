import PorticoBytes
import PorticoExchange
import PorticoLimits
import PorticoLoop
import PorticoOrigins
import PorticoTLS
import Testing

@testable import PorticoServer

@Suite("Snapshots")
struct SnapshotBuilderTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private static let pool = "[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n"

    private func builder(_ more: String, descriptors: Int = 200_000) throws -> SnapshotBuilder {
        let configuration = try Configuration.load(
            text: Self.pool + more, file: folder["config.toml"], environment: [:])
        return SnapshotBuilder(
            configuration, after: nil, tickets: TicketKeys(now: monotonicNow()),
            descriptorLimit: descriptors, wallSeconds: wallNow() / 1_000_000)
    }

    /// What is wrong, with the folder's path as `…`.
    private func problems(_ more: String) throws -> [String] {
        var builder = try builder(more)
        do throws(StartFault) {
            _ = try builder.build()
            return []
        } catch {
            return error.problems.map { problem in
                guard problem.hasPrefix(folder.path) else { return problem }
                return "…" + problem.dropFirst(folder.path.count)
            }
        }
    }

    private func tls(_ cert: String, _ key: String) -> String {
        """
        [[listen]]
        address = "127.0.0.1:0"
        tls = true
        [tls]
        certificates = [{ cert = "\(cert)", key = "\(key)" }]
        """
    }

    @Test func `a pool alone is enough`() throws {
        var builder = try builder("")
        let snapshot = try builder.build()
        #expect(builder.warnings == [])
        #expect(snapshot.tls == nil)
        #expect(snapshot.mostConnections == 100_000)
        #expect(snapshot.policy.pools.map(\.name) == ["shop"])
        #expect(snapshot.digest == Digest.hex(Digest.sha256(Array(Self.pool.utf8).span).span))
    }

    @Test(arguments: [(64, 16), (256, 192), (1024, 768), (20_000, 15_904)])
    func `a share of the descriptors is kept for origins`(_ limit: Int, _ most: Int) throws {
        var builder = try builder("", descriptors: limit)
        #expect(try builder.build().mostConnections == most)
        let warning = try #require(builder.warnings.first)
        #expect(warning.contains("\(limit) descriptors") && warning.contains("\(most) connections"))
    }

    @Test func `a certificate that is not there is a problem`() throws {
        #expect(try problems(tls("a.crt", "a.key")) == ["…/a.crt: No such file or directory"])
    }

    @Test func `a key of another certificate is a problem`() throws {
        try folder.writeCertificate("a", for: ["a.example"])
        try folder.writeCertificate("b", for: ["b.example"])
        #expect(
            try problems(tls("a.crt", "b.key"))
                == ["…/a.crt: the key does not belong to the certificate"])
    }

    @Test func `a key that is none is a problem`() throws {
        try folder.writeCertificate("a", for: ["a.example"])
        try folder.write("b.key", "hello\n")
        let found = try problems(tls("a.crt", "b.key"))
        #expect(found.count == 1)
        #expect(found.first?.contains("holds no private key") == true)
    }

    @Test func `a deny file is read by lines, with comments`() throws {
        try folder.write("deny.txt", "# all of them\n192.0.2.0/24 # a net\r\n\n  2001:db8::1  \n")
        var builder = try builder("[[site]]\nhosts = [\"*\"]\ndeny_files = [\"deny.txt\"]\n")
        _ = try builder.build()
    }

    @Test func `each broken line of a list is told by its number`() throws {
        try folder.write("deny.txt", "192.0.2.1\nnonsense\n10.0.0.0/8\n10.0.0.1/8\n1.2.3\n")
        try folder.write("allow.txt", "\n\nlocalhost # no name\n")
        let site =
            "[[site]]\nhosts = [\"*\"]\ndeny_files = [\"deny.txt\", \"gone.txt\"]\n"
            + "allow_files = [\"allow.txt\"]\n"
        #expect(
            try problems(site) == [
                "…/deny.txt:2: nonsense is no address and no CIDR",
                "…/deny.txt:4: 10.0.0.1/8 is no address and no CIDR",
                "…/deny.txt:5: 1.2.3 is no address and no CIDR",
                "…/gone.txt: No such file or directory",
                "…/allow.txt:3: localhost is no address and no CIDR",
            ])
    }

    @Test func `all problems are told together`() throws {
        let found = try problems(
            tls("a.crt", "a.key")
                + "\n[[site]]\nhosts = [\"*\"]\ndeny_files = [\"gone.txt\"]\n")
        #expect(found.count == 2)
    }

    @Test func `an authority file that is not there is the node's problem`() throws {
        let found = try problems(
            "[origins.tls]\nnodes = [{ address = \"127.0.0.1:1\", tls = true, ca = \"ca.pem\" }]\n"
                + "[[site]]\nhosts = [\"*\"]\norigins = \"tls\"\n")
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("origins.tls: 127.0.0.1:1: ca: ") == true)
    }

    @Test func `the development certificate is made once and kept`() throws {
        let more = "[[listen]]\naddress = \"127.0.0.1:0\"\ntls = true\n"
        var first = try builder(more)
        #expect(try first.build().tls != nil)
        let made = try folder.read("var/development.crt")
        var second = try builder(more)
        #expect(try second.build().tls != nil)
        #expect(try folder.read("var/development.crt") == made)
        #expect(second.warnings == [])
    }

    private static let limit = "[[rate_limit]]\nname = \"a\"\nrate = \"1/s\"\n"

    @Test func `a rate limit that nobody names is worth a line`() throws {
        var unused = try builder(Self.limit)
        _ = try unused.build()
        #expect(unused.warnings == ["rate limit a: no site names it in rate_limits"])
        let route = "[[site]]\n[[site.route]]\npath = \"/a\"\nrate_limits = [\"a\"]\n"
        var used = try builder(Self.limit + route)
        #expect(try used.build().policy.limits.map(\.name) == ["a"])
        #expect(used.warnings == [])
        let sites = "[[site]]\nrate_limits = [\"a\"]\n[[site]]\nhosts = [\"b\"]\n"
        var other = try builder(Self.limit + "match = { site = \"b\" }\n" + sites)
        _ = try other.build()
        #expect(
            other.warnings == [
                "rate limit a: it is for b, whose site does not name it in rate_limits"
            ])
    }

    @Test func `a request meets a bounded number of rate limits`() throws {
        let names = (0..<65).map { "l\($0)" }
        let limits = names.map { "[[rate_limit]]\nname = \"\($0)\"\nrate = \"1/s\"\n" }.joined()
        func site(_ names: ArraySlice<String>) -> String {
            let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
            return "[[site]]\nrate_limits = [\(list)]\n"
        }
        #expect(try problems(limits + site(names[1...])) == [])
        #expect(
            try problems(limits + site(names[...])) == [
                "site *: a request can meet 64 rate limits, and not 65"
            ])
    }
}
