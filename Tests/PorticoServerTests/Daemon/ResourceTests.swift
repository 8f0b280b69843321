import PorticoBytes
import PorticoLoop
import Testing

@Suite("The daemon's appetite", .ownThreads)
struct ResourceTests {
    private static let most = 30 << 20
    private static let large = 200 << 20

    /// How much more memory the daemon has held, at the most, when a client has done its work.
    private func growth(of daemon: Daemon, during client: Command) throws -> Int {
        let before = try daemon.command.residentBytes()
        let result = try client.end()
        #expect(result.status == 0, "\(result.errors)")
        return try daemon.command.mostResidentBytes() - before
    }

    @Test func `a large answer passes in little memory`() throws {
        let block = [UInt8](repeating: 0x61, count: 1 << 20)
        let origin = try Origin { call in
            if call.target == "/warm" { return try call.answer() }
            try call.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.large)\r\n\r\n")
            for _ in 0..<(Self.large >> 20) { try call.wire.send(block) }
        }
        let daemon = try Daemon(Settings(origin))
        _ = try daemon.connect().get("/warm")
        let curl = try Command([
            "curl", "-sS", "-o", "/dev/null", "-w", "%{size_download}",
            "http://127.0.0.1:\(daemon.port)/",
        ])
        #expect(try growth(of: daemon, during: curl) < Self.most)
    }

    @Test func `a large upload passes in little memory`() throws {
        let origin = try Origin { try $0.answer(200, "\($0.bodyCount)") }
        let daemon = try Daemon(Settings(origin, more: "[limits]\nbody_bytes = \"1GB\"\n"))
        _ = try daemon.connect().get("/warm")
        try daemon.folder.writeZeroes("body", count: Self.large)
        let curl = try Command([
            "curl", "-sS", "-f", "-T", daemon.folder["body"], "-o", daemon.folder["answer"],
            "http://127.0.0.1:\(daemon.port)/up",
        ])
        #expect(try growth(of: daemon, during: curl) < Self.most)
        #expect(try daemon.folder.read("answer") == "\(Self.large)")
    }

    @Test func `a client that reads slowly holds the origin back, not the answer in memory`() throws
    {
        let block = [UInt8](repeating: 0x61, count: 1 << 20)
        let origin = try Origin { call in
            if call.target == "/warm" { return try call.answer() }
            try call.wire.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.large)\r\n\r\n")
            for _ in 0..<(Self.large >> 20) { try call.wire.send(block) }
        }
        let daemon = try Daemon(Settings(origin))
        _ = try daemon.connect().get("/warm")
        let before = try daemon.command.residentBytes()
        let slow = try daemon.connect()
        try slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try slow.head()
        for _ in 0..<20 { #expect(try daemon.connect().get("/warm").status == 200) }
        #expect(try daemon.command.residentBytes() - before < Self.most)
    }

    /// All ask at once; each that is served leaves and makes room for one that waits.
    private func serve(
        _ count: Int, by daemon: Daemon, orSaying busy: Int = 200
    ) throws {
        var wires = try (0..<count).map { _ in try daemon.connect() }
        for wire in wires { try wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        while !wires.isEmpty {
            let ready = Wait.readable(
                wires.map(\.descriptor), by: monotonicNow() + .seconds(20))
            guard let index = ready.firstIndex(of: true) else {
                throw Trouble("\(wires.count) of \(count) were never served")
            }
            let status = try wires.remove(at: index).response().status
            #expect(status == 200 || status == busy)
        }
    }

    /// There may be none left for a connection to the origin: that is a 503, and passes.
    @Test func `when descriptors run out connections wait, and all are answered`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try Daemon(Settings(origin), wrapper: ["prlimit", "--nofile=80:80"])
        #expect(try daemon.connect().get("/").status == 200)
        try serve(120, by: daemon, orSaying: 503)
        try daemon.wait(for: "recovery") { try daemon.connect().get("/").status == 200 }
        for _ in 0..<10 { #expect(try daemon.connect().get("/").status == 200) }
        #expect(try daemon.admin("GET", "/healthz").status == 200)
    }

    @Test func `a connection beyond the limit waits for its turn and is not reset`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try Daemon(Settings(origin, more: "[limits]\nconnections = 8\n"))
        try serve(100, by: daemon)
    }

    @Test func `an address holds only as many connections as it may`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try Daemon(
            Settings(origin, more: "[limits]\nconnections_per_ip = 4\n"))
        let wires = try (0..<4).map { _ in try daemon.connect() }
        for wire in wires { #expect(try wire.get("/").status == 200) }
        let fifth = try daemon.connect()
        try? fifth.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect((try? fifth.textToEnd()) ?? "" == "")
        wires[0].close()
        try daemon.wait(for: "room") { (try? daemon.connect().get("/").status) == 200 }
    }
}
