/// What a configuration says about one pool, `[origins.NAME]`, as far as choosing a node goes.
///
/// Plain values, already checked: whoever reads the settings keeps weights, bounds and spans above
/// zero where a comment here asks for it.
package struct PoolDescription: Equatable, Sendable {
    package var name: String
    package var nodes: [NodeDescription]
    package var balance = Balance.roundRobin
    /// Further attempts after the first one.
    package var retries = 2
    /// Requests that may be under way to one node at the same time; at least 1.
    package var connectionsPerNode = 512
    /// Idle connections kept to one node.
    package var keepalive = 64
    /// From the end of a request to the first byte of its answer.
    package var firstByteTimeout = Duration.seconds(15)
    package var health = HealthRules()
    package var ejection = EjectionRules()

    package init(name: String, nodes: [NodeDescription]) {
        self.name = name
        self.nodes = nodes
    }
}

/// One entry of `nodes`.
package struct NodeDescription: Equatable, Sendable {
    /// As configured, `127.0.0.1:9001`: what the log and the admin API call the node.
    package var address: String
    package var host: String
    package var port: UInt16
    /// At least 1.
    package var weight = 1
    /// Asked only when no other node is usable.
    package var backup = false
    package var tls = false
    /// The name to ask for and to verify; empty: the host.
    package var sni = ""
    /// A file of certificates to trust; empty: the system's.
    package var ca = ""

    package init(address: String, host: String, port: UInt16) {
        self.address = address
        self.host = host
        self.port = port
    }

    /// Whether both name the same peer, so that what is known about one holds for the other.
    /// Weight and rank may differ: they say how much to ask, not whom.
    func isSamePeer(as other: NodeDescription) -> Bool {
        address == other.address && host == other.host && port == other.port
            && tls == other.tls && sni == other.sni && ca == other.ca
    }
}

/// How a node is chosen; the raw values are those of `balance` in the configuration.
package enum Balance: String, CaseIterable, Sendable {
    case roundRobin = "round-robin"
    case leastRequests = "least-requests"
    case randomTwo = "random-two"
    case consistentHash = "consistent-hash"
    case ipHash = "ip-hash"
}

/// `[origins.NAME.health]`: how nodes are probed.
package struct HealthRules: Equatable, Sendable {
    /// What a probe asks for; empty: nodes are not probed.
    package var path = ""
    package var interval = Duration.seconds(2)
    package var timeout = Duration.seconds(1)
    /// Failed probes in a row that take a node down; at least 1.
    package var fall = 3
    /// Passed probes in a row that bring it up again; at least 1.
    package var rise = 2
    /// The statuses of a passed probe.
    package var expect = [200]

    package init() {}

    package var isActive: Bool { !path.isEmpty }
}

/// `[origins.NAME.ejection]`: when failing requests take a node out for a while.
package struct EjectionRules: Equatable, Sendable {
    /// Failed requests in a row that eject a node; 0: none is ever ejected.
    package var consecutiveFailures = 5
    /// How long the first ejection lasts; the n-th in a row lasts n times that, at most 10 times.
    package var duration = Duration.seconds(10)

    package init() {}
}
