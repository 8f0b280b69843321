import Glibc
import PorticoBytes
import PorticoLoop
import PorticoTLS
import Synchronization
import Testing

/// USR2 with real processes: another one takes the place of the first while it is asked.
@Suite("Another process taking over", .ownThreads)
struct TakeoverTests {
    private static let secret = "purge-secret"
    private static let more = """
        [[admin.token]]
        name = "shop"
        sha256 = "\(Digest.hex(Digest.sha256(Array(secret.utf8).span).span))"
        scopes = ["purge"]

        """

    /// Says a number that the test raises, to be kept.
    private final class Shop: Sendable {
        let version = Atomic(1)
        let asked = Atomic(0)

        func origin() throws -> Origin {
            try Origin { call in
                self.asked.add(1, ordering: .relaxed)
                try call.answer(
                    200, "\(call.target) \(self.version.load(ordering: .relaxed))",
                    fields: ["Cache-Control: max-age=600", "Surrogate-Key: all"])
            }
        }
    }

    private func purge(_ daemon: Daemon) throws -> Int {
        try daemon.admin(
            "POST", "/service/default/purge/all", "Fastly-Key: \(Self.secret)"
        ).status
    }

    // MARK: - Requests

    /// Asks until it is told to stop, and counts.
    private final class Visitors: Sendable {
        let asked = Atomic(0)
        let failures = Mutex<[String]>([])
        private let isOver = Atomic(false)
        private let ended = Semaphore()
        private static let count = 4

        init(of daemon: Daemon) {
            let port = daemon.port
            for number in 0..<Self.count {
                startThread { [self] in
                    while !isOver.load(ordering: .relaxed) {
                        do {
                            try number % 2 == 0 ? askAnew(port) : askOn(port)
                        } catch {
                            failures.withLock { $0.append("\(error)") }
                        }
                    }
                    ended.signal()
                }
            }
        }

        private func askAnew(_ port: UInt16) throws {
            let wire = try Wire(to: port)
            judge(try wire.get("/page"))
        }

        /// On one connection for as long as that is offered.
        private func askOn(_ port: UInt16) throws {
            let wire = try Wire(to: port)
            while !isOver.load(ordering: .relaxed) {
                let answer = try wire.get("/page")
                judge(answer)
                if answer.head["connection"] == "close" { return }
            }
        }

        private func judge(_ answer: Wire.Response) {
            asked.add(1, ordering: .relaxed)
            if answer.status != 200 || !answer.body.hasPrefix("/page ") {
                failures.withLock { $0.append(answer.head.line) }
            }
        }

        func waitForMore(_ count: Int) throws {
            let goal = asked.load(ordering: .relaxed) + count
            let deadline = monotonicNow() + .seconds(20)
            while asked.load(ordering: .relaxed) < goal {
                if monotonicNow() > deadline { throw Trouble("no \(count) requests in 20 s") }
                sched_yield()
            }
        }

        func end() {
            isOver.store(true, ordering: .relaxed)
            for _ in 0..<Self.count { ended.wait() }
        }
    }

    @Test func `no request fails, whatever the number of workers becomes`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        var settings = Settings(origin)
        let daemon = try Daemon(settings)
        let visitors = Visitors(of: daemon)
        try visitors.waitForMore(100)
        for workers in [2, 1, 4, 3] {
            settings.workers = workers
            try daemon.folder.write("config.toml", settings.text)
            try daemon.upgrade()
            try visitors.waitForMore(100)
        }
        visitors.end()
        #expect(visitors.failures.withLock { $0 } == [])
        #expect(try daemon.stop().status == 0)
    }

    @Test func `who waits for an answer gets it, and its connection ends`() throws {
        let (arrived, goOn) = (Signal(), Signal())
        let origin = try Origin { call in
            if call.target == "/slow" {
                arrived.give()
                goOn.take()
            }
            try call.answer(200, "said")
        }
        let daemon = try Daemon(Settings(origin))
        let first = daemon.command.pid
        let waiting = try daemon.connect()
        try waiting.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(arrived.take())
        let idle = try daemon.connect()
        #expect(try idle.get("/").body == "said")
        let asking = try daemon.connect()
        #expect(try asking.get("/").body == "said")
        try daemon.upgrade()
        // What is asked once the workers have heard of it is answered, as the last.
        try daemon.wait(for: "the last answer") {
            let answer = try asking.get("/")
            #expect(answer.body == "said")
            return answer.head["connection"] == "close"
        }
        #expect(try idle.textToEnd() == "")
        goOn.give()
        let answer = try waiting.response()
        #expect(answer.body == "said" && answer.head["connection"] == "close")
        try daemon.wait(for: "the first process's end") { !isRunning(first) }
        #expect(try daemon.connect().get("/").body == "said")
        #expect(try daemon.stop().status == 0)
    }

    private func isRunning(_ process: pid_t) -> Bool {
        guard let status = try? Files.read("/proc/\(process)/stat") else { return false }
        return !String(decoding: status, as: UTF8.self).contains(") Z ")
    }

    // MARK: - Purges and the disk

    @Test func `a purge that the new process answers holds in the old one`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        let daemon = try Daemon(Settings(origin, more: Self.more))
        let old = try daemon.connect()
        #expect(try old.get("/page").body == "/page 1")
        #expect(try old.get("/page").head["cache-status"]?.hasPrefix("portico; hit") == true)
        let oldAdmin = try Wire(to: daemon.adminPort)
        let ask =
            "POST /service/default/purge/all HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            + "Fastly-Key: \(Self.secret)\r\nContent-Length: 0\r\n\r\n"
        try oldAdmin.send(ask)
        #expect(try oldAdmin.response().status == 200)
        #expect(try old.get("/page").body == "/page 1")
        try daemon.upgrade()
        #expect(try daemon.connect().get("/page").body == "/page 1")
        shop.version.store(2, ordering: .relaxed)
        #expect(try purge(daemon) == 200)
        let answer = try old.get("/page")
        #expect(answer.body == "/page 2")
        // What cannot be promised is not said to be done.
        try oldAdmin.send(ask)
        let refusal = try oldAdmin.response()
        #expect(refusal.status == 503 && refusal.head["connection"] == "close")
        #expect(try daemon.connect().get("/page").body == "/page 2")
        #expect(try daemon.stop().status == 0)
    }

    @Test func `what is on disk is there for the new process, and what was purged is not`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        let daemon = try Daemon(
            Settings(origin, more: "[cache]\nmemory = \"4MiB\"\ndisk = \"64MiB\"\n" + Self.more))
        #expect(try daemon.connect().get("/gone").body == "/gone 1")
        #expect(try purge(daemon) == 200)
        shop.version.store(2, ordering: .relaxed)
        for number in 0..<40 {
            #expect(try daemon.connect().get("/\(number)").body == "/\(number) 2")
        }
        let asked = shop.asked.load(ordering: .relaxed)
        try daemon.upgrade()
        for number in 0..<40 {
            let answer = try daemon.connect().get("/\(number)")
            #expect(answer.body == "/\(number) 2")
            #expect(answer.head["cache-status"]?.hasPrefix("portico; hit") == true)
        }
        #expect(shop.asked.load(ordering: .relaxed) == asked)
        #expect(try daemon.metric("portico_cache_disk_up") == 1)
        #expect(try daemon.connect().get("/gone").body == "/gone 2")
        shop.version.store(3, ordering: .relaxed)
        #expect(try purge(daemon) == 200)
        try daemon.upgrade()
        #expect(try daemon.connect().get("/0").body == "/0 3")
        #expect(try daemon.stop().status == 0)
    }

    // MARK: - Service managers

    /// What systemd listens on (sd_notify(3)).
    private final class Manager {
        private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)

        init(at path: String) throws {
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &name.sun_path) { room in
                unsafe room.copyBytes(from: path.utf8)
            }
            let result = unsafe withUnsafePointer(to: &name) { name in
                unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result != 0 { throw Trouble("bind: \(Process.reason(errno))") }
        }

        deinit { close(descriptor) }

        func next() throws -> String {
            guard Wait.readable([descriptor], by: monotonicNow() + .seconds(20))[0] else {
                throw Trouble("the service manager heard nothing")
            }
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
        }
    }

    @Test func `a service manager hears which process is the service`() throws {
        let folder = try ScratchFolder()
        let manager = try Manager(at: folder["notify"])
        let daemon = try Daemon(
            Settings(try Shop().origin()), in: folder,
            wrapper: ["env", "NOTIFY_SOCKET=\(folder["notify"])"])
        #expect(try manager.next() == "READY=1")
        try daemon.upgrade()
        #expect(try manager.next() == "MAINPID=\(daemon.newest)")
        #expect(try manager.next() == "READY=1")
        #expect(try daemon.stop().status == 0)
        #expect(try manager.next() == "STOPPING=1")
    }

    // MARK: - What goes wrong

    @Test func `with a broken configuration all stays as it is`() throws {
        let shop = Shop()
        let origin = try shop.origin()
        let settings = Settings(
            origin, more: "[cache]\ndisk = \"64MiB\"\n" + Self.more)
        let daemon = try Daemon(settings)
        let wire = try daemon.connect()
        #expect(try wire.get("/page").body == "/page 1")
        try daemon.folder.write("config.toml", "[servre]\n")
        daemon.command.signal(SIGUSR2)
        let line = try daemon.command.line(with: "taking over failed")
        #expect(line.contains("ended with status 1"))
        #expect(try wire.get("/page").head["cache-status"]?.hasPrefix("portico; hit") == true)
        #expect(try purge(daemon) == 200)
        try daemon.folder.write("config.toml", settings.text)
        try daemon.upgrade()
        #expect(try daemon.connect().get("/page").body == "/page 1")
        #expect(try daemon.stop().status == 0)
    }

    @Test func `a second signal while one process is starting starts no other`() throws {
        let shop = Shop()
        let daemon = try Daemon(Settings(try shop.origin()))
        daemon.command.signal(SIGUSR2)
        _ = try daemon.command.line(with: "SIGUSR2: starting")
        daemon.command.signal(SIGUSR2)
        #expect(try daemon.command.line(with: "SIGUSR2:").contains("one is under way already"))
        try daemon.awaitSuccessor()
        #expect(try daemon.stop().status == 0)
    }

    @Test func `told to stop while one is starting, both end`() throws {
        let shop = Shop()
        let daemon = try Daemon(Settings(try shop.origin()))
        daemon.command.signal(SIGUSR2)
        _ = try daemon.command.line(with: "SIGUSR2: starting")
        daemon.command.signal(SIGTERM)
        // Both hold the pipe that is read to its end.
        #expect(try daemon.command.end().status == 0)
    }

    @Test func `the program is the one that stands there now`() throws {
        let folder = try ScratchFolder()
        for name in ["portico", "newer"] {
            _ = try Command.run("cp", Daemon.program, folder[name])
        }
        let shop = Shop()
        let daemon = try Daemon(Settings(try shop.origin()), in: folder, program: folder["portico"])
        try folder.rename("newer", to: "portico")
        try daemon.upgrade()
        var path = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/\(daemon.newest)/exe", &path, path.count)
        let found = String(decoding: path.prefix(max(0, count)).map(UInt8.init), as: UTF8.self)
        #expect(found == folder["portico"])
        #expect(try daemon.stop().status == 0)
    }
}
