import PorticoBytes
import Testing

@testable import PorticoWAFTool

@Suite("Requests as curl makes them")
struct CurlCommandTests {
    private func text(_ line: String) throws -> String {
        let command = try CurlCommand(line)
        return String(decoding: try command.bytes(), as: UTF8.self)
    }

    @Test func `a URL alone is a GET`() throws {
        #expect(
            try text("curl https://user@shop.example:8443/a/../b?q=1#top")
                == "GET /a/../b?q=1 HTTP/1.1\r\nHost: shop.example:8443\r\n"
                + "User-Agent: curl/8.0\r\nAccept: */*\r\n\r\n")
    }

    @Test func `data makes a POST, pieces are joined`() throws {
        let text = try text("curl -d 'a=1' --data-urlencode 'b=x y&' h/p")
        #expect(text.hasPrefix("POST /p HTTP/1.1\r\nHost: h\r\n"))
        #expect(text.contains("Content-Type: application/x-www-form-urlencoded\r\n"))
        #expect(text.hasSuffix("Content-Length: 14\r\n\r\na=1&b=x%20y%26"))
    }

    @Test func `fields replace, empty and remove what curl sends`() throws {
        let text = try text("curl -H 'Host: other' -H 'Accept:' -H 'X-Empty;' -A me h")
        #expect(text.contains("Host: other\r\n") && !text.contains("Host: h\r\n"))
        #expect(!text.contains("Accept"))
        #expect(text.contains("X-Empty: \r\n"))
        #expect(text.contains("User-Agent: me\r\n"))
    }

    @Test func `letters stand together, words are quoted as in a shell`() throws {
        let text = try text("curl -skXPUT \"h/\\\"a\" -d $'x\\n\\x41' --json \\\n'{}'")
        #expect(text.hasPrefix("PUT /\"a HTTP/1.1\r\n"))
        #expect(text.contains("Content-Type: application/json\r\n"))
        #expect(text.hasSuffix("x\nA{}"))
    }

    @Test func `-G asks with data, -u makes basic credentials`() throws {
        #expect(try text("curl -G -d a=1 'h/?b=2'").hasPrefix("GET /?b=2&a=1 HTTP/1.1\r\n"))
        #expect(try text("curl -u a:bc h").contains("Authorization: Basic YTpiYw==\r\n"))
    }

    @Test func `forms have parts`() throws {
        let text = try text("curl -F 'a=1' -F 'b=2' h")
        #expect(text.contains("Content-Type: multipart/form-data; boundary=-----"))
        #expect(text.contains("name=\"b\"\r\n\r\n2\r\n--"))
    }

    @Test(arguments: [
        ("curl 'h", "a quote has no end"),
        ("curl --frob h", "curl's option --frob is not known here"),
        ("curl -H", "--header lacks its value"), ("curl -s", "a URL is missing"),
        ("curl -d @file h", "\"@file\": files are not read; give the data itself"),
    ])
    func `what cannot be sent is said`(_ line: String, _ sentence: String) {
        #expect(fault(of: line) == sentence)
    }

    private func fault(of line: String) -> String? {
        do {
            _ = try CurlCommand(line).bytes()
            return nil
        } catch let fault as CurlCommand.Fault {
            return fault.sentence
        } catch {
            return nil
        }
    }
}
