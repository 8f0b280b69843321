import ArgumentParser
import PorticoBytes
import PorticoLoop
import PorticoSecLang
import PorticoWAF
import PorticoWAFTool
import Synchronization

struct WAF: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waf", abstract: "Test, explain and measure WAF rules, without a server.",
        discussion: """
            RULES are SecLang files; wildcards and Include work, and order matters. \
            docs/WAF.md shows each command at work.
            """,
        subcommands: [
            WAFTest.self, WAFExplain.self, WAFLint.self, WAFBench.self, WAFDiff.self,
            WAFReplay.self,
        ])
}

/// The rules that a command is about, and how they are applied.
struct WAFRules: ParsableArguments {
    @ArgumentParser.Argument(help: "SecLang files, in order.")
    var rules: [String]

    @OptionGroup var application: WAFApplication

    func book() -> RuleBook { WAFApplication.book(rules) }
}

struct WAFApplication: ParsableArguments {
    @Option(help: "As in config.toml: block, detect or off; the rules decide within that.")
    var mode = "block"

    func validate() throws {
        if WAFSettings.Mode(rawValue: mode) == nil {
            throw ValidationError("--mode is block, detect or off.")
        }
    }

    /// How much of bodies is looked at, the rules themselves say.
    var settings: WAFSettings {
        var settings = WAFSettings(name: "rehearsal")
        settings.mode = WAFSettings.Mode(rawValue: mode) ?? .block
        settings.requestBodyBytes = 64 << 20
        settings.responseBodyBytes = 64 << 20
        return settings
    }

    /// Ends with what is wrong, if rules cannot be used.
    static func book(_ rules: [String]) -> RuleBook {
        do throws(RuleSetFault) {
            return try RuleBook(rules)
        } catch {
            for fault in error.faults { Terminal.complain(fault.sentence) }
            let isUnreadable = error.faults.contains { fault in
                switch fault.kind {
                case .unreadable, .nothingIncluded: true
                default: false
                }
            }
            Terminal.end(isUnreadable ? .couldNot : .found)
        }
    }
}

/// Requests, given in any of the ways that a command takes.
struct WAFRequests: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files of raw HTTP requests, or go-ftw tests (.yaml); - is standard input.",
            valueName: "file"))
    var request: [String] = []

    @Flag(help: "Each file is one request, byte by byte.")
    var exact = false

    @Option(help: ArgumentHelp("A curl command line, quoted as one word.", valueName: "command"))
    var curl: [String] = []

    @Option(help: "A URL, or a path with query.")
    var url: String?

    @Option(help: "With --url: the method.")
    var method: String?

    @Option(help: ArgumentHelp("With --url: a field, \"Name: value\".", valueName: "field"))
    var header: [String] = []

    @Option(help: "With --url: a piece of the body; several are joined with &.")
    var data: [String] = []

    func validate() throws {
        if url == nil, method != nil || !header.isEmpty || !data.isEmpty {
            throw ValidationError("--method, --header and --data go with --url.")
        }
    }

    var isEmpty: Bool { request.isEmpty && curl.isEmpty && url == nil }

    /// Ends the command where they cannot be read.
    func read() -> [SampleRequest] {
        var requests: [SampleRequest] = []
        for file in request { requests += Self.read(file: file, exact: exact) }
        do throws(CurlCommand.Fault) {
            for line in curl {
                requests.append(
                    SampleRequest(name: line, bytes: try CurlCommand(line).bytes()))
            }
            if let url {
                var command = CurlCommand()
                command.url = url
                command.method = method
                command.data = data
                for field in header { command.add(header: field) }
                requests.append(SampleRequest(name: url, bytes: try command.bytes()))
            }
        } catch {
            Terminal.complain(error.sentence)
            Terminal.end(.wrongUsage)
        }
        return requests
    }

    static func read(file: String, exact: Bool) -> [SampleRequest] {
        do throws(RequestSource.Fault) {
            if file != "-", !exact { return try RequestSource.read(file) }
            guard let bytes = RuleFiles.disk.contents(file == "-" ? "/dev/stdin" : file) else {
                throw RequestSource.Fault(sentence: "cannot read \"\(file)\"")
            }
            let name = file == "-" ? "stdin" : file
            if exact { return [SampleRequest(name: name, bytes: bytes)] }
            return try RequestSource.read(bytes, file: name)
        } catch {
            Terminal.complain(error.sentence)
            Terminal.end(.couldNot)
        }
    }
}

extension Style {
    static var terminal: Style { Style(isColoured: Terminal.hasColour) }
}

extension Terminal {
    /// What a buffer holds, its last line's end left out: `say` brings it.
    static func say(_ text: borrowing Buffer) {
        var bytes = text.bytes.array
        if bytes.last == 0x0A { bytes.removeLast() }
        say(bytes.span.text)
    }
}

/// Waits on the command's own thread for work that runs on all cores: the daemon's commands are
/// synchronous, and so is `main`.
func waiting<Value: Sendable>(
    for work: @escaping @Sendable () async -> Value
) -> Value {
    let found = Answer<Value>()
    Task { @concurrent in
        let value = await work()
        found.put(value)
    }
    return found.wait()
}

private final class Answer<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isThere = Semaphore()

    func put(_ new: Value) {
        value.withLock { $0 = new }
        isThere.signal()
    }

    func wait() -> Value {
        while true {
            if let value = value.withLock({ $0 }) { return value }
            _ = isThere.wait(atMost: .seconds(1))
        }
    }
}
