import ArgumentParser
import PorticoBytes
import PorticoServer

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a request would hit the cache, miss it or pass it by.",
        discussion: """
            Asks a running daemon; nothing is fetched for it. Exit status: 2 when the daemon \
            cannot be asked.
            """)

    @Argument(help: "The URL as a client would ask for it.")
    var url: String

    @Option(
        name: [.customShort("H"), .customLong("header")],
        help: ArgumentHelp("A field of the request: \"Accept-Language: de\".", valueName: "field"))
    var header: [String] = []

    @Flag(help: "Report as one JSON object.")
    var json = false

    @OptionGroup var access: AdminAccess

    func run() {
        let fields = header.map { "&header=" + Self.escaped($0) }.joined()
        let reply = access.ask(AdminQuestion("/v1/explain?url=\(Self.escaped(url))\(fields)"))
        guard reply.status == 200, let told = ExplainView(reply) else {
            Terminal.complain(reply.trouble)
            Terminal.end(.couldNot)
        }
        if json { return Terminal.say(reply.line) }
        Terminal.say(told.lines(coloured: Terminal.hasColour).joined(separator: "\n"))
    }

    /// RFC 3986 §2.1, for a value in a query.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2D || byte == 0x2E
                || byte == 0x5F || byte == 0x7E
            {
                escaped.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return escaped
    }
}
