import PorticoBytes
import Testing

@testable import PorticoWAFTool

@Suite("Files of raw requests")
struct RequestFileTests {
    private func texts(_ file: String) -> [String] {
        RequestFile.read(Array(file.utf8), file: "f").map { string($0.bytes) }
    }

    @Test func `a head that a person wrote gets its line ends and length`() {
        #expect(
            texts("POST / HTTP/1.1\nHost: h\n\na=b")
                == ["POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=b"])
    }

    @Test func `what came over the wire stays as it is`() {
        let exact = "POST / HTTP/1.1\r\nHost : h\r\nX:\ny\r\n\r\n"
        #expect(texts(exact) == [exact])
    }

    @Test func `requests follow one another, by their lengths or request lines`() {
        let file =
            "GET /1 HTTP/1.1\nHost: h\n\nPOST /2 HTTP/1.1\nContent-Length: 3\n\nGET\n"
            + "POST /3 HTTP/1.1\n\na=1\nGET /4 HTTP/1.0\n\n"
        let found = texts(file)
        #expect(found.count == 4)
        #expect(found[1].hasSuffix("\r\n\r\nGET"))
        #expect(found[2].contains("Content-Length: 4\r\n"))
        #expect(found[3].hasPrefix("GET /4 "))
    }

    @Test func `chunks end where they say`() {
        let chunked =
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        #expect(texts(chunked + "GET / HTTP/1.1\r\n\r\n") == [chunked, "GET / HTTP/1.1\r\n\r\n"])
    }

    @Test func `marks name requests and end bodies`() {
        let found = RequestFile.read(
            Array("### first\nPOST / HTTP/1.1\n\nGET x HTTP/1.1\n\n###\nGET /b HTTP/1.1\n".utf8),
            file: "f")
        #expect(found.map(\.name) == ["first", "f:6"])
        #expect(string(found[0].bytes).hasSuffix("Content-Length: 14\r\n\r\nGET x HTTP/1.1"))
        #expect(string(found[1].bytes) == "GET /b HTTP/1.1\r\n\r\n")
    }

    @Test func `no file is cut so that it loops or traps`() {
        let whole = Array(
            "### a\nPOST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n0\r\nGET / HTTP/1.1\n"
                .utf8)
        for cut in 0...whole.count {
            let head = RequestFile.read(Array(whole[..<cut]), file: "f")
            let tail = RequestFile.read(Array(whole[cut...]), file: "f")
            #expect(head.count <= 3 && tail.count <= 3)
        }
    }

    @Test(
        arguments: [
            ([0x41, 0x00, 0x0A], "A\\x00\\n"), (Array("é日".utf8), "é日"), ([0xC3], "\\xc3"),
            ([0xE2, 0x80, 0xAE], "\\xe2\\x80\\xae"),
        ] as [([UInt8], String)])
    func `bytes are shown so that people can read them`(_ bytes: [UInt8], _ text: String) {
        #expect(Shown.text(bytes) == text)
    }

    @Test func `what is long is cut`() {
        #expect(Shown.text(Array("abcdef".utf8), upTo: 4) == "abc…")
        #expect(Shown.text(Array("abcd".utf8), upTo: 4) == "abcd")
    }
}
