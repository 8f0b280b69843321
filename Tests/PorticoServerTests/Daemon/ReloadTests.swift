import Glibc
import Testing

@Suite("Reloading", .ownThreads)
struct ReloadTests {
    @Test func `a broken configuration leaves the old one serving`() throws {
        let origin = try Origin.saying("old")
        let other = try Origin.saying("new")
        let daemon = try Daemon(Settings(origin))
        let wire = try daemon.connect()
        #expect(try wire.get("/").body == "old")
        for broken in [
            "nonsense = 1", "[tls", "[[site]]\nhosts = [\"*\"]\ndeny_files = [\"none\"]",
        ] {
            #expect(try !daemon.reload(Settings(other, more: broken)))
            #expect(try wire.get("/").body == "old")
            #expect(try daemon.connect().get("/").body == "old")
        }
        #expect(try daemon.reload(Settings(other)))
        try daemon.wait(for: "the new node") { try wire.get("/").body == "new" }
    }

    @Test func `the reasons are told with their place`() throws {
        let origin = try Origin.saying("old")
        let daemon = try Daemon(Settings(origin))
        var broken = Settings(origin)
        broken.pool = "retry = 1"
        try daemon.folder.write("config.toml", broken.text)
        daemon.command.signal(SIGHUP)
        let line = try daemon.command.line(with: "reload: ")
        #expect(line.contains("config.toml:14:1:"))
        #expect(line.contains("retries"))
    }

    @Test func `a listener comes, stays and goes`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try Daemon(Settings(origin))
        var two = Settings(origin)
        two.listeners = ["", ""]
        try daemon.folder.write("config.toml", two.text)
        daemon.command.signal(SIGHUP)
        let second = try daemon.nextPort()
        _ = try daemon.command.line(with: "reloaded by")
        try daemon.wait(for: "the second listener") {
            (try? Wire(to: second).get("/").body) == "hello"
        }
        #expect(try daemon.connect().get("/").body == "hello")
        #expect(try daemon.reload(Settings(origin)))
        try daemon.wait(for: "the end of the second listener") {
            do {
                try Wire(to: second).close()
                return false
            } catch is Wire.Refused {
                return true
            }
        }
        #expect(try daemon.connect().get("/").body == "hello")
    }

    @Test func `a new listener that cannot be bound leaves all as it was`() throws {
        let origin = try Origin.saying("old")
        let other = try Origin.saying("new")
        let daemon = try Daemon(Settings(origin))
        let broken = Settings(other, more: "[[listen]]\naddress = \"\(origin.node)\"\n")
        #expect(try !daemon.reload(broken))
        #expect(try daemon.connect().get("/").body == "old")
    }

    @Test func `a certificate file that was replaced is served`() throws {
        let origin = try Origin.saying("hello")
        let folder = try ScratchFolder()
        try folder.writeCertificate("a", for: ["old.example"])
        var settings = Settings(origin)
        settings.listeners = ["tls = true"]
        settings.more = "[tls]\ncertificates = [{ cert = \"a.crt\", key = \"a.key\" }]\n"
        let daemon = try Daemon(settings, in: folder)
        func subject() throws -> String {
            try Command.run("openssl", "s_client", "-connect", "127.0.0.1:\(daemon.port)")
                .output.split(separator: "\n").first { $0.hasPrefix("subject=") }.map(String.init)
                ?? ""
        }
        #expect(try subject() == "subject=CN = old.example")
        // Half of a replacement is none.
        try folder.writeCertificate("b", for: ["new.example"])
        try folder.rename("b.crt", to: "a.crt")
        #expect(try !daemon.reload())
        #expect(try subject() == "subject=CN = old.example")
        try folder.rename("b.key", to: "a.key")
        #expect(try daemon.reload())
        try daemon.wait(for: "the new certificate") {
            try subject() == "subject=CN = new.example"
        }
    }

    @Test func `a deny file is read again`() throws {
        let origin = try Origin.saying("hello")
        let folder = try ScratchFolder()
        try folder.write("deny.txt", "# nobody\n")
        let settings = Settings(
            origin, more: "[[site]]\nhosts = [\"*\"]\ndeny_files = [\"deny.txt\"]\n")
        let daemon = try Daemon(settings, in: folder)
        let wire = try daemon.connect()
        #expect(try wire.get("/").status == 200)
        try folder.write("deny.txt", "127.0.0.1\n")
        #expect(try daemon.reload())
        try daemon.wait(for: "403") { try wire.get("/").status == 403 }
        try folder.write("deny.txt", "127.0.0.1\nnonsense\n")
        #expect(try !daemon.reload())
        #expect(try wire.get("/").status == 403)
        try folder.write("deny.txt", "")
        #expect(try daemon.reload())
        try daemon.wait(for: "200") { try wire.get("/").status == 200 }
    }

    @Test func `a request ends under the configuration under which it began`() throws {
        let (arrived, goOn) = (Signal(), Signal())
        let origin = try Origin { call in
            if call.target == "/slow" {
                arrived.give()
                goOn.take()
            }
            try call.answer(200, "old")
        }
        let other = try Origin.saying("new")
        let daemon = try Daemon(Settings(origin))
        let slow = try daemon.connect()
        try slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        arrived.take()
        #expect(try daemon.reload(Settings(other)))
        try daemon.wait(for: "the new node") { try daemon.connect().get("/").body == "new" }
        goOn.give()
        #expect(try slow.response().body == "old")
    }
}
