import StrictJSON
import Testing

@Suite("The program's commands", .ownThreads)
struct CommandLineTests {
    private let folder: ScratchFolder
    init() throws { folder = try ScratchFolder() }

    private static let pool = "[origins.shop]\nnodes = [\"127.0.0.1:9001\"]\n"

    private func check(_ text: String, _ more: String...) throws -> Command.Result {
        try folder.write("config.toml", text)
        return try Command.run(
            [Daemon.program, "check", "--config", folder["config.toml"]] + more)
    }

    @Test func `check ends with 0 for a valid file`() throws {
        let result = try check(Self.pool)
        #expect(result.status == 0)
        #expect(result.output == "\(folder["config.toml"]) is valid\n")
        #expect(try JSON(try check(Self.pool, "--json").output)["valid"] == .bool(true))
    }

    @Test func `check ends with 1 and names line and column`() throws {
        let result = try check(Self.pool + "retries = \"many\"\n[server]\nworker = 2\n")
        #expect(result.status == 1)
        #expect(result.output == "")
        #expect(result.errors.contains("config.toml:3:11: origins.shop.retries: "))
        #expect(result.errors.contains("config.toml:5:1: server.worker: "))
        #expect(result.errors.contains("\"workers\""))
        let report = try JSON(try check(Self.pool + "retry = 1\n", "--json").output)
        #expect(report["valid"] == .bool(false))
        #expect(report["problems"]?[0]?.text?.contains("config.toml:3:1:") == true)
    }

    @Test func `check ends with 1 for certificates that do not fit`() throws {
        try folder.writeCertificate("a", for: ["a.example"])
        try folder.writeCertificate("b", for: ["b.example"])
        let result = try check(
            Self.pool + "[[listen]]\naddress = \"127.0.0.1:0\"\ntls = true\n[tls]\n"
                + "certificates = [{ cert = \"a.crt\", key = \"b.key\" }]\n")
        #expect(result.status == 1)
        #expect(result.errors.contains("a.crt: the key does not belong to the certificate"))
    }

    @Test func `check ends with 2 for a file that cannot be read`() throws {
        let result = try Daemon.run("check", "--config", folder["none.toml"])
        #expect(result.status == 2)
        #expect(result.errors.contains("none.toml: No such file or directory"))
    }

    @Test(arguments: [["check", "--nonsense"], ["token", "new"], ["nonsense"]])
    func `wrong usage ends with 64`(_ arguments: [String]) throws {
        #expect(try Command.run([Daemon.program] + arguments).status == 64)
    }

    @Test func `serve ends with 1 for an invalid file and 2 for none`() throws {
        try folder.write("config.toml", "nonsense = 1\n" + Self.pool)
        let invalid = try Daemon.run("serve", "--config", folder["config.toml"])
        #expect(invalid.status == 1)
        #expect(invalid.errors.contains("config.toml:1:1: nonsense: "))
        #expect(try Daemon.run("serve", "--config", folder["none.toml"]).status == 2)
    }

    @Test func `a new token is accepted by check and by the daemon`() throws {
        let made = try Daemon.run(
            "token", "new", "--name", "ci", "--scope", "read", "config", "--site", "a.example")
        #expect(made.status == 0)
        let secret = try #require(
            made.output.split(separator: "\n").first { line in
                line.hasPrefix("# ") && line.dropFirst(2).allSatisfy(\.isHexDigit)
            }?
            .dropFirst(2))
        #expect(secret.count == 64)
        #expect(try check(Self.pool + made.output).status == 0)
        let origin = try Origin.saying("hello")
        let daemon = try Daemon(Settings(origin, more: made.output))
        #expect(try daemon.admin("GET", "/v1/status", "Fastly-Key: \(secret)").status == 200)
        #expect(
            try daemon.admin("POST", "/v1/reload", "Authorization: Bearer \(secret)").status == 200)
        let other = try Daemon.run("token", "new", "--name", "ci")
        #expect(!other.output.contains(secret))
    }
}
