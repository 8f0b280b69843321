import PorticoBytes
import PorticoHTTP
import PorticoHTTP1
import Testing

@Suite("Writing heads and chunks")
struct WriterTests {
    private func written(_ head: RequestHead) -> String {
        var buffer = Buffer()
        HeadWriter.writeRequest(head, into: &buffer)
        return buffer.text
    }

    @Test(arguments: [
        ("GET /a?b HTTP/1.0", "GET /a?b HTTP/1.1"), ("GET http://x HTTP/1.1", "GET / HTTP/1.1"),
        ("GET http://x?q HTTP/1.1", "GET /?q HTTP/1.1"),
        ("GET https://x/p?q HTTP/1.1", "GET /p?q HTTP/1.1"),
        ("OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1"),
        ("OPTIONS http://x HTTP/1.1", "OPTIONS * HTTP/1.1"),
        ("OPTIONS http://x/ HTTP/1.1", "OPTIONS / HTTP/1.1"),
        ("OPTIONS http://x? HTTP/1.1", "OPTIONS /? HTTP/1.1"),
        ("FROB / HTTP/1.9", "FROB / HTTP/1.1"),
    ])
    func `a request goes on in origin form and our version`(_ line: String, _ expected: String)
        throws
    {
        let head = try readRequest("\(line)\r\nhOST:\t h \r\nA:\r\n\r\n")
        #expect(written(head) == "\(expected)\r\nhOST: h\r\nA: \r\n\r\n")
    }

    @Test func `removed and added lines show`() throws {
        var head = try readRequest("GET / HTTP/1.1\r\nHost: h\r\nTE: x\r\n\r\n")
        head.fields.remove(.te)
        head.fields.append(.via, "1.1 portico")
        #expect(written(head) == "GET / HTTP/1.1\r\nHost: h\r\nVia: 1.1 portico\r\n\r\n")
    }

    @Test func `a line end put into a value by mistake is not written`() throws {
        var head = try readRequest("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        head.fields.append(.via, "a\r\nX: b\0\tc")
        #expect(written(head) == "GET / HTTP/1.1\r\nHost: h\r\nVia: a  X: b \tc\r\n\r\n")
    }

    @Test func `a response keeps its reason or gets the standard phrase`() throws {
        var buffer = Buffer()
        HeadWriter.writeResponse(
            try readResponse("HTTP/1.0 404 Nope\r\nA: b\r\n\r\n"), into: &buffer)
        HeadWriter.writeResponse(try readResponse("HTTP/1.1 404\r\n\r\n"), into: &buffer)
        HeadWriter.writeResponse(try readResponse("HTTP/1.1 299 \r\n\r\n"), into: &buffer)
        HeadWriter.writeStatus(503, reason: bytes("").span, into: &buffer)
        #expect(
            buffer.text == "HTTP/1.1 404 Nope\r\nA: b\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n"
                + "HTTP/1.1 299 \r\n\r\nHTTP/1.1 503 Service Unavailable\r\n")
    }

    @Test func `chunks are framed`() {
        var buffer = Buffer()
        var trailers = Fields()
        ChunkWriter.begin(26, into: &buffer)
        buffer.append("abc")
        ChunkWriter.end(into: &buffer)
        ChunkWriter.finish(trailers: trailers, into: &buffer)
        trailers.append(name: bytes("X-T").span, value: bytes("v").span)
        ChunkWriter.finish(trailers: trailers, into: &buffer)
        #expect(buffer.text == "1a\r\nabc\r\n0\r\n\r\n0\r\nX-T: v\r\n\r\n")
    }
}
