import Testing

@Suite("Pictures, through the daemon and its processes", .ownThreads)
struct DaemonImageTests {
    /// One red pixel.
    private static let picture: [UInt8] = [
        0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0xFF, 0, 0, 0xFF, 0xFF, 0xFF,
        0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B,
    ]

    private func origin() throws -> Origin {
        try Origin { call in
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nCache-Control: max-age=60\r\n"
                + "Content-Length: \(Self.picture.count)\r\n\r\n"
            try call.wire.send(Array(head.utf8) + Self.picture)
        }
    }

    private func daemon(_ origin: Origin, workers: Int = 1) throws -> Daemon {
        try Daemon(
            Settings(
                origin,
                more: """
                    [[site]]
                    hosts = ["*"]
                    origins = "shop"
                    images = true
                    [images]
                    workers = \(workers)
                    """))
    }

    /// Runs a command of the shell for each worker process, as `$c`; what they wrote.
    private func forEachProcess(of daemon: Daemon, _ command: String) throws -> String {
        let script =
            "for c in $(cat /proc/\(daemon.command.pid)/task/*/children); do \(command); done"
        return try Command.run(["sh", "-c", script]).output
    }

    @Test func `a picture is made, kept, and made of one original`() throws {
        let origin = try origin()
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        let first = try wire.get("/a.gif?format=png&cache=buster")
        #expect(first.status == 200)
        #expect(first.head["content-type"] == "image/png")
        #expect(first.head["fastly-io-info"]?.contains("idim=1x1 ifmt=gif") ?? false)
        #expect(try wire.get("/a.gif?format=webp").head["content-type"] == "image/webp")
        let again = try wire.get("/a.gif?format=png")
        #expect(again.head["etag"] == first.head["etag"])
        #expect(origin.requests == ["GET /a.gif HTTP/1.1"])
        #expect(try daemon.metric("portico_image_transformations_total") == 2)
        #expect(try daemon.metric("portico_image_workers_started_total") == 1)
    }

    @Test func `a process has nothing but its connection, and is confined`() throws {
        let origin = try origin()
        let daemon = try daemon(origin)
        _ = try daemon.connect().get("/a.gif?format=png")
        let status = try forEachProcess(
            of: daemon, "grep -E 'Seccomp:|NoNewPrivs:' /proc/$c/status")
        #expect(status.contains("Seccomp:\t2"))
        #expect(status.contains("NoNewPrivs:\t1"))
        let files = try forEachProcess(of: daemon, "readlink /proc/$c/fd/*")
            .split(separator: "\n")
        #expect(files.filter { $0 == "/dev/null" }.count == 3)
        #expect(files.filter { $0.hasPrefix("socket:") }.count == 1)
        #expect(files.count == 4)
        #expect(try forEachProcess(of: daemon, "wc -c < /proc/$c/environ") == "0\n")
    }

    @Test func `a process that is killed is replaced, and costs no answer`() throws {
        let origin = try origin()
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        for number in 1...5 {
            let answer = try wire.get("/\(number).gif?format=png")
            #expect(answer.status == 200)
            // At the latest the answer after the next comes from a new process.
            _ = try forEachProcess(of: daemon, "kill -9 $c")
        }
        try daemon.wait(for: "a new process") {
            try wire.get("/last.gif?format=png&q=1").head["fastly-io-error"] == nil
        }
        #expect(try daemon.metric("portico_image_workers_lost_total") > 0)
    }

    @Test func `what a client could not have is the original`() throws {
        let origin = try Origin { call in
            try call.answer(
                200, "GIF89a", fields: ["Content-Type: image/gif", "Cache-Control: max-age=9"])
        }
        let daemon = try daemon(origin)
        let answer = try daemon.connect().get("/a.gif?width=3")
        #expect(answer.body == "GIF89a")
        #expect(answer.head["fastly-io-error"] == "Image could not be parsed")
    }

    @Test func `no process outlives the daemon`() throws {
        let origin = try origin()
        let daemon = try daemon(origin)
        _ = try daemon.connect().get("/a.gif?format=png")
        let processes = try forEachProcess(of: daemon, "echo $c")
            .split(separator: "\n").map(String.init)
        #expect(processes.count == 1)
        daemon.command.signal(9)
        _ = try daemon.command.end()
        for process in processes {
            try daemon.wait(for: "the end of \(process)") {
                try Command.run(["sh", "-c", "kill -0 \(process) 2> /dev/null"]).status != 0
            }
        }
    }
}
