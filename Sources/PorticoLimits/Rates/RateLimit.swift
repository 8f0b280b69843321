package import PorticoBytes
internal import Synchronization

/// One `[[rate_limit]]`, ready for use. What it has counted outlives a reload.
package final class RateLimit: Sendable {
    package let settings: RateLimitSettings
    package let cadence: Cadence
    package let table: RateTable
    package let counts: RateCounts
    /// A member of `RateLimit-Policy`: `"per-client";q=200;w=2`.
    package let policy: [UInt8]
    /// The name as a Structured Fields string.
    private let label: [UInt8]

    /// How long a request waits at most where the action is `delay`: shorter than people and most
    /// clients give up.
    package static let patience = Duration.seconds(5)

    package init(_ settings: RateLimitSettings, table: RateTable, counts: RateCounts) {
        self.settings = settings
        self.table = table
        self.counts = counts
        cadence = Cadence(
            settings.rate, burst: settings.burst,
            patience: settings.action == .delay ? Self.patience : .zero)
        let label = Self.string(settings.name)
        self.label = label
        var policy = Buffer()
        policy.append(label.span)
        policy.append(";q=")
        policy.append(decimal: UInt64(settings.burst))
        policy.append(";w=")
        policy.append(decimal: Self.seconds(cadence.burst))
        self.policy = policy.bytes.array
    }

    /// The same under a new configuration. What keys have used holds on if they mean the same;
    /// rate, burst and action may have changed.
    package convenience init(
        _ settings: RateLimitSettings, seed: (UInt64, UInt64), after former: RateLimit?
    ) {
        let isSame = former?.settings.key == settings.key
        self.init(
            settings, table: (isSame ? former?.table : nil) ?? RateTable(seed: seed),
            counts: former?.counts ?? RateCounts())
    }

    package var name: String { settings.name }
    package var action: RateLimitSettings.Action { settings.action }

    /// The value of `RateLimit` for one who was refused: nothing is left for so many seconds
    /// (draft-ietf-httpapi-ratelimit-headers-10 §4).
    package func writeRefusal(wait: UInt64, into value: inout Buffer) {
        let label = label
        value.append(label.span)
        value.append(";r=0;t=")
        value.append(decimal: Self.seconds(wait))
    }

    /// Whole seconds, rounded up: who waits that long does not come too early. At least one.
    package static func seconds(_ nanoseconds: UInt64) -> UInt64 {
        max(1, nanoseconds / 1_000_000_000 + (nanoseconds % 1_000_000_000 > 0 ? 1 : 0))
    }

    /// RFC 9651 §3.3.3: printable ASCII, quote and backslash escaped. What cannot be written
    /// becomes an underscore.
    private static func string(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [0x22]
        for byte in text.utf8 {
            if byte == 0x22 || byte == 0x5C { bytes.append(0x5C) }
            bytes.append((0x20...0x7E).contains(byte) ? byte : 0x5F)
        }
        return bytes + [0x22]
    }
}

/// How many requests a limit has held against somebody. Written by all workers: only requests that
/// go beyond a limit count.
package final class RateCounts: Sendable {
    private let rejectedCount = Atomic(0)
    private let delayedCount = Atomic(0)
    private let loggedCount = Atomic(0)

    package init() {}

    package var rejected: Int { rejectedCount.load(ordering: .relaxed) }
    package var delayed: Int { delayedCount.load(ordering: .relaxed) }
    package var logged: Int { loggedCount.load(ordering: .relaxed) }

    package func countRejected() { rejectedCount.wrappingAdd(1, ordering: .relaxed) }
    package func countDelayed() { delayedCount.wrappingAdd(1, ordering: .relaxed) }
    package func countLogged() { loggedCount.wrappingAdd(1, ordering: .relaxed) }
}
