/// The nodes of one `[origins.NAME]`, as one configuration describes them; shared by all threads.
///
/// How many attempts and probes it takes to lose a node, and how it comes back, is `Node`'s; whom
/// to ask is `Balancer`'s, of which each worker has one.
package final class Pool: Sendable {
    package let description: PoolDescription
    package let nodes: [Node]
    private let ward: EjectionWard

    /// - Parameter inheriting: the pool of this name in the configuration before. What it knows
    ///   about peers that are still there is taken over and from then on shared, since requests
    ///   that began under it go on.
    package init(_ description: PoolDescription, inheriting old: Pool? = nil) {
        // A peer may be listed twice; then each entry finds a state of its own.
        var inherited = old?.nodes ?? []
        let states = description.nodes.map { described in
            let place = inherited.firstIndex { $0.description.isSamePeer(as: described) }
            return place.map { inherited.remove(at: $0).state } ?? NodeState()
        }
        let ward = EjectionWard(over: states, under: description, inheriting: old?.ward)
        self.description = description
        self.ward = ward
        nodes = zip(description.nodes, states).enumerated().map { index, entry in
            Node(index: index, description: entry.0, state: entry.1, ward: ward)
        }
        if old != nil {
            ward.keepWithinLimit()
            if !description.health.isActive {
                for node in nodes { node.forgetProbes() }
            }
        }
    }

    package var name: String { description.name }

    /// The node that an operator named.
    package func node(named name: String) -> Node? {
        nodes.first { $0.name == name }
    }
}
