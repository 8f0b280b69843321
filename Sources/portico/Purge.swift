import ArgumentParser
import PorticoBytes
import PorticoHTTP
import PorticoServer

struct Purge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Purge from a running daemon's cache.",
        discussion: """
            Returns when it is done: no request that begins afterwards gets the old content as fresh. \
            Exit status: 2 when the daemon cannot be asked, or does not do it.
            """)

    @Option(help: ArgumentHelp("A surrogate key; several may be given.", valueName: "key"))
    var key: [String] = []

    @Option(help: ArgumentHelp("A URL, with or without scheme; several may be given."))
    var url: [String] = []

    @Option(help: ArgumentHelp("A regular expression over keys.", valueName: "pattern"))
    var tagsPattern: String?

    @Flag(help: "Everything.")
    var all = false

    @Flag(help: "Make it stale instead of removing it, and have it fetched anew.")
    var soft = false

    @Option(
        help: ArgumentHelp(
            "A site's service id or first host: only what is its own (default: every site).",
            valueName: "site"))
    var site: String?

    @Flag(help: "Report as one JSON object.")
    var json = false

    @OptionGroup var access: AdminAccess

    func validate() throws {
        let kinds = [!key.isEmpty, !url.isEmpty, tagsPattern != nil, all].count { $0 }
        if kinds != 1 {
            throw ValidationError("What? One of --key, --url, --tags-pattern and --all is wanted.")
        }
    }

    func run() {
        var question = AdminQuestion("/v1/purges")
        question.method = .post
        question.body = body
        let reply = access.ask(question)
        guard reply.status == 200, let record = JSONValue(reply.body.span) else {
            Terminal.complain(reply.trouble)
            Terminal.end(.couldNot)
        }
        if json { return Terminal.say(reply.line) }
        let time = record["duration_us"]?.integer ?? 0
        Terminal.say(
            "\(soft ? "softly purged" : "purged") \(what) of \(site ?? "every site") in "
                + "\(Self.milliseconds(time)) (id \(record["id"]?.text ?? "?"))")
    }

    private var what: String {
        if all { return "everything" }
        if let tagsPattern { return "the keys that match \(tagsPattern)" }
        let words = key.isEmpty ? url : key
        let kind = key.isEmpty ? "URL" : "key"
        return words.count == 1 ? "\(kind) \(words[0])" : "\(words.count) \(kind)s"
    }

    private var body: [UInt8] {
        var text = Buffer()
        text.append("{\"soft\":\(soft)")
        if !key.isEmpty {
            text.append(",\"keys\":")
            text.append(jsonArray: key)
        }
        if !url.isEmpty {
            text.append(",\"urls\":")
            text.append(jsonArray: url)
        }
        if let tagsPattern {
            text.append(",\"tags_pattern\":")
            text.append(json: Array(tagsPattern.utf8).span)
        }
        if all { text.append(",\"everything\":true") }
        if let site {
            text.append(",\"site\":")
            text.append(json: Array(site.utf8).span)
        }
        text.append("}")
        return text.bytes.array
    }

    /// "0.123 ms".
    private static func milliseconds(_ microseconds: Int) -> String {
        let rest = "\(1000 + microseconds % 1000)".dropFirst()
        return "\(microseconds / 1000).\(rest) ms"
    }
}

extension AdminAccess {
    /// The daemon's reply; ends the command where none is to be had.
    func ask(_ question: AdminQuestion) -> AdminReply {
        do throws(AdminClientFault) {
            return try client().ask(question, within: .seconds(60))
        } catch {
            Terminal.complain("\(admin): \(error.sentence)")
            Terminal.end(.couldNot)
        }
    }
}

extension AdminReply {
    /// What the daemon says of its refusal.
    var trouble: String {
        let said = detail ?? "the daemon answered \(status)"
        return status == 401 || status == 403
            ? said + " (`portico token new` makes a token; see --token-env)" : said
    }

    /// The body as one line.
    var line: String { String(body.span.text.prefix { $0 != "\n" }) }
}
