internal import Logging
internal import PorticoBytes
internal import PorticoExchange
internal import PorticoLoop

/// Another process taking this one's place: started, waited for, and let in or ended.
///
///     started ──→ good ──→ purges rest, the disk is free ──→ ready ──→ this process drains
///        └──────────┴───────────────────┴── failed, late ──→ all as before
///
/// Until it is ready it accepts nothing, so that at no time two processes hear of purges.
final class Succession {
    /// From its start until it is ready.
    private static let patience = Duration.seconds(60)
    /// For a process that has said its last word to end.
    private static let lastPatience = Duration.seconds(2)

    enum Failure: Error {
        case start(IOFault)
        case late
        case ended(ChildProcess.Ending?)
        case nonsense(String)
        /// This process was told to stop.
        case abandoned

        /// For the log.
        var sentence: String {
            switch self {
            case .start(let fault): "the program cannot be started: \(fault.sentence)"
            case .late: "the new process was not ready within \(Succession.patience)"
            case .ended(.exited(let status)): "the new process ended with status \(status)"
            case .ended(.killed(let signal)): "the new process was killed by signal \(signal)"
            case .ended(nil): "the new process closed its connection"
            case .nonsense(let said): "the new process said \"\(said.prefix(80))\""
            case .abandoned: "the daemon is stopping"
            }
        }
    }

    let process: ChildProcess
    private let stream: Stream
    private let reactor: Reactor
    private let scope = Scope()
    private let deadline: Instant

    /// Starts the program that stands at `program` now, with the arguments of this process.
    init(
        _ program: String, environment: [String: String], admin: Listeners, data: Listeners,
        on reactor: Reactor
    ) throws(Failure) {
        var connection: Stream?
        do throws(IOFault) {
            process = try ChildProcess(
                successor: program, arguments: CommandLine.arguments,
                keeping: admin.descriptors + data.descriptors,
                environment: { control in
                    let paper = Bequest(control: control, admin: admin, data: data)
                    var all = environment
                    all[Bequest.variable] = paper.text
                    return all.map { "\($0)=\($1)" }
                }, on: reactor, connection: &connection)
        } catch {
            throw .start(error)
        }
        guard let connection else { throw .start(.interrupted) }
        stream = connection
        self.reactor = reactor
        deadline = reactor.now + Self.patience
    }

    /// The next thing that it says.
    func hear() async throws(Failure) -> String {
        var message = Buffer()
        do throws(IOFault) {
            while true {
                guard let count = try stream.readNow(into: &message, upTo: Predecessor.longest)
                else {
                    try await stream.readable(by: deadline, in: scope)
                    continue
                }
                if count == 0 { throw IOFault.system(0) }
                return message.bytes.text
            }
        } catch {
            if scope.isInterrupted { throw .abandoned }
            if error == .late { throw .late }
            throw .ended(await ending())
        }
    }

    func say(_ words: String) {
        var message = Buffer()
        for byte in words.utf8 { message.append(byte) }
        _ = try? stream.writeNow(&message)
    }

    /// How it ended; nil if it runs on without a connection.
    private func ending() async -> ChildProcess.Ending? {
        let end = reactor.now + Self.lastPatience
        let pause = WaitPoint(reactor.timers)
        while process.look() == nil, reactor.now < end {
            _ = await pause.wait(by: reactor.now + .milliseconds(5))
        }
        pause.retire()
        return process.ending
    }

    /// Has `hear` throw.
    func abandon() { scope.interrupt() }

    /// Ends it, and returns when it has ended: what it had is free.
    func kill() async {
        process.kill()
        _ = await ending()
        stream.close()
    }

    func close() { stream.close() }
}
