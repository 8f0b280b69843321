import ArgumentParser
import PorticoBytes
import PorticoDemo
import PorticoLoop
import PorticoOrigins
import PorticoServer
import PorticoSettings

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the demo shop's nodes and the front door before them.",
        discussion: """
            A node of the shop is started at each address of [origins.shop] that is on this \
            machine, as a process of its own that may be killed to see what happens. Ctrl-C \
            stops everything.
            """)

    @Option(help: "The configuration file (default: ./config.toml if there is one, else built in).")
    var config: String?

    @Flag(help: "Print the built-in configuration, to be changed and given as --config.")
    var printConfig = false

    func run() {
        if printConfig {
            // As it is; `say` brings the last line's end.
            return Terminal.say(String(DemoConfiguration.text.dropLast()))
        }
        let file = config ?? "config.toml"
        let isBuiltIn = config == nil && !Files.exists(file)
        let signals = SignalMask()
        let plan: DemoPlan
        do {
            plan = try DemoPlan(file: file, isBuiltIn: isBuiltIn)
        } catch {
            for line in Problems.lines(of: error) { Terminal.complain(line) }
            Terminal.end(error is SettingsFaults ? .found : .couldNot)
        }
        let worker = Worker()
        worker.send { reactor in
            let supervisor = DemoSupervisor(plan, signals, on: reactor)
            reactor.resident = supervisor
            supervisor.start()
        }
        worker.run()
    }
}

/// One node as a process; what `portico demo` starts, and what brings a killed one back.
struct DemoNodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-node", abstract: "Run one node of the demo shop.", shouldDisplay: false)

    @Option(help: "In X-Node and in the footer of pages.")
    var name: String

    @Option(help: "An address and port.")
    var listen: String

    func validate() throws {
        guard let address = SocketAddress(listen), address.ip.isLoopback else {
            throw ValidationError("--listen \(listen): a loopback address with a port is wanted.")
        }
        let isPlain = name.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        if name.isEmpty || !isPlain {
            throw ValidationError("A name is made of visible ASCII.")
        }
    }

    func run() {
        guard let address = SocketAddress(listen) else { Terminal.end(.couldNot) }
        do throws(IOFault) {
            try DemoNode.run(DemoShop(node: name), at: address)
        } catch {
            Terminal.complain("\(name) at \(listen): \(error.sentence)")
            Terminal.end(.couldNot)
        }
    }
}

/// What a configuration means for the demo: which nodes to start, and where the doors are.
struct DemoPlan: Sendable {
    struct Node: Sendable {
        let name: String
        let address: SocketAddress
    }

    let file: String
    let isBuiltIn: Bool
    let nodes: [Node]
    let listeners: [ListenSettings]
    let admin: AdminSettings

    /// Throws what is wrong with the configuration, and which ports are taken.
    init(file: String, isBuiltIn: Bool) throws {
        self.file = file
        self.isBuiltIn = isBuiltIn
        let configuration = try ConfigurationLoader(
            file: file, environment: environment(),
            text: isBuiltIn ? DemoConfiguration.text : nil
        ).load()
        listeners = configuration.listeners
        admin = configuration.admin
        let pool = configuration.pools.first { $0.name == "shop" } ?? configuration.pools[0]
        var nodes: [Node] = []
        for (index, node) in pool.nodes.enumerated() {
            guard case .address(let ip) = node.host, ip.isLoopback, !node.tls else { continue }
            nodes.append(
                Node(name: "node-\(index + 1)", address: SocketAddress(ip, port: node.port)))
        }
        self.nodes = nodes
        if nodes.isEmpty {
            throw StartFault([
                "\(file): [origins.\(pool.name)] has no plain node on this machine to start"
            ])
        }
        try judgePorts(pool: pool.name)
    }

    private func judgePorts(pool: String) throws(StartFault) {
        var problems: [String] = []
        func judge(_ address: SocketAddress, _ place: String) {
            if ListeningSocket.isTaken(address) {
                problems.append("\(address) is taken by another program; it stands in \(place)")
            }
        }
        for node in nodes { judge(node.address, "[origins.\(pool)] nodes") }
        for listener in listeners { judge(listener.address, "[[listen]] address") }
        judge(admin.address, "[admin] address")
        if problems.isEmpty { return }
        problems.append(
            isBuiltIn
                ? "to use other ports: portico demo --print-config > demo.toml, change them there, "
                    + "and portico demo --config demo.toml"
                : "to use other ports, change them in \(file)")
        throw StartFault(problems)
    }
}
