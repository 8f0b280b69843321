/// One worker's inspectors whose requests are over, for those that begin.
struct InspectorShelf {
    /// Of one firewall. Each holds some hundred KiB; more of them than a worker has requests
    /// between first byte and answer are of no use.
    private static let mostKept = 16

    private var kept: [ObjectIdentifier: [Inspector]] = [:]

    mutating func take(for firewall: Firewall) -> Inspector {
        kept[ObjectIdentifier(firewall)]?.popLast() ?? Inspector(firewall)
    }

    mutating func giveBack(_ inspector: Inspector) {
        let key = ObjectIdentifier(inspector.firewall)
        if kept[key, default: []].count < Self.mostKept {
            kept[key, default: []].append(inspector)
        }
    }

    /// Forgets those whose firewall is no longer in force.
    mutating func keep(_ firewalls: [Firewall]) {
        let keys = Set(firewalls.map { ObjectIdentifier($0) })
        kept = kept.filter { keys.contains($0.key) }
    }
}
