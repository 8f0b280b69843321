import PorticoHTTP
import Testing

@Suite("Status phrases")
struct StatusPhraseTests {
    @Test(arguments: [
        (200, "OK"), (404, "Not Found"), (413, "Content Too Large"),
        (431, "Request Header Fields Too Large"), (299, ""),
    ])
    func `registered statuses have a phrase`(_ status: UInt16, _ phrase: String) {
        #expect(StatusPhrase.of(status).description == phrase)
    }
}
