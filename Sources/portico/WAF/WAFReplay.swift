import ArgumentParser
import PorticoBytes
import PorticoLoop
import PorticoWAFTool

struct WAFReplay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Try rules on the requests of an access log.",
        discussion: """
            The log is Portico's own (JSON) or in the combined format; - is standard input. It \
            holds no bodies and no cookies, so that only rules over what it holds are tried. \
            Exit status: 1 when a request would be blocked.

                portico waf replay access.log --rules rules/main.conf
            """)

    @ArgumentParser.Argument(help: "The access log.")
    var log: String

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("SecLang files, in order.", valueName: "file"))
    var rules: [String]

    @OptionGroup var application: WAFApplication

    @Option(help: "The Host of lines that name none.")
    var host = "localhost"

    @Option(help: "For how many causes an exclusion is proposed.")
    var top = 5

    @Flag(help: "Report as one JSON object.")
    var json = false

    func validate() throws {
        if !(0...1000).contains(top) { throw ValidationError("--top is 0 to 1000.") }
    }

    func run() {
        let book = WAFApplication.book(rules)
        let file = log == "-" ? "/dev/stdin" : log
        let bytes: [UInt8]
        do throws(IOFault) {
            bytes = try Files.read(file, upTo: 4 << 30)
        } catch {
            Terminal.complain("\(log) cannot be read")
            Terminal.end(.couldNot)
        }
        let entries = AccessLog(bytes)
        if entries.entries.isEmpty {
            Terminal.complain("\(log): no line is one of an access log")
            Terminal.end(.couldNot)
        }
        let (settings, host, limit) = (application.settings, host, top)
        let replay = waiting {
            await Replay.run(
                entries, book, settings, host: host, limit: limit, workers: Process.cpus)
        }
        if json {
            var text = Buffer()
            replay.write(to: &text)
            Terminal.say(text)
        } else {
            Terminal.say(replay.lines(showing: top, .terminal).joined(separator: "\n"))
        }
        if replay.blocked > 0 { Terminal.end(.found) }
    }
}
