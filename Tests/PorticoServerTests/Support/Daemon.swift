import Glibc
import PorticoBytes
import PorticoLoop
import PorticoServer

/// The real binary, serving; a test's own, on ports that nobody else has.
final class Daemon {
    let folder: ScratchFolder
    let command: Command
    /// In the order of the `[[listen]]` tables.
    private(set) var ports: [UInt16] = []
    private(set) var adminPort: UInt16 = 0
    /// The process that serves now: the one that was started, or who has taken its place.
    private(set) var newest: pid_t

    /// The program as it was built with the tests.
    static let program: String = {
        var path = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &path, path.count - 1)
        let own = String(decoding: path.prefix(max(0, count)).map(UInt8.init), as: UTF8.self)
        let folder = own[..<(own.lastIndex(of: "/") ?? own.endIndex)]
        return "\(folder)/portico"
    }()

    /// Runs a command of the program to its end.
    static func run(_ arguments: String..., input: String = "/dev/null") throws -> Command.Result {
        try Command.run([program] + arguments, input: input)
    }

    /// Starts the daemon under `settings` and returns when all its listeners are there.
    /// `wrapper`: words before the program's, such as `prlimit`.
    init(
        _ settings: Settings, in folder: ScratchFolder? = nil, wrapper: [String] = [],
        program: String = Daemon.program
    ) throws {
        let folder = try folder ?? ScratchFolder()
        self.folder = folder
        try folder.write("config.toml", settings.text)
        command = try Command(
            wrapper + [program, "serve", "--config", folder["config.toml"]])
        newest = command.pid
        for _ in settings.listeners { ports.append(try port(in: "listening on")) }
        adminPort = try port(in: "admin on")
    }

    /// The next port that the daemon says that it listens on.
    func nextPort() throws -> UInt16 { try port(in: "listening on") }

    private func port(in text: String) throws -> UInt16 {
        let line = try command.line(with: text)
        guard let colon = line.lastIndex(of: ":"),
            let port = UInt16(line[colon...].dropFirst())
        else { throw Trouble("no port in \(line)") }
        return port
    }

    var port: UInt16 { ports[0] }

    func connect() throws -> Wire { try Wire(to: port) }

    /// Reads other settings (HUP) and returns when the daemon has said what it did: true if they
    /// are in force.
    func reload(_ settings: Settings? = nil) throws -> Bool {
        if let settings { try folder.write("config.toml", settings.text) }
        command.signal(SIGHUP)
        return try command.line(with: "by SIGHUP").contains("reloaded by")
    }

    /// Has another process take over (USR2), and returns when it has.
    func upgrade() throws {
        kill(newest, SIGUSR2)
        try awaitSuccessor()
    }

    func awaitSuccessor() throws {
        let line = try command.line(with: "has taken over")
        guard let word = line.ranges(of: "process ").first?.upperBound,
            let process = pid_t(line[word...].prefix { $0.isNumber })
        else { throw Trouble("no process in \(line)") }
        newest = process
    }

    deinit {
        if newest != command.pid { kill(newest, SIGKILL) }
    }

    /// Stops it in good order and returns what the process that was started ended with.
    func stop() throws -> Command.Result {
        kill(newest, SIGTERM)
        return try command.end()
    }

    // MARK: - Clients

    /// curl with what every call needs; `{}` in an argument stands for the first port.
    func curl(_ arguments: String..., input: String = "/dev/null") throws -> Command.Result {
        try Command.run(
            ["curl", "-sS", "--noproxy", "*", "--max-time", "25"]
                + arguments.map { $0.replacing("{}", with: "127.0.0.1:\(port)") },
            input: input)
    }

    /// One admin request.
    func admin(
        _ method: String, _ path: String, _ fields: String...
    ) throws -> Wire.Response {
        let wire = try Wire(to: adminPort)
        let lines = fields.map { $0 + "\r\n" }.joined()
        let host = fields.contains { $0.hasPrefix("Host:") } ? "" : "Host: 127.0.0.1\r\n"
        try wire.send("\(method) \(path) HTTP/1.1\r\n\(host)\(lines)Connection: close\r\n\r\n")
        return try wire.response(toHead: method == "HEAD")
    }

    /// The value of a line of the metrics page.
    func metric(_ name: String) throws -> Int {
        for line in try admin("GET", "/metrics").body.split(separator: "\n")
        where line.hasPrefix(name + " ") {
            return Int(line.dropFirst(name.count + 1)) ?? -1
        }
        throw Trouble("no metric \(name)")
    }

    /// Asks until the answer is as it should be.
    func wait(
        for what: String, within limit: Duration = .seconds(20), _ isSo: () throws -> Bool
    ) throws {
        let deadline = monotonicNow() + limit
        while try !isSo() {
            if monotonicNow() > deadline { throw Trouble("\(what): not within \(limit)") }
        }
    }
}

/// A configuration as a text, most of it the same for all tests.
struct Settings {
    var nodes: [String]
    /// The bodies of the `[[listen]]` tables, without their address.
    var workers = 2
    var listeners = [""]
    /// Of the pool, in its own table.
    var pool = ""
    var server = ""
    var admin = ""
    var log = "access = \"off\""
    /// Further tables.
    var more = ""

    init(_ origins: Origin..., more: String = "") {
        nodes = origins.map(\.node)
        self.more = more
    }

    var text: String {
        let listen = listeners.map { "[[listen]]\naddress = \"127.0.0.1:0\"\n\($0)\n" }.joined()
        let list = nodes.map { $0.hasPrefix("{") ? $0 : "\"\($0)\"" }.joined(separator: ", ")
        return """
            [server]
            workers = \(workers)
            \(server)
            \(listen)
            [admin]
            address = "127.0.0.1:0"\(admin.isEmpty ? "" : "\n" + admin)
            [log]
            \(log)
            [origins.shop]
            nodes = [\(list)]
            \(pool)
            \(more)
            """
    }
}

extension String {
    fileprivate func replacing(_ mark: String, with text: String) -> String {
        var result = ""
        var rest = self[...]
        while let first = rest.firstIndex(of: mark.first ?? " ") {
            result += rest[..<first]
            rest = rest[first...]
            if rest.hasPrefix(mark) {
                result += text
                rest = rest.dropFirst(mark.count)
            } else {
                result.append(rest.removeFirst())
            }
        }
        return result + rest
    }
}
