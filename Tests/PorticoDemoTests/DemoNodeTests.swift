import PorticoBytes
import PorticoHTTP1
import PorticoLoop
import Synchronization
import Testing

@testable import PorticoDemo

/// Sends `request` to a node of its own, says that no more comes, and gives all that came back.
private func talk(
    _ request: [UInt8], bounds: DemoNode.Bounds = DemoNode.Bounds(), ending: Bool = true
) async throws -> [UInt8] {
    let socket = try ListeningSocket(bind: SocketAddress(IPAddress(v4: 0x7F00_0001), port: 0))
    let worker = Worker()
    startThread { worker.run() }
    let (answers, continuation) = AsyncStream<[UInt8]>.makeStream()
    await worker.perform { reactor in
        let node = DemoNode(DemoShop(node: "node-1"), at: socket, on: reactor, bounds: bounds)
        reactor.start {
            var output = Buffer()
            var input = Buffer()
            output.append(request.span)
            let deadline = reactor.now + .seconds(10)
            do throws(IOFault) {
                let stream = try await Stream.connect(
                    to: socket.address, on: reactor, by: deadline)
                while try !stream.writeNow(&output) { try await stream.writable(by: deadline) }
                if ending { stream.finishWriting() }
                while true {
                    guard let count = try stream.readNow(into: &input, upTo: 65536) else {
                        try await stream.readable(by: deadline)
                        continue
                    }
                    if count == 0 { break }
                }
                stream.close()
            } catch { Issue.record("\(error)") }
            node.stop()
            continuation.yield(input.bytes.array)
        }
    }
    var iterator = answers.makeAsyncIterator()
    let answer = await iterator.next() ?? []
    socket.close()
    await worker.stop()
    return answer
}

private func talk(
    _ request: String, bounds: DemoNode.Bounds = DemoNode.Bounds(), ending: Bool = true
) async throws -> String {
    let answer = try await talk(Array(request.utf8), bounds: bounds, ending: ending)
    return String(decoding: answer, as: UTF8.self)
}

private func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: shop\r\n\(fields)\r\n"
}

extension String {
    fileprivate var statuses: [String] {
        split(whereSeparator: \.isNewline).filter { $0.hasPrefix("HTTP/1.1 ") }.map(String.init)
    }
    fileprivate func has(_ line: String) -> Bool { contains("\r\n\(line)\r\n") }
}

@Suite("A node of the demo")
struct DemoNodeTests {
    @Test func `pipelined requests are answered in their order, over one connection`() async throws
    {
        let answer = try await talk(
            get("/health") + "HEAD /health HTTP/1.1\r\nHost: shop\r\n\r\n" + get("/nothing"))
        #expect(
            answer.statuses == ["HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"])
        #expect(answer.ranges(of: "{\"status\":\"ok\"").count == 1, "HEAD has no body")
        #expect(answer.has("X-Node: node-1"))
        #expect(answer.contains("\r\nDate: ") && answer.contains(" GMT\r\n"))
        #expect(!answer.contains("Connection: close"))
    }

    @Test func `a client that wants no more is told that this is the end`() async throws {
        let answer = try await talk(get("/health", "Connection: close\r\n"), ending: false)
        #expect(answer.has("Connection: close"))
        let old = try await talk("GET /health HTTP/1.0\r\n\r\n", ending: false)
        #expect(old.has("Connection: close"))
    }

    @Test func `a photograph comes as its file, under its length`() async throws {
        let photograph = try #require(Photograph.all["mug.jpg"])
        let answer: [UInt8] = try await talk(Array(get("/media/mug.jpg").utf8))
        #expect(answer.suffix(photograph.count).elementsEqual(photograph.bytes.array))
        let head = String(decoding: answer.prefix(600), as: UTF8.self)
        #expect(head.has("Content-Length: \(photograph.count)"))
    }

    @Test func `a matching tag is answered 304, without length or body`() async throws {
        let tag = try #require(Photograph.all["mug.jpg"]).tag
        let answer = try await talk(
            get("/media/mug.jpg", "If-None-Match: \"x\"\r\nIf-None-Match: \(tag)\r\n"))
        #expect(answer.statuses == ["HTTP/1.1 304 Not Modified"])
        #expect(!answer.contains("Content-Length"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test func `bodies are dropped, and what follows is the next request`() async throws {
        let answer = try await talk(
            "POST /echo?a=b HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nGET /"
                + "POST /cart?add=TB-101 HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n"
                + "\r\n3\r\nabc\r\n0\r\n\r\n" + get("/health"))
        #expect(answer.statuses.map { $0.dropFirst(9).prefix(3) } == ["200", "303", "200"])
        #expect(answer.contains(#""query":"a=b""#))
        #expect(answer.contains(#"["Content-Length","5"]"#))
    }

    @Test func `a client that asks first is told to go on`() async throws {
        let answer = try await talk(
            "POST /echo HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
        )
        #expect(answer.statuses == ["HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"])
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "400"), ("GET /\n", "400"), ("TRACE / HTTP/1.1\r\n", "405"),
        ("GET / HTTP/2.0\r\n", "505"),
        ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n", "414"),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\nx", "413"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400"),
    ])
    func `what breaks the rules is answered and ends the connection`(
        _ request: String, _ status: String
    ) async throws {
        var bounds = DemoNode.Bounds()
        bounds.head.targetBytes = 8192
        let answer = try await talk(request + get("/health"), bounds: bounds)
        #expect(answer.statuses.map { $0.dropFirst(9).prefix(3) } == [Substring(status)])
        #expect(answer.has("Connection: close"))
    }

    @Test func `who does not finish a head in time hears 408, who begins none hears nothing`()
        async throws
    {
        var bounds = DemoNode.Bounds()
        bounds.headTimeout = .milliseconds(20)
        bounds.idleTimeout = .milliseconds(20)
        let begun = try await talk("GET / HT", bounds: bounds, ending: false)
        #expect(begun.statuses == ["HTTP/1.1 408 Request Timeout"])
        #expect(try await talk("", bounds: bounds, ending: false) == "")
    }

    @Test func `a slow answer is late by what was asked for`() async throws {
        let start = monotonicNow()
        let answer = try await talk(get("/slow?ms=30"))
        #expect(answer.hasSuffix("This took 30 ms.\n"))
        #expect(monotonicNow().since(start) >= .milliseconds(30))
    }

    @Test func `the built-in configuration is the repository's`() {
        #expect(DemoConfiguration.text.hasPrefix("# Portico in front of the demo shop."))
        #expect(DemoConfiguration.text.hasSuffix("\n"))
        #expect(DemoConfiguration.text.contains("127.0.0.1:9001"))
    }
}
