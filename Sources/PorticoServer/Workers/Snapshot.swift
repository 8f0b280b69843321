internal import PorticoExchange
internal import PorticoTLS

/// All that workers need to know of one configuration. Immutable; a reload publishes another.
final class Snapshot: Sendable {
    let configuration: Configuration
    let policy: Policy
    let limits: LimitsSettings
    /// By the pool's name.
    let dialRules: [String: DialRules]
    /// Connections in all that the process has descriptors for.
    let mostConnections: Int
    /// For listeners with TLS, by what ALPN offers; nil if there is none.
    let tls: ServerContext?
    let tlsWithHTTP2: ServerContext?
    /// Hex SHA-256 of the configuration file.
    let digest: String

    init(
        configuration: Configuration, policy: Policy, limits: LimitsSettings,
        dialRules: [String: DialRules], mostConnections: Int, tls: ServerContext?,
        tlsWithHTTP2: ServerContext?, digest: String
    ) {
        self.configuration = configuration
        self.policy = policy
        self.limits = limits
        self.dialRules = dialRules
        self.mostConnections = mostConnections
        self.tls = tls
        self.tlsWithHTTP2 = tlsWithHTTP2
        self.digest = digest
    }
}
