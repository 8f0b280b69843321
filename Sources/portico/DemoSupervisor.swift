import PorticoBytes
import PorticoLoop
import PorticoServer

/// Starts the demo's processes, tells what there is to try, and ends them together.
///
/// They are one process group. Ctrl-C reaches all of them, and only the front door acts on it by
/// itself; the nodes go when it has finished its requests.
final class DemoSupervisor {
    private enum Phase {
        case running
        /// The status with which everything ends.
        case stopping(status: Int32)
    }

    /// How long the front door may take until it is ready; then the lines appear in any case.
    private static let patience = Duration.seconds(10)
    private static let interval = Duration.milliseconds(50)

    private let plan: DemoPlan
    private let reactor: Reactor
    private var phase = Phase.running
    private var signals: SignalSource?
    private var nodes: [(plan: DemoPlan.Node, process: ChildProcess)] = []
    private var daemon: ChildProcess?
    private let dead = Scope()

    init(_ plan: DemoPlan, _ mask: SignalMask, on reactor: Reactor) {
        self.plan = plan
        self.reactor = reactor
        signals = SignalSource(mask, on: reactor) { [unowned self] in hear($0) }
    }

    func start() {
        ChildProcess.adoptOrphans()
        do throws(IOFault) {
            for node in plan.nodes {
                let arguments = ["demo-node", "--name", node.name, "--listen", "\(node.address)"]
                nodes.append((node, try ChildProcess(arguments: arguments)))
            }
            daemon = try ChildProcess(
                arguments: ["serve", "--config", plan.file]
                    + (plan.isBuiltIn ? ["--demo-configuration"] : []))
        } catch {
            Terminal.complain("a process cannot be started: \(error.sentence)")
            return stop(status: Terminal.Status.couldNot.rawValue)
        }
        reactor.start {
            await self.untilReady()
            if case .running = self.phase { self.announce() }
        }
    }

    // MARK: - Signals and ends

    private func hear(_ signal: ProcessSignal) {
        switch signal {
        case .terminate, .interrupt, .hangUp: stop(status: 0)
        case .user1, .user2: daemon?.send(signal)
        case .child: look()
        }
    }

    /// The first call is a request to finish; each further one presses the front door.
    private func stop(status: Int32) {
        if case .running = phase { phase = .stopping(status: status) }
        dead.interrupt()
        daemon?.send(.terminate)
        look()
    }

    /// Looks who has ended, and goes on from there.
    private func look() {
        for (node, process) in nodes where process.ending == nil {
            guard let ending = process.look(), case .running = phase else { continue }
            let command =
                "\(CommandLine.arguments[0]) demo-node --name \(node.name) --listen \(node.address)"
            Terminal.complain(
                "\(node.name) at \(node.address) \(ending.words); the shop goes on without it. "
                    + "To bring it back: \(command) &")
        }
        if let daemon, daemon.ending == nil, let ending = daemon.look(), case .running = phase {
            // Another one has taken its place (USR2), and is ours now.
            let known = nodes.map(\.process) + [daemon]
            if let successor = ChildProcess.adopted(besides: known) {
                self.daemon = successor
                Terminal.say("The front door is process \(successor.identifier) now.")
                return
            }
            Terminal.complain("the front door \(ending.words)")
            phase = .stopping(status: ending.status)
            dead.interrupt()
        }
        guard case .stopping(let status) = phase else { return }
        guard daemon?.ending != nil || daemon == nil else { return }
        let left = nodes.map(\.process).filter { $0.look() == nil }
        if left.isEmpty { Process.exit(status) }
        for process in left { process.send(.terminate) }
    }

    // MARK: - Being ready

    private func untilReady() async {
        let end = reactor.now + Self.patience
        let pause = WaitPoint(reactor.timers)
        while reactor.now < end, !dead.isInterrupted {
            if await isReady() { return }
            _ = await pause.wait(by: reactor.now + Self.interval, in: dead)
        }
    }

    private func isReady() async -> Bool {
        let port = plan.admin.address.port
        // A port that only the daemon knows, or one behind TLS: its own lines have to do.
        if port == 0 || plan.admin.tls { return true }
        let address = plan.admin.address.reachable
        let conversation = AdminConversation(
            AdminURL(local: address), at: address, token: nil, on: reactor,
            by: reactor.now + .seconds(1))
        do throws(AdminClientFault) {
            return try await conversation.ask(AdminQuestion("/readyz")).status == 200
        } catch {
            return false
        }
    }

    private func announce() {
        var lines = ["", "The demo shop is open."]
        var tries: [String] = []
        for listener in plan.listeners where listener.address.port > 0 {
            let scheme = listener.tls ? "https" : "http"
            let url = "\(scheme)://\(listener.address.reachable)"
            lines.append(
                "    \(url)/" + (listener.tls ? "   (its certificate is self-signed)" : ""))
            if tries.count < 2 {
                tries.append(
                    listener.tls
                        ? "curl -sk \(url)/echo"
                        : "curl -si \(url)/ | grep -iE '^(x-node|cache-status)'")
            }
        }
        if plan.admin.address.port > 0 {
            let url = "\(plan.admin.tls ? "https" : "http")://\(plan.admin.address.reachable)"
            lines.append("    \(url)/   (admin: /healthz, /readyz, /metrics)")
            tries.append("curl -sk \(url)/metrics | grep origin_up")
        }
        lines += ["", "Its processes:"]
        if let daemon { lines.append("    portico   pid \(daemon.identifier)") }
        for (node, process) in nodes {
            lines.append("    \(node.name)    pid \(process.identifier)   \(node.address)")
        }
        lines += ["", "Try:"] + tries.map { "    " + $0 }
        if let last = nodes.last {
            lines.append(
                "    kill \(last.process.identifier)      # a node dies, and nobody should notice")
        }
        lines += ["", "Ctrl-C stops everything.", ""]
        Terminal.say(lines.joined(separator: "\n"))
    }
}

extension ChildProcess.Ending {
    fileprivate var words: String {
        switch self {
        case .exited(let status): "has ended with status \(status)"
        case .killed(let signal): "was killed by signal \(signal)"
        }
    }

    /// As shells say it.
    fileprivate var status: Int32 {
        switch self {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        }
    }
}

extension SocketAddress {
    /// Where a client on this machine finds who listens here.
    fileprivate var reachable: SocketAddress {
        guard ip.isUnspecified else { return self }
        return SocketAddress(
            ip.isV4 ? IPAddress(v4: 0x7F00_0001) : IPAddress(high: 0, low: 1), port: port)
    }
}
