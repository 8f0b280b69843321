import PorticoBytes
import PorticoHTTP
import PorticoLoop
import Testing

@testable import PorticoServer

@Suite("The admin API's URL")
struct AdminURLTests {
    @Test(arguments: [
        ("http://127.0.0.1:8081", "127.0.0.1:8081", "127.0.0.1:8081"),
        ("http://127.0.0.1:8081/", "127.0.0.1:8081", "127.0.0.1:8081"),
        ("http://localhost:81", "127.0.0.1:81", "localhost:81"),
        ("http://localhost", "127.0.0.1:80", "localhost"),
        ("http://[::1]:8081", "[::1]:8081", "[::1]:8081"),
        ("http://[::1]", "[::1]:80", "[::1]"),
        ("https://127.0.0.1:8081", "127.0.0.1:8081", "127.0.0.1:8081"),
        ("https://10.0.0.1", "10.0.0.1:443", "10.0.0.1"),
    ])
    func `loopback is found`(_ text: String, _ address: String, _ authority: String) throws {
        let url = try AdminURL(text)
        #expect(url.address.description == address)
        #expect(url.authority == authority)
    }

    @Test(arguments: [
        ("http://10.0.0.1:8081", AdminURL.Fault.notLoopback), ("https://", .malformed),
        ("https://a:0", .malformed), ("https://user@127.0.0.1", .malformed),
        ("http://example.com", .malformed), ("127.0.0.1:8081", .malformed), ("", .malformed),
        ("http://", .malformed), ("http://127.0.0.1:8081/v1", .malformed),
        ("http://127.0.0.1:0", .malformed), ("http://127.0.0.1:99999", .malformed),
        ("http://user@127.0.0.1:8081", .malformed), ("http://localhost.evil", .malformed),
    ])
    func `all else is refused`(_ text: String, _ fault: AdminURL.Fault) {
        #expect(throws: fault) { try AdminURL(text) }
    }
}

@Suite("Replies of the admin API")
struct AdminReplyReaderTests {
    private static let replies = [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n",
    ]

    @Test(arguments: replies)
    func `a reply cut anywhere reads the same as a whole one`(_ text: String) throws {
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = AdminReplyReader(to: .get)
            var input = Buffer()
            input.append(bytes.span.extracting(..<cut))
            let early = try reader.read(&input)
            input.append(bytes.span.extracting(cut...))
            let reply = try early ?? reader.read(&input)
            #expect(reply == AdminReply(status: 200, body: Array("body".utf8)), "cut at \(cut)")
        }
    }

    @Test func `a body may end with the connection, and one with a length may not`() throws {
        var input = Buffer()
        var open = AdminReplyReader(to: .get)
        input.append("HTTP/1.1 200 OK\r\n\r\nbo")
        #expect(try open.read(&input) == nil)
        #expect(try open.end().body == Array("bo".utf8))

        var cut = AdminReplyReader(to: .get)
        input.append("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbo")
        #expect(try cut.read(&input) == nil)
        #expect(throws: AdminClientFault.cut) { try cut.end() }

        var silent = AdminReplyReader(to: .get)
        #expect(throws: AdminClientFault.cut) { try silent.end() }
    }

    @Test func `what is not HTTP is malformed`() {
        var input = Buffer()
        input.append("SSH-2.0-OpenSSH_9.2\r\n")
        var reader = AdminReplyReader(to: .get)
        #expect(throws: AdminClientFault.malformed) { try reader.read(&input) }
    }

    @Test func `a question carries the token and nothing that it did not get`() throws {
        let url = try AdminURL("http://localhost:8081")
        let get = AdminQuestion("/v1/status").written(to: url, token: "secret")
        #expect(
            get.bytes.text == "GET /v1/status HTTP/1.1\r\nHost: localhost:8081\r\n"
                + "User-Agent: portico\r\nConnection: close\r\nAuthorization: Bearer secret\r\n\r\n"
        )
        var question = AdminQuestion("/v1/reload")
        question.method = .post
        question.body = [0x61]
        let post = question.written(to: url, token: nil)
        #expect(post.bytes.text.hasPrefix("POST /v1/reload HTTP/1.1\r\n"))
        #expect(post.bytes.text.hasSuffix("\r\nContent-Length: 1\r\n\r\na"))
        #expect(!post.bytes.text.contains("Authorization"))
    }

    @Test func `problems tell their detail`() {
        let body = Array(#"{"type":"about:blank","status":401,"detail":"no token"}"#.utf8)
        #expect(AdminReply(status: 401, body: body).detail == "no token")
        #expect(AdminReply(status: 500, body: []).detail == nil)
    }

    @Test func `a port where nobody listens is unreachable`() throws {
        let socket = try ListeningSocket(bind: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
        socket.close()
        let client = AdminClient(AdminURL(local: socket.address), token: nil)
        #expect(throws: AdminClientFault.unreachable(.system(111))) {
            try client.ask(AdminQuestion("/readyz"))
        }
    }
}

@Suite("What portico status shows")
struct StatusViewTests {
    private static let status = """
        {"version":"0.1.0","uptime_seconds":3725,"configuration":{"file":"c.toml","sha256":"\
        0123456789abcdef"},"workers":2,"requests":{"total":7,"in_flight":1,"2xx":5,"3xx":0,"4xx":2,\
        "5xx":0},"connections":3,"resident_bytes":23068672,"origins":{"shop":[{"node":\
        "127.0.0.1:9001","state":"up","in_flight":1,"requests":12345,"failures":0,"history":[]},\
        {"node":"a\\u001b[2J","state":"down","in_flight":0,"requests":3,"failures":3,"history":\
        [{"seconds_ago":90,"change":"down: unreachable"}]}]}}

        """

    private func view(ready: String, _ code: UInt16) -> StatusView? {
        StatusView(
            readiness: AdminReply(status: code, body: Array(ready.utf8)),
            status: AdminReply(status: 200, body: Array(Self.status.utf8)))
    }

    @Test func `a table for people, without a terminal's commands`() throws {
        let view = try #require(self.view(ready: #"{"status":"ok"}"#, 200))
        #expect(view.isReady)
        #expect(
            view.lines(coloured: false) == [
                "portico 0.1.0, ready, up for 1 h 2 min", "",
                "requests       7 (2xx 5, 3xx 0, 4xx 2, 5xx 0)", "in flight      1",
                "connections    3", "memory         22 MiB", "workers        2",
                "configuration  c.toml (0123456789ab)", "",
                "shop            state  in flight  requests  failures  last change",
                "127.0.0.1:9001  up             1     12345         0",
                "a[2J            down           0         3         3  down: unreachable, 1 min 30 s ago",
            ])
    }

    @Test func `not ready says why`() throws {
        let view = try #require(
            self.view(ready: #"{"status":"unavailable","reasons":["no node"]}"#, 503))
        #expect(!view.isReady)
        #expect(
            view.lines(coloured: false).prefix(2) == [
                "portico 0.1.0, not ready, up for 1 h 2 min", "  no node",
            ])
        #expect(view.lines(coloured: true)[0].contains("\u{1B}[31mnot ready\u{1B}[0m"))
        let read = JSONValue(Array(view.json.utf8).span)
        let json = try #require(read)
        #expect(json["ready"]?.flag == false)
        #expect(json["reasons"]?.elements == [.string("no node")])
        #expect(json["status"]?["workers"]?.integer == 2)
        #expect(!view.json.contains("\n"))
    }

    @Test func `another program's answer is no status`() {
        let odd = AdminReply(status: 200, body: Array("{}".utf8))
        #expect(StatusView(readiness: odd, status: odd) == nil)
    }
}
