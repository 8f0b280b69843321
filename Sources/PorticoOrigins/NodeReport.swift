/// A node as the admin API shows it.
package struct NodeReport: Equatable, Sendable {
    package let name: String
    package let weight: Int
    package let isBackup: Bool
    package let administrative: Administrative
    package let health: HealthMachine.Health
    /// How much longer; nil if it is not ejected.
    package let ejectedFor: Duration?
    package let inFlight: Int
    package let requests: Int
    package let failures: Int
    package let ejections: Int
    package let probesPassed: Int
    package let probesFailed: Int
    /// The latest changes, oldest first, at most `NodeEvent.kept`.
    package let history: [NodeEvent]

    /// The one word that an operator looks for.
    package var word: String {
        switch administrative {
        case .disabled: "disabled"
        case .draining: inFlight == 0 ? "drained" : "draining"
        case .enabled: health == .down ? "down" : ejectedFor != nil ? "ejected" : "up"
        }
    }

    package var lastChange: NodeEvent? { history.last }
}
