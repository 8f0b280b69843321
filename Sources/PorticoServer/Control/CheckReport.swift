internal import PorticoLoop
internal import PorticoTLS

/// What `portico check` finds: everything that a start would, without starting.
package struct CheckReport: Sendable {
    package private(set) var problems: [String] = []
    package private(set) var warnings: [String] = []
    /// Which rules are in force, and how: one line for each site.
    package private(set) var firewalls: [String] = []
    /// The file could not be read at all.
    package private(set) var isUnreadable = false

    package static func make(_ loader: ConfigurationLoader) -> CheckReport {
        var report = CheckReport()
        do {
            let configuration = try loader.load()
            report.warnings = configuration.advice.map {
                "\(loader.file):\($0.line): \($0.key): \($0.sentence)"
            }
            var builder = SnapshotBuilder(
                configuration, after: nil, tickets: TicketKeys(now: monotonicNow()),
                descriptorLimit: Process.raiseDescriptorLimit(),
                wallSeconds: wallNow() / 1_000_000)
            do throws(StartFault) {
                _ = try builder.build()
            } catch {
                report.problems += error.problems
            }
            report.warnings += builder.warnings
            report.firewalls = builder.firewallLines
        } catch {
            report.isUnreadable = error is StartFault
            report.problems += Problems.lines(of: error)
        }
        return report
    }
}
