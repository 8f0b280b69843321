package import PorticoLoop
package import PorticoWAF

/// The rules of one `[waf.NAME]` in force, and what they remember of clients. Shared by all
/// workers; a reload makes another one.
package final class Firewall: Sendable {
    package let settings: WAFSettings
    package let rules: RuleSet
    /// What clients have collected (`initcol`); it goes on over a reload.
    package let persistent: PersistentStore
    /// Of rules and settings, never 0: what these have found nothing against once, they need not
    /// see again.
    package let digest: UInt64
    /// Where large bodies are inspected; nil: on the worker.
    let pool: BlockingPool?
    /// Nil: nothing is recorded.
    let log: AuditLog?

    package init(
        _ settings: WAFSettings, rules: RuleSet, digest: UInt64,
        persistent: PersistentStore = PersistentStore(), pool: BlockingPool? = nil,
        log: AuditLog? = nil
    ) {
        self.settings = settings
        self.rules = rules
        self.digest = max(digest, 1)
        self.persistent = persistent
        self.pool = pool
        self.log = log
    }
}
