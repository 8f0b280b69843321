internal import Logging
internal import PorticoBytes
internal import PorticoImage
internal import PorticoLimits
internal import PorticoLoop
internal import PorticoTLS
internal import PorticoTelemetry
internal import PorticoWAFTool
internal import Synchronization

/// The daemon, from the configuration's first reading to the last connection's end.
///
/// The first thread runs the control worker: signals, reload, probes, names, the admin API. Each
/// of the others runs one worker that serves clients.
package enum Server {
    package struct Options: Sendable {
        /// As the operator named it.
        package var file: String
        package var environment: [String: String]
        package var version: String
        /// Read instead of a file, which `file` then only seems to name.
        package var text: String?
        /// Rule files that are built in, by path; those on the disk come first.
        package var rules: [String: [UInt8]]

        package init(
            file: String, environment: [String: String], version: String, text: String? = nil,
            rules: [String: [UInt8]] = [:]
        ) {
            self.rules = rules
            self.file = file
            self.environment = environment
            self.version = version
            self.text = text
        }
    }

    /// Serves until it is told to stop. Throws what kept it from starting; a configuration's
    /// faults come as `SettingsFaults`.
    package static func run(_ options: Options) throws {
        let signals = SignalMask()
        // Before anything can change what is found there.
        let program = Process.location(
            of: CommandLine.arguments.first ?? "", in: options.environment["PATH"] ?? "")
        let heir = try Heir(options.environment)
        let loader = ConfigurationLoader(
            file: options.file, environment: options.environment, text: options.text)
        let configuration = try loader.load()
        let descriptorLimit = Process.raiseDescriptorLimit()
        let tickets = TicketKeys(now: monotonicNow())
        let logger = OperationalLog.make(level: configuration.log.level)
        let desk = PurgeDesk(logger)
        let inspection = InspectionDesk { logger.error("\($0)") }
        let control = Worker()
        let transformer = ImageWorkersDoor(control, memory: configuration.images.memoryBytes) {
            ($0.resident as? Steward)?.imageWorkers
        }
        var builder = SnapshotBuilder(
            configuration, after: nil, tickets: tickets, desk: desk, inspection: inspection,
            rules: LoadedRules.load(configuration.wafs, files: .disk(or: options.rules)),
            descriptorLimit: descriptorLimit, wallSeconds: wallNow() / 1_000_000,
            transformer: transformer)
        let snapshot = try builder.build()

        let asked = configuration.server.workers
        let workers = asked == 0 ? Process.cpus : asked
        var listeners = Listeners()
        var adminListeners = Listeners()
        try heir?.adopt(
            configuration.places, into: &listeners, configuration.adminPlace, into: &adminListeners)
        try listeners.bind(configuration.places, workers: workers)
        try adminListeners.bind([configuration.adminPlace], workers: 1)
        try dropPrivileges(configuration.server.user)

        for warning in builder.warnings { logger.warning("\(warning)") }
        for line in builder.firewallLines { logger.notice("\(line)") }
        inspection.open()
        heir?.take()
        DiskKeeper.open(snapshot, logger)
        let log = LogWriter { logger.error("\($0)") }
        log.open(configuration.log.access)
        log.start()
        let seed = Process.random(16)
        let shared = SharedState(
            snapshots: Published(snapshot),
            connections: ConnectionLedger(seed: (seed.word(at: 0), seed.word(at: 8))),
            book: NameBook(), log: log, desk: desk, inspection: inspection)
        let team = (0..<workers).map { _ in
            TeamMember(worker: Worker(), counters: WorkerCounters())
        }
        let start = StewardStart(
            options: options, loader: loader, shared: shared, team: team, signals: signals,
            listeners: listeners, adminListeners: adminListeners, tickets: tickets,
            descriptorLimit: descriptorLimit, transformer: transformer, logger: logger,
            program: program, serviceManager: ServiceManager(options.environment))
        for member in team {
            member.worker.send { reactor in
                reactor.resident = ServerWorker(
                    on: reactor, shared: shared, counters: member.counters)
            }
            startThread { member.worker.run() }
        }
        // From here on this process is the daemon.
        heir?.enter(with: [listeners, adminListeners])
        control.send { reactor in
            let steward = Steward(start, on: reactor, as: control)
            reactor.resident = steward
            steward.open()
        }
        control.run()
        inspection.stop()
        log.stop()
    }

    private static func dropPrivileges(_ user: String) throws(StartFault) {
        if user.isEmpty || !Process.isRoot { return }
        do throws(IOFault) {
            try Process.drop(to: user)
        } catch {
            let reason = error == Process.noSuchUser ? "there is no such user" : error.sentence
            throw StartFault(["server.user = \"\(user)\": \(reason)"])
        }
    }
}

/// Reads the configuration file, the first time and at each reload.
package struct ConfigurationLoader: Sendable {
    package let file: String
    package let environment: [String: String]
    private let embedded: String?

    /// `text`: what to read instead of the file.
    package init(file: String, environment: [String: String], text: String? = nil) {
        self.file = file
        self.environment = environment
        embedded = text
    }

    package func load() throws -> Configuration {
        if let embedded {
            return try Configuration.load(text: embedded, file: file, environment: environment)
        }
        let text: [UInt8]
        do throws(IOFault) {
            text = try Files.read(file, upTo: 16 << 20)
        } catch {
            throw StartFault(["\(file): \(error.sentence)"])
        }
        return try Configuration.load(
            text: String(decoding: text, as: UTF8.self), file: file, environment: environment)
    }
}

/// One worker, as the control thread knows it.
struct TeamMember: Sendable {
    let worker: Worker
    let counters: WorkerCounters

    /// Has its part of the daemon do something, in its own time.
    func send(_ body: @escaping @Sendable (ServerWorker) -> Void) {
        worker.send { reactor in
            if let part = reactor.resident as? ServerWorker { body(part) }
        }
    }
}

/// The operational log: what an operator should know, on standard error.
enum OperationalLog {
    static func make(level: LogSettings.Level) -> Logger {
        var logger = Logger(label: "portico") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: level.rawValue) ?? .info
        return logger
    }
}
