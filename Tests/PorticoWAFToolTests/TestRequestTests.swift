import PorticoBytes
import Testing

@testable import PorticoWAFTool

@Suite("Requests of go-ftw tests")
struct TestRequestTests {
    private func text(_ yaml: String) throws -> String {
        let cases = try TestFile.read(yaml, file: "1.yaml")
        let input = try #require(cases.first?.stages.first?.input)
        let bytes = try #require(TestRequest.bytes(of: input))
        return bytes.span.text
    }

    @Test func `missing fields are completed and forms encoded`() throws {
        let text = try text(
            """
            rule_id: 1
            tests:
              - test_id: 2
                stages:
                  - input: {method: POST, uri: /a, headers: {Host: h}, data: "a=b c&d=<"}
            """)
        #expect(
            text == "POST /a HTTP/1.1\r\nHost: h\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
                + "Content-Length: 11\r\n\r\na=b+c&d=%3C")
    }

    @Test func `nothing is completed where a test says so`() throws {
        let text = try text(
            """
            tests:
              - stages:
                  - stage:
                      input: {autocomplete_headers: false, uri: "{{ \\"ab\\" | repeat 2 }}"}
            """)
        #expect(text == "GET {{ \"ab\" | repeat 2 }} HTTP/1.1\r\n\r\n")
    }

    @Test func `a whole request comes in base64`() throws {
        #expect(try text("tests: [{stages: [{input: {encoded_request: R0VUIC8=}}]}]") == "GET /")
    }

    @Test func `templates take payloads`() throws {
        let text = try text(
            """
            template: {method: POST, headers: [{name: X, value: "{{ .Payload }}"}]}
            tests: [{payload: p1, output: {status: 403}}]
            """)
        #expect(text.contains("X: p1\r\n"))
    }

    @Test func `overrides replace what is expected`() throws {
        var cases = try TestFile.read(
            "rule_id: 9\ntests: [{test_id: 1, stages: [{output: {status: 200}}]}]", file: "9.yaml")
        let count = try TestFile.override(
            &cases, with: "test_overrides: [{rule_id: 9, test_ids: [1], output: {status: [400]}}]",
            file: "o.yaml")
        #expect(count == 1)
        #expect(cases[0].stages[0].output.statuses == [400])
    }
}
