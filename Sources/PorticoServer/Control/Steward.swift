internal import Logging
internal import PorticoBytes
internal import PorticoCache
internal import PorticoExchange
internal import PorticoImage
internal import PorticoLoop
internal import PorticoOrigins
internal import PorticoSecLang
internal import PorticoSettings
internal import PorticoTLS
internal import PorticoTelemetry
internal import PorticoWAF
internal import PorticoWAFTool

/// What the steward takes over when the control thread begins.
struct StewardStart: Sendable {
    let options: Server.Options
    let loader: ConfigurationLoader
    let shared: SharedState
    let team: [TeamMember]
    let signals: SignalMask
    let listeners: Listeners
    let adminListeners: Listeners
    let tickets: TicketKeys
    let descriptorLimit: Int
    let transformer: any ImageTransformer
    let logger: Logger
    /// Where the program is found that takes this one's place.
    let program: String
    let serviceManager: ServiceManager
}

/// Runs the house from the control thread: opens the doors, hears signals, reloads, watches the
/// nodes, and closes in good order.
final class Steward: ConnectionOwner {
    enum Phase {
        case opening, open, draining
    }

    let shared: SharedState
    let team: [TeamMember]
    let options: Server.Options
    let logger: Logger
    let startedAt: Int64
    var phase = Phase.opening
    let control: Worker
    let reactor: Reactor
    let start: StewardStart
    var listeners: Listeners
    private let prober: Prober
    private let names: NameKeeper
    private var signals: SignalSource?
    var adminListener: Listener?
    var adminConnections: [Int32: ClientConnection] = [:]
    let imageWorkers: ImageWorkers
    let imageCounters = ImageCounters()
    var drainedWorkers = 0
    private var lastStop: Instant?
    /// A process that is about to take this one's place.
    var succession: Succession?
    /// Whether it has.
    var hasSuccessor = false
    private(set) var admin: AdminHandler?
    private(set) var traffic = TrafficHistory()
    private var isReloading = false
    /// Of admin connections and probes; not in the totals of the shop's requests.
    let counters = WorkerCounters()
    var descriptorLimit: Int { start.descriptorLimit }

    init(_ start: StewardStart, on reactor: Reactor, as control: Worker) {
        self.start = start
        self.reactor = reactor
        self.control = control
        shared = start.shared
        team = start.team
        options = start.options
        logger = start.logger
        listeners = start.listeners
        startedAt = wallNow()
        let logger = start.logger
        let images = start.shared.snapshots.current.configuration.images
        imageWorkers = ImageWorkers(
            on: reactor, workers: images.workers, memory: images.memoryBytes,
            counters: imageCounters)
        prober = Prober(
            on: reactor, dialer: Dialer(on: reactor, book: shared.book, counters: counters)
        ) { pool, node, health in
            logger.notice("origin \(node.name) of \(pool.name) is \(health.rawValue)")
        }
        names = NameKeeper(
            shared.book, on: reactor, pool: BlockingPool(threads: 2, capacity: 64)
        ) { name, reason in
            logger.warning("origin name \(name) is not resolved: \(reason)")
        }
    }

    var snapshot: Snapshot { shared.snapshots.current }

    // MARK: - Opening

    func open() {
        signals = SignalSource(start.signals, on: reactor) { [unowned self] in hear($0) }
        follow(snapshot)
        for (settings, place) in zip(
            snapshot.configuration.listeners, snapshot.configuration.places)
        {
            let sockets = listeners.sockets[place] ?? []
            let traits = traits(of: settings, at: sockets.first?.address)
            forEachShare(of: place) { member, socket in
                member.send { $0.listen(on: socket, traits: traits) }
            }
            announce(traits)
        }
        openAdmin()
        phase = .open
        start.serviceManager.ready()
        reactor.every(.seconds(1)) { [unowned self] in
            sweep()
            return .seconds(1)
        }
        reactor.every(.seconds(10)) { [unowned self] in
            snapshot.policy.cache?.disk?.tend()
            return .seconds(10)
        }
        reactor.every(.milliseconds(250)) { [unowned self] in
            reactor.start { await self.refreshStale() }
            return .milliseconds(250)
        }
        reactor.every(.seconds(60)) { [unowned self] in
            start.tickets.rotate(at: reactor.now)
            return .seconds(60)
        }
    }

    /// Each socket of a place with the worker that accepts from it.
    private func forEachShare(
        of place: Listeners.Place, _ body: (TeamMember, ListeningSocket) -> Void
    ) {
        for (index, member) in team.enumerated() {
            for socket in listeners.share(of: place, for: index, of: team.count) {
                body(member, socket)
            }
        }
    }

    /// Remembers the second that has gone, and gives back the memory of what purges have taken, a little at a time.
    private func sweep() {
        let totals = totals
        traffic.note(TrafficHistory.Mark(totals), totals.requestDuration)
        _ = snapshot.policy.cache?.store.sweep(budget: 4096)
    }

    /// Has what soft purges made stale fetched anew. Each pool's share goes always to the same worker,
    /// so that one bound holds for all of it.
    private func refreshStale() async {
        let policy = snapshot.policy
        guard let cache = policy.cache, let stale = await shared.desk.takeStale(of: cache),
            !stale.isEmpty
        else { return }
        var shares = Array(repeating: [StoredResponse](), count: team.count)
        for response in stale {
            guard let pool = policy.pool(of: response),
                let place = policy.pools.firstIndex(where: { $0 === pool })
            else { continue }
            shares[place % team.count].append(response)
        }
        for (member, share) in zip(team, shares) where !share.isEmpty {
            member.send { $0.refresh(share) }
        }
    }

    private func follow(_ snapshot: Snapshot) {
        shared.book.follow(snapshot.policy.pools, at: reactor.now)
        names.look()
        prober.follow(snapshot)
    }

    private func traits(of settings: ListenSettings, at bound: SocketAddress?) -> ListenerTraits {
        ListenerTraits(
            address: bound ?? settings.address,
            tls: settings.tls ? (settings.http2 ? snapshot.tlsWithHTTP2 : snapshot.tls) : nil,
            expectsProxyHeader: settings.proxyProtocol, trustedProxies: settings.trustedProxies,
            allowsPriorKnowledge: settings.h2c)
    }

    /// One line for each listener, for people and for scripts that wait for it.
    private func announce(_ traits: ListenerTraits) {
        say("listening on \(traits.tls == nil ? "http" : "https")://\(traits.address)")
    }

    private func say(_ line: String) {
        try? AppendFile.standardError().write(Array("portico: \(line)\n".utf8).span)
    }

    private func openAdmin() {
        let settings = snapshot.configuration.admin
        let place = snapshot.configuration.adminPlace
        guard let socket = start.adminListeners.sockets[place]?.first else { return }
        admin = AdminHandler(self)
        adminListener = Listener(
            socket, on: reactor,
            onAccept: { [unowned self] descriptor, peer in
                let traits = ListenerTraits(
                    address: socket.address, tls: settings.tls ? snapshot.tls : nil,
                    expectsProxyHeader: false, trustedProxies: NetworkList())
                let stream = Stream(accepted: descriptor, on: reactor)
                if adminConnections.count >= Self.mostAdminConnections { return stream.abort() }
                let connection = ClientConnection(
                    stream, from: peer, through: traits, owner: self)
                adminConnections[descriptor] = connection
                connection.start()
            }, onExhausted: { _ in })
        say("admin on \(settings.tls ? "https" : "http")://\(socket.address)")
    }

    /// Enough for every operator and scraper; an attacker gets no more.
    private static let mostAdminConnections = 256

    // MARK: - Admin connections

    var limits: LimitsSettings { snapshot.limits }

    /// Nobody purges by method here.
    var purgers: NetworkList { NetworkList() }

    var handler: any RequestHandler {
        guard let admin else { preconditionFailure("the admin listener has a handler") }
        return admin
    }

    var isDraining: Bool { phase == .draining }

    var farewell: Duration? { hasSuccessor ? Self.farewellToIdle : nil }

    func ended(_ connection: ClientConnection) {
        adminConnections[connection.descriptor] = nil
        finishIfQuiet()
    }

    // MARK: - Signals

    /// How long the echo of a signal may take: shorter than anybody presses twice.
    private static let echo = Duration.milliseconds(100)

    private func hear(_ signal: ProcessSignal) {
        switch signal {
        case .terminate, .interrupt:
            // Ctrl-C goes to the whole process group; a supervisor in it (`portico demo`) then says
            // the same again. What follows at once is no second wish.
            if let lastStop, reactor.now.since(lastStop) < Self.echo { return }
            lastStop = reactor.now
            stop()
        case .hangUp:
            reactor.start { do { try await self.reload(by: "SIGHUP") } catch {} }
        case .user1:
            shared.log.open(snapshot.configuration.log.access)
            shared.inspection.reopen()
        case .user2: beginSuccession()
        case .child: break
        }
    }

    // MARK: - Reload

    /// Reads everything again: all of it comes into force, or nothing does.
    ///
    /// The rules are compiled on another thread: meanwhile the steward goes on with its work. One
    /// reload waits for the other.
    func reload(by whom: String) async throws {
        while isReloading {
            let point = WaitPoint(reactor.timers)
            _ = await point.wait(by: reactor.now + .milliseconds(20))
            point.retire()
        }
        isReloading = true
        defer { isReloading = false }
        do {
            // The doors are closed: a new one would open behind them.
            if phase == .draining { throw StartFault(["the daemon is stopping"]) }
            // It has read the configuration already.
            if succession != nil { throw StartFault(["another process is taking over"]) }
            let configuration = try start.loader.load()
            let rules = await loadRules(configuration.wafs)
            if phase == .draining { throw StartFault(["the daemon is stopping"]) }
            if succession != nil { throw StartFault(["another process is taking over"]) }
            var builder = SnapshotBuilder(
                configuration, after: snapshot, tickets: start.tickets, desk: shared.desk,
                inspection: shared.inspection, rules: rules,
                descriptorLimit: start.descriptorLimit, wallSeconds: wallNow() / 1_000_000,
                transformer: start.transformer)
            let next = try builder.build()
            var kept = listeners
            try kept.bind(configuration.places, workers: team.count)
            for warning in builder.warnings { logger.warning("\(warning)") }
            apply(next, kept)
            logger.notice("configuration reloaded by \(whom): \(next.digest.prefix(12))")
        } catch {
            for problem in Problems.lines(of: error) { logger.error("reload: \(problem)") }
            logger.error("reload by \(whom) failed; the running configuration stays")
            throw error
        }
    }

    private func loadRules(_ settings: [WAFSettings]) async -> LoadedRules {
        let files = RuleFiles.disk(or: options.rules)
        do throws(QueueFull) {
            return try await shared.inspection.pool.run(settings) {
                LoadedRules.load($0, files: files)
            }
        } catch {
            return LoadedRules.load(settings, files: files)
        }
    }

    private func apply(_ next: Snapshot, _ kept: Listeners) {
        let former = snapshot
        listeners = kept
        shared.snapshots.replace(next)
        follow(next)
        if next.configuration.server.workers != former.configuration.server.workers {
            logger.warning("server.workers changes at the next start")
        }
        if next.configuration.admin.address != former.configuration.admin.address {
            logger.warning("admin.address changes at the next start")
        }
        if next.configuration.log != former.configuration.log {
            shared.log.open(next.configuration.log.access)
        }
        let wanted = Set(next.configuration.places)
        let before = Set(former.configuration.places)
        for (settings, place) in zip(next.configuration.listeners, next.configuration.places) {
            let sockets = listeners.sockets[place] ?? []
            let traits = traits(of: settings, at: sockets.first?.address)
            let isNew = !before.contains(place)
            forEachShare(of: place) { member, socket in
                member.send { part in
                    if isNew {
                        part.listen(on: socket, traits: traits)
                    } else {
                        part.change(traits: traits, of: socket)
                    }
                }
            }
            if isNew { announce(traits) }
        }
        for place in before.subtracting(wanted) {
            forEachShare(of: place) { member, socket in
                member.send { part in
                    part.stopListening(on: socket)
                    socket.close()
                }
            }
            _ = listeners.remove(place)
        }
    }
}

/// Faults of all kinds as lines for people.
package enum Problems {
    package static func lines(of error: any Error) -> [String] {
        switch error {
        case let faults as SettingsFaults: faults.faults.map { "\($0)" }
        case let fault as StartFault: fault.problems
        default: ["\(error)"]
        }
    }
}
