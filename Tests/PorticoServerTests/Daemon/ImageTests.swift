import PorticoLoop
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

    private static func photograph() throws -> [UInt8] {
        try Files.read("Sources/CPorticoDemo/photographs/mug.jpg")
    }

    private func origin(of photograph: [UInt8]) throws -> Origin {
        try Origin { call in
            // What comes in half is damaged.
            let bytes = call.target == "/half.jpg" ? photograph.count / 2 : photograph.count
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nCache-Control: max-age=60\r\n"
                + "Content-Length: \(bytes)\r\n\r\n"
            try call.wire.send(Array(head.utf8) + photograph[..<bytes])
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

    @Test func `a purge of a variant's URL takes the original and all variants`() throws {
        let origin = try origin()
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        func status(_ target: String) throws -> String {
            try wire.get(target).head["cache-status"] ?? ""
        }
        #expect(try status("/a.gif?format=png").hasPrefix("portico; fwd=uri-miss"))
        // Nobody was asked, and a picture was made.
        let second = try status("/a.gif?format=webp")
        #expect(second.hasPrefix("portico; hit"))
        #expect(second.hasSuffix("; detail=transformed"))
        #expect(try !status("/a.gif?format=webp").contains("detail"))
        #expect(origin.requests.count == 1)
        try wire.send("PURGE /a.gif?width=300 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        #expect(try wire.response().status == 200)
        #expect(try status("/a.gif?format=webp").contains("fwd="))
        #expect(origin.requests.count == 2)
    }

    @Test func `a trusted proxy lays a picture of the site over another`() throws {
        let origin = try origin()
        var settings = Settings(
            origin, more: "[[site]]\nhosts = [\"*\"]\norigins = \"shop\"\nimages = true\n")
        settings.listeners = ["trusted_proxies = [\"127.0.0.1\"]", ""]
        let daemon = try Daemon(settings)
        let order = "X-Fastly-Imageopto-Overlay: overlay=%2Flogo.gif&overlay-align=top,left"
        let proxy = try daemon.connect()
        let plain = try proxy.get("/a.gif?format=png")
        #expect(origin.requests.count == 1)
        let marked = try proxy.get("/a.gif?format=png", order)
        #expect(origin.requests.last == "GET /logo.gif HTTP/1.1")
        #expect(marked.head["content-type"] == "image/png")
        #expect(marked.head["etag"] != plain.head["etag"])
        _ = try proxy.get("/a.gif?format=png", order)
        #expect(origin.requests.count == 2)
        // Whatever purges what lies on it, purges it.
        try proxy.send("PURGE /logo.gif HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        #expect(try proxy.response().status == 200)
        for _ in 0..<2 {
            #expect(try proxy.get("/a.gif?format=png", order).head["fastly-io-error"] == nil)
            #expect(origin.requests.count == 3)
        }
        // From anybody else it is no order.
        let client = try Wire(to: daemon.ports[1])
        let answer = try client.get("/a.gif?format=png", order)
        #expect(answer.head["etag"] == plain.head["etag"])
        let missing = "X-Fastly-Imageopto-Overlay: overlay=//other.example/logo.gif"
        let warned = try proxy.get("/a.gif?format=png", missing)
        #expect(warned.head["fastly-io-warning"] == "overlay: invalid value ignored")
        #expect(origin.requests.count == 3)
    }

    /// An answer in a coding that is not undone could not be transformed.
    @Test func `who asks for a picture is not promised codings to the origin`() throws {
        let origin = try Origin.echo()
        let daemon = try Daemon(
            Settings(
                origin,
                more: """
                    [[site]]
                    hosts = ["*"]
                    origins = "shop"
                    images = true
                    compress = false
                    """))
        let wire = try daemon.connect()
        let picture = try wire.get(
            "/image.php?id=1", "Accept: image/avif,image/webp,*/*;q=0.8", "Accept-Encoding: br")
        #expect(!picture.body.contains("accept-encoding"))
        let page = try wire.get("/", "Accept: text/html,image/webp", "Accept-Encoding: br")
        #expect(page.body.contains("accept-encoding: br"))
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

    /// Those who were in the midst of it have the original, and nobody waits for a deadline.
    @Test func `processes killed under load cost pictures, never answers`() throws {
        let photograph = try Self.photograph()
        let origin = try origin(of: photograph)
        let daemon = try daemon(origin, workers: 2)
        let wires = try (0..<6).map { _ in try daemon.connect() }
        var originals = 0
        for round in 0..<4 {
            for (index, wire) in wires.enumerated() {
                try wire.send(
                    "GET /mug.jpg?format=avif&width=\(500 + 10 * round + index) HTTP/1.1\r\n"
                        + "Host: shop.example\r\n\r\n")
            }
            try daemon.wait(for: "a picture under way") {
                try daemon.metric("portico_image_jobs_running") > 0
            }
            _ = try forEachProcess(of: daemon, "kill -9 $c")
            for wire in wires {
                let head = try wire.head()
                let bytes = try wire.take(head["content-length"].flatMap(Int.init) ?? 0)
                #expect(head.status == 200)
                if let error = head["fastly-io-error"] {
                    originals += 1
                    #expect(error == "Resource limit")
                    #expect(bytes == photograph)
                } else {
                    #expect(head["content-type"] == "image/avif")
                }
            }
        }
        #expect(originals > 0)
        #expect(try daemon.metric("portico_image_failures_total{reason=\"limit\"}") == originals)
        #expect(try daemon.metric("portico_image_workers_lost_total") >= originals)
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

    /// What C libraries allocate for a picture, or for one that fails, they give back.
    @Test(arguments: [
        "/mug.jpg?format=jpg", "/mug.jpg?format=png", "/mug.jpg?format=png8", "/mug.jpg?format=gif",
        "/mug.jpg?format=webp", "/mug.jpg?format=webpll", "/mug.jpg?format=avif",
        "/mug.jpg?format=jpg&optimize=high", "/half.jpg?format=jpg",
    ])
    func `a process holds no more memory after many pictures`(_ target: String) throws {
        let origin = try origin(of: Self.photograph())
        let daemon = try daemon(origin)
        let wire = try daemon.connect()
        func make(_ widths: Range<Int>) throws {
            for width in widths {
                #expect(try wire.get("\(target)&width=\(width)").status == 200)
            }
        }
        func held() throws -> Int {
            let line = try forEachProcess(of: daemon, "grep VmRSS: /proc/$c/status")
            return try #require(Int(line.filter(\.isNumber)))
        }
        // Of a width that the later ones do not exceed.
        try make(180..<188)
        let before = try held()
        try make(160..<180)
        // One picture of this size is 90 kB: twenty would be 1800.
        #expect(try held() - before < 1000)
        #expect(try daemon.metric("portico_image_workers_started_total") == 1)
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
