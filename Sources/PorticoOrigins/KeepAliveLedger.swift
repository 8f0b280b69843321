public import PorticoBytes

/// A worker's idle connections to nodes, the latest on top.
///
/// The latest is taken first: it is the least likely to have been closed by the node, and those
/// that are not needed at all sink and expire. Keyed by the node's identity, so that connections
/// outlive a reload. It closes nothing: what it gives back, the caller closes.
@usableFromInline package struct KeepAliveLedger<Connection> {
    @usableFromInline struct Entry {
        @usableFromInline let ticket: KeepAliveTicket
        @usableFromInline let connection: Connection
        @usableFromInline let deadline: Instant

        @inlinable init(ticket: KeepAliveTicket, connection: Connection, deadline: Instant) {
            self.ticket = ticket
            self.connection = connection
            self.deadline = deadline
        }
    }

    /// Per node, oldest first.
    @usableFromInline var stacks: [NodeIdentity: [Entry]] = [:]
    @usableFromInline var lastNumber: UInt64 = 0
    /// Idle connections to all nodes.
    @usableFromInline package internal(set) var count = 0

    @inlinable package init() {}

    /// Keeps a connection that has nothing under way.
    ///
    /// - Parameter bound: this worker's share of `keepalive`.
    /// - Returns: the ticket under which it can be removed, nil if `bound` is zero; and what has to
    ///   be closed: the oldest if there are now too many, or the connection itself.
    @inlinable package mutating func put(
        _ connection: Connection, to node: NodeIdentity, until deadline: Instant, bound: Int
    ) -> (ticket: KeepAliveTicket?, displaced: Connection?) {
        if bound <= 0 { return (nil, connection) }
        lastNumber += 1
        let ticket = KeepAliveTicket(node: node, number: lastNumber)
        let entry = Entry(ticket: ticket, connection: connection, deadline: deadline)
        count += 1
        guard let place = stacks.index(forKey: node) else {
            stacks[node] = [entry]
            return (ticket, nil)
        }
        stacks.values[place].append(entry)
        if stacks.values[place].count <= bound { return (ticket, nil) }
        count -= 1
        return (ticket, stacks.values[place].removeFirst().connection)
    }

    /// The latest idle connection; those that have expired stay for `takeExpired`.
    @inlinable package mutating func take(_ node: NodeIdentity, at now: Instant) -> Connection? {
        guard let place = stacks.index(forKey: node), let top = stacks.values[place].last,
            now < top.deadline
        else { return nil }
        stacks.values[place].removeLast()
        count -= 1
        return top.connection
    }

    /// Takes out one that the node has closed; nil if it was taken meanwhile.
    @inlinable package mutating func remove(_ ticket: KeepAliveTicket) -> Connection? {
        guard let place = stacks[ticket.node]?.firstIndex(where: { $0.ticket == ticket }) else {
            return nil
        }
        count -= 1
        return stacks[ticket.node]?.remove(at: place).connection
    }

    @inlinable package func idle(to node: NodeIdentity) -> Int { stacks[node]?.count ?? 0 }

    /// When the next one expires.
    @inlinable package var nextDeadline: Instant? {
        var earliest: Instant?
        for stack in stacks.values {
            for entry in stack { earliest = min(earliest ?? .distantFuture, entry.deadline) }
        }
        return earliest
    }

    @inlinable package mutating func takeExpired(at now: Instant) -> [Connection] {
        take { entry in entry.deadline <= now }
    }

    /// Takes out all connections to a node, which is drained or down.
    @inlinable package mutating func drain(_ node: NodeIdentity) -> [Connection] {
        let taken = stacks.removeValue(forKey: node) ?? []
        count -= taken.count
        return taken.map(\.connection)
    }

    /// Takes out the connections to nodes that a reload has left out.
    @inlinable package mutating func drain(allBut nodes: Set<NodeIdentity>) -> [Connection] {
        take { entry in !nodes.contains(entry.ticket.node) }
    }

    @inlinable mutating func take(where isWanted: (Entry) -> Bool) -> [Connection] {
        var taken: [Connection] = []
        for node in stacks.keys {
            guard let stack = stacks[node], stack.contains(where: isWanted) else { continue }
            for entry in stack where isWanted(entry) { taken.append(entry.connection) }
            let kept = stack.filter { !isWanted($0) }
            stacks[node] = kept.isEmpty ? nil : kept
        }
        count -= taken.count
        return taken
    }
}

/// Names one stay of a connection in the ledger.
@usableFromInline package struct KeepAliveTicket: Equatable, Sendable {
    @usableFromInline package let node: NodeIdentity
    @usableFromInline let number: UInt64

    @inlinable init(node: NodeIdentity, number: UInt64) {
        self.node = node
        self.number = number
    }
}
