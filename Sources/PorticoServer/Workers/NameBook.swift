internal import PorticoBytes
internal import PorticoLoop
internal import PorticoOrigins
internal import Synchronization

/// The addresses of nodes: their own, or what their names stand for at present. Resolving is the
/// control thread's; workers only look up.
final class NameBook: Sendable {
    private let book = Mutex(AddressBook<IPAddress>())

    /// Where to connect to; nil while a name has no address.
    func address(of node: Node) -> SocketAddress? {
        if let literal = IPAddress(node.host) { return SocketAddress(literal, port: node.port) }
        return book.withLock { $0.next(of: node.host) }.map { SocketAddress($0, port: node.port) }
    }

    /// Follows a configuration: which names there are.
    func follow(_ pools: [Pool], at now: Instant) {
        var names: Set<String> = []
        for pool in pools {
            for node in pool.nodes where IPAddress(node.host) == nil { names.insert(node.host) }
        }
        book.withLock { book in
            book.keepOnly(names)
            for name in names { book.add(name, at: now) }
        }
    }

    var nextDue: Instant? { book.withLock { $0.nextDue } }

    func due(at now: Instant) -> [String] { book.withLock { $0.due(at: now) } }

    func learn(_ addresses: [IPAddress], of host: String, at now: Instant) -> Bool {
        book.withLock { $0.learn(addresses, of: host, ttl: nil, at: now) }
    }

    func failed(_ host: String, at now: Instant) { book.withLock { $0.failed(host, at: now) } }
}

/// Keeps the book up to date, on the control thread; the system's resolver blocks, so it is
/// asked on the pool.
final class NameKeeper {
    private let book: NameBook
    private let pool: BlockingPool
    private let reactor: Reactor
    private let onFailure: (String, String) -> Void
    private var underWay: Set<String> = []

    /// `onFailure` gets the name and the resolver's reason.
    init(
        _ book: NameBook, on reactor: Reactor, pool: BlockingPool,
        onFailure: @escaping (String, String) -> Void
    ) {
        self.book = book
        self.reactor = reactor
        self.pool = pool
        self.onFailure = onFailure
        reactor.every(.milliseconds(250)) { [weak self] in
            self?.look()
            return .milliseconds(250)
        }
    }

    /// Asks for all names that are due.
    func look() {
        for name in book.due(at: reactor.now) where underWay.insert(name).inserted {
            reactor.start { await self.ask(name) }
        }
    }

    private func ask(_ name: String) async {
        defer { underWay.remove(name) }
        let answer = try? await pool.run(name) { (name: sending String) in
            Result { () throws(ResolveFault) in try resolve(name, port: 0).map(\.ip) }
        }
        switch answer {
        case .success(let addresses) where !addresses.isEmpty:
            _ = book.learn(addresses, of: name, at: reactor.now)
        case .success, nil:
            book.failed(name, at: reactor.now)
        case .failure(let fault):
            book.failed(name, at: reactor.now)
            onFailure(name, fault.reason)
        }
    }
}
