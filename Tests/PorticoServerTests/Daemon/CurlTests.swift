import PorticoLoop
import Testing

@Suite("The daemon and curl", .ownThreads)
struct CurlTests {
    private let origin: Origin
    private let daemon: Daemon

    init() throws {
        origin = try Origin.echo()
        daemon = try Daemon(Settings(origin))
    }

    @Test func `a request comes through with what the edge adds`() throws {
        let answer = try daemon.curl("-i", "http://{}/a%20b?c=d&e", "-H", "Host: shop.example")
        #expect(answer.status == 0)
        #expect(answer.output.hasPrefix("HTTP/1.1 200 Said\r\n"))
        #expect(answer.output.contains("\r\nVia: 1.1 portico\r\n"))
        #expect(answer.output.contains("\r\nX-Request-Id: "))
        #expect(answer.output.contains("GET /a%20b?c=d&e HTTP/1.1\nhost: shop.example\n"))
        #expect(answer.output.contains("\nx-forwarded-for: 127.0.0.1\n"))
    }

    @Test func `HTTP/1.0 gets an answer that ends with the connection`() throws {
        let plain = try daemon.curl("-i", "-0", "http://{}/")
        #expect(plain.status == 0)
        #expect(plain.output.contains("\r\nConnection: close\r\n"))
        #expect(plain.output.contains("\nvia: 1.0 portico\n"))
    }

    @Test func `HTTP/1.0 gets no chunks`() throws {
        let origin = try Origin { call in
            try call.wire.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        }
        let daemon = try Daemon(Settings(origin))
        let answer = try daemon.curl("-i", "-0", "--raw", "http://{}/")
        #expect(answer.status == 0)
        #expect(answer.output.hasSuffix("\r\n\r\nhello"))
        #expect(!answer.output.lowercased().contains("transfer-encoding"))
        let modern = try daemon.curl("-i", "--raw", "http://{}/")
        #expect(modern.output.hasSuffix("5\r\nhello\r\n0\r\n\r\n"))
    }

    @Test func `a connection serves one request after the other`() throws {
        let answer = try daemon.curl(
            "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ",
            "http://{}/1", "http://{}/2", "http://{}/3")
        #expect(answer.output == "1 0 0 ")
    }

    @Test func `an upload of unknown length is chunked towards the origin`() throws {
        try daemon.folder.write("body", String(repeating: "0123456789", count: 5000))
        let answer = try daemon.curl(
            "-T", "-", "http://{}/up", input: daemon.folder["body"])
        #expect(answer.status == 0)
        #expect(answer.output.contains("PUT /up HTTP/1.1\n"))
        #expect(answer.output.contains("\ntransfer-encoding: chunked\n"))
        #expect(answer.output.hasSuffix("\n\n" + String(repeating: "0123456789", count: 5000)))
    }

    @Test func `who expects 100 hears it from the origin before the body goes`() throws {
        let origin = try Origin { try $0.answer(200, "\($0.bodyCount)") }
        let daemon = try Daemon(Settings(origin))
        try daemon.folder.writeZeroes("body", count: 8 << 20)
        let answer = try daemon.curl(
            "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "20", "--data-binary",
            "@\(daemon.folder["body"])", "http://{}/up", "-w", " %{time_total}")
        #expect(answer.errors.contains("< HTTP/1.1 100 Continue"))
        #expect(answer.output.hasPrefix("\(8 << 20) "))
    }

    @Test func `who expects 100 may hear a refusal instead`() throws {
        let origin = try Origin(expectingBodies: false) { call in
            try call.answer(403, "no", fields: ["Connection: close"])
            throw Trouble("enough")
        }
        let daemon = try Daemon(Settings(origin))
        try daemon.folder.writeZeroes("body", count: 8 << 20)
        let answer = try daemon.curl(
            "-H", "Expect: 100-continue", "--expect100-timeout", "20", "--data-binary",
            "@\(daemon.folder["body"])", "http://{}/up", "-w", " %{http_code} %{size_upload}")
        #expect(answer.output == "no 403 0")
    }

    @Test func `HEAD is answered with the length and no body`() throws {
        let origin = try Origin.saying("hello")
        let daemon = try Daemon(Settings(origin))
        let answer = try daemon.curl(
            "-I", "http://{}/1", "http://{}/2", "-w", "%{num_connects} ")
        #expect(answer.output.contains("\r\nContent-Length: 5\r\n"))
        #expect(answer.output.hasSuffix("\r\n\r\n0 "))
        #expect(origin.requests == ["HEAD /1 HTTP/1.1", "HEAD /2 HTTP/1.1"])
    }

    @Test func `a client that takes it for a proxy is understood`() throws {
        let answer = try daemon.curl("--noproxy", "", "-x", "http://{}", "http://shop.example/a?b")
        #expect(answer.output.contains("GET /a?b HTTP/1.1\nhost: shop.example\n"))
    }

    @Test func `trailers come through both ways`() throws {
        let origin = try Origin { call in
            try call.wire.send(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n"
                    + "2\r\nok\r\n0\r\nSum: 42\r\n\r\n")
        }
        let daemon = try Daemon(Settings(origin))
        let answer = try daemon.curl("--http1.1", "-D", "-", "-H", "TE: trailers", "http://{}/")
        #expect(answer.output.contains("\r\n\r\nok"))
        #expect(answer.output.contains("Sum: 42\r\n"))
    }

    @Test func `an origin that is a TLS server is asked over TLS and its name is checked`() throws {
        let folder = try ScratchFolder()
        try folder.writeCertificate("ca", for: ["ca"], isAuthority: true)
        try folder.writeCertificate("back", for: ["back.example"], by: "ca")
        var behind = Settings(origin)
        behind.listeners = ["tls = true"]
        behind.more = "[tls]\ncertificates = [{ cert = \"back.crt\", key = \"back.key\" }]\n"
        let back = try Daemon(behind, in: folder)
        func front(_ sni: String) throws -> String {
            var settings = Settings(origin)
            settings.nodes = [
                "{ address = \"127.0.0.1:\(back.port)\", tls = true, sni = \"\(sni)\", "
                    + "ca = \"\(folder["ca.crt"])\" }"
            ]
            let daemon = try Daemon(settings)
            return try daemon.curl("http://{}/x", "-H", "Host: back.example", "-w", "%{http_code}")
                .output
        }
        #expect(try front("back.example").hasSuffix("200"))
        #expect(try front("other.example").hasSuffix("502"))
    }

    @Test func `a path with dots and a query with anything reach the origin as they are`() throws {
        let answer = try daemon.curl("--path-as-is", "http://{}/a/../b//c?x=%2e%2E&y=[]", "-g")
        #expect(answer.output.hasPrefix("GET /a/../b//c?x=%2e%2E&y=[] HTTP/1.1\n"))
    }
}
