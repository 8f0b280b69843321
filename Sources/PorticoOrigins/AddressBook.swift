package import PorticoBytes

/// The addresses of nodes that are configured by name.
///
/// A value: the control thread resolves, learns, and hands copies out. Addresses that were once
/// good outlive failed resolutions, since a name server that is gone says nothing about the node.
package struct AddressBook<Address: Hashable & Sendable>: Sendable {
    private var resolutions: [String: Resolution<Address>] = [:]

    package init() {}

    /// Has a name resolved from now on; one that is known already keeps its addresses.
    package mutating func add(_ host: String, at now: Instant) {
        if resolutions[host] == nil { resolutions[host] = Resolution(due: now) }
    }

    /// Forgets the names that a reload has left out.
    package mutating func keepOnly(_ hosts: Set<String>) {
        resolutions = resolutions.filter { hosts.contains($0.key) }
    }

    /// The names to resolve now, in the order of the alphabet. Each is named until an answer is
    /// learned or its failure is: the caller remembers which are under way.
    package func due(at now: Instant) -> [String] {
        resolutions.filter { $0.value.due <= now }.map(\.key).sorted()
    }

    package var nextDue: Instant? {
        resolutions.values.map(\.due).min()
    }

    /// Takes an answer; returns whether the set of addresses has changed. An empty one counts as
    /// failed.
    package mutating func learn(
        _ addresses: [Address], of host: String, ttl: Duration?, at now: Instant
    ) -> Bool {
        resolutions[host]?.learn(addresses, ttl: ttl, at: now) ?? false
    }

    package mutating func failed(_ host: String, at now: Instant) {
        resolutions[host]?.failed(at: now)
    }

    package subscript(host: String) -> Resolution<Address>? { resolutions[host] }

    /// The address whose turn it is; nil if none was ever learned.
    package mutating func next(of host: String) -> Address? {
        resolutions[host]?.next()
    }
}

/// What a name stands for at present.
package struct Resolution<Address: Hashable & Sendable>: Sendable {
    package private(set) var addresses: [Address] = []
    /// When to ask again.
    package private(set) var due: Instant
    package private(set) var failuresInRow = 0
    private var turn = 0

    package init(due: Instant) { self.due = due }

    /// - Parameter ttl: nil where the resolver tells none, as `getaddrinfo` does.
    package mutating func learn(_ addresses: [Address], ttl: Duration?, at now: Instant) -> Bool {
        if addresses.isEmpty {
            failed(at: now)
            return false
        }
        failuresInRow = 0
        // From one second, so that a TTL of zero is not a storm of questions, to an hour, so that
        // a mistake in a zone is not believed for a week. Thirty seconds is what is usual.
        due = now + min(max(ttl ?? .seconds(30), .seconds(1)), .seconds(3600))
        // Name servers shuffle: another order is no news, and must not disturb the turns.
        if Set(addresses) == Set(self.addresses) { return false }
        self.addresses = addresses
        turn = 0
        return true
    }

    /// Keeps what was known and asks again, after one second, two, four, at most 30.
    package mutating func failed(at now: Instant) {
        due = now + min(.seconds(1 << min(failuresInRow, 5)), .seconds(30))
        failuresInRow += 1
    }

    /// The address whose turn it is. After a refused connection the next call gives another one.
    package mutating func next() -> Address? {
        if addresses.isEmpty { return nil }
        let address = addresses[turn]
        turn = (turn + 1) % addresses.count
        return address
    }
}
