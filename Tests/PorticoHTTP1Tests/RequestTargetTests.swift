import HTTP1Properties
import PorticoBytes
import PorticoHTTP
import Testing

@testable import PorticoHTTP1

@Suite("Request targets (RFC 9112 §3.2)")
struct RequestTargetTests {
    @Test func `the absolute form outweighs the Host field`() throws {
        let head = try readRequest("GET HTTPS://A.test:443/p?q HTTP/1.1\r\nHost: b.test\r\n\r\n")
        #expect(head.form == .absolute)
        #expect(head.saidHTTPS)
        #expect(head[head.authority].text == "A.test:443")
        #expect(head[head.host].text == "A.test")
        #expect(head[head.path].text == "/p")
        #expect(head[head.pathAndQuery].text == "/p?q")
    }

    static let parts: [(String, String, String?)] = [
        ("http://h", "", nil), ("http://h?", "", ""), ("http://h?a/b", "", "a/b"), ("/", "/", nil),
        ("/?", "/", ""), ("/a?b?c", "/a", "b?c"), ("//x/y", "//x/y", nil),
        ("/{|}^`\"<>\\", "/{|}^`\"<>\\", nil),
        ("http://[::1]:80/x", "/x", nil),
    ]

    @Test(arguments: parts)
    func `path and query are told apart`(_ target: String, _ path: String, _ query: String?) throws
    {
        let head = try readRequest("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(head[head.path].text == path)
        #expect(head.query.map { head[$0].text } == query)
        #expect(head[head.pathAndQuery].text == path + (query.map { "?" + $0 } ?? ""))
    }

    @Test func `the asterisk is for OPTIONS only`() throws {
        let head = try readRequest("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(head.form == .asterisk)
        #expect(head[head.path].text == "*")
        #expect(requestOutcome("GET * HTTP/1.1\r\nHost: h\r\n\r\n") == .fault(.badTarget))
    }

    @Test(arguments: [
        "p", "?a", "h.test", "@h/x", ":80/x", "ftp://h/x", "http:/h/", "http://", "http:///x",
        "http://h:99999/", "http://h:a/", "http://u@h/", "http://h,g/", "https://", "http://?x",
        "*/", "**", "/a#", "http://h/#f", "http://h#f", "http//h", "//h#", "http://[::1",
        "http://h:80:80/",
    ])
    func `other targets are refused`(_ target: String) {
        #expect(requestOutcome("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n") == .fault(.badTarget))
    }

    @Test func `an empty Host is no authority`() throws {
        let head = try readRequest("GET / HTTP/1.1\r\nHost: \t\r\n\r\n")
        #expect(head.authority.isEmpty)
        #expect(head.host.isEmpty)
        let absolute = try readRequest("GET http://h/ HTTP/1.1\r\nHost:\r\n\r\n")
        #expect(absolute[absolute.host].text == "h")
    }
}
