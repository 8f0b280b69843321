import ArgumentParser
import PorticoBytes
import PorticoLoop
import PorticoServer
import PorticoTLS

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a running daemon is doing.",
        discussion: """
            Exit status: 1 when the daemon says that it is not ready, 2 when it cannot be asked.
            """)

    @OptionGroup var access: AdminAccess

    @Flag(help: "Look again every second, until Ctrl-C.")
    var watch = false

    @Flag(help: "Report as one JSON object a line.")
    var json = false

    func run() {
        let client = access.client()
        var hasShown = false
        while true {
            switch Self.look(through: client) {
            case .success(let view):
                show(view)
                if !watch { if view.isReady { return } else { Terminal.end(.found) } }
                hasShown = true
            case .failure(let trouble):
                // A daemon that was there may come back: restarts are what one watches.
                let line = "\(access.admin): \(trouble.sentence)"
                guard watch && hasShown && !trouble.isLasting else {
                    Terminal.complain(line)
                    Terminal.end(.couldNot)
                }
                if Terminal.isInteractive {
                    Terminal.say(Terminal.home + line)
                } else {
                    Terminal.complain(line)
                }
            }
            _ = Semaphore().wait(atMost: .seconds(1))
        }
    }

    private func show(_ view: StatusView) {
        if json { return Terminal.say(view.json) }
        let lines = view.lines(coloured: Terminal.hasColour).joined(separator: "\n")
        Terminal.say(watch && Terminal.isInteractive ? Terminal.home + lines : lines)
        if watch && !Terminal.isInteractive { Terminal.say("") }
    }

    /// Why there is nothing to show.
    private struct Trouble: Error {
        let sentence: String
        /// Whether asking again is of no use.
        let isLasting: Bool
    }

    private static func look(through client: AdminClient) -> Result<StatusView, Trouble> {
        do throws(AdminClientFault) {
            let readiness = try client.ask(AdminQuestion("/readyz"))
            let status = try client.ask(AdminQuestion("/v1/status"))
            if status.status == 200, let view = StatusView(readiness: readiness, status: status) {
                return .success(view)
            }
            let detail = status.detail ?? AdminClientFault.malformed.sentence
            let advice = status.status == 401 || status.status == 403 ? AdminAccess.advice : ""
            return .failure(Trouble(sentence: detail + advice, isLasting: true))
        } catch {
            return .failure(Trouble(sentence: error.sentence, isLasting: false))
        }
    }
}

/// Where the admin API is and what opens it: the same for every command that is its client.
struct AdminAccess: ParsableArguments {
    static let advice = " (`portico token new --scope read` makes one; see --token-env)"

    @Option(help: ArgumentHelp("The daemon's admin address.", valueName: "url"))
    var admin = "http://127.0.0.1:8081"

    @Option(
        help: ArgumentHelp("The environment variable that holds the token.", valueName: "name"))
    var tokenEnv = "PORTICO_TOKEN"

    @Option(
        help: ArgumentHelp(
            "For https: a PEM file of the authorities to trust, or of the daemon's own certificate.",
            valueName: "file"))
    var ca: String?

    @Flag(help: "For https on this machine: whatever certificate the daemon has.")
    var insecure = false

    func validate() throws {
        let url: AdminURL
        do throws(AdminURL.Fault) {
            url = try AdminURL(admin)
        } catch {
            throw ValidationError("--admin \(admin): \(error.sentence)")
        }
        if insecure, !url.address.ip.isLoopback {
            throw ValidationError(
                "--insecure would hand the token to whoever answers; only for loopback")
        }
    }

    func client() -> AdminClient {
        do throws(AdminURL.Fault) {
            let url = try AdminURL(admin)
            return AdminClient(
                url, token: environment()[tokenEnv],
                context: url.secureName == nil ? nil : context())
        } catch {
            Terminal.complain("--admin \(admin): \(error.sentence)")
            Terminal.end(.couldNot)
        }
    }

    private func context() -> ClientContext {
        let trust: ClientContext.Trust =
            insecure ? .anyone : ca.map { .file($0) } ?? .system
        do throws(CertificateFault) {
            return try ClientContext(trust: trust)
        } catch {
            Terminal.complain("--ca \(ca ?? ""): no certificate can be read there")
            Terminal.end(.couldNot)
        }
    }
}

extension AdminURL.Fault {
    var sentence: String {
        switch self {
        case .malformed:
            "a URL such as http://127.0.0.1:8081 or https://edge.example:8081 is wanted"
        case .unresolved: "the system does not know that name"
        case .notLoopback:
            "a token would cross the network in the clear; without TLS only loopback is asked"
        }
    }
}
