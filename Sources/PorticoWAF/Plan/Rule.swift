package import PorticoSecLang

/// Rule severities in the order of syslog (RFC 5424 §6.2.1).
package enum Severity: UInt8, CaseIterable, Sendable {
    case emergency, alert, critical, error, warning, notice, info, debug

    package var name: StaticString {
        switch self {
        case .emergency: "EMERGENCY"
        case .alert: "ALERT"
        case .critical: "CRITICAL"
        case .error: "ERROR"
        case .warning: "WARNING"
        case .notice: "NOTICE"
        case .info: "INFO"
        case .debug: "DEBUG"
        }
    }

    /// A word or 0–7.
    init?(_ text: String) {
        if let number = UInt8(text) {
            self.init(rawValue: number)
            return
        }
        let upper = text.uppercased()
        guard let found = Self.allCases.first(where: { "\($0.name)" == upper }) else { return nil }
        self = found
    }
}

/// A rule as the engine runs it: its first link and what follows when all links match.
package struct Rule: Sendable {
    package let id: Int
    package let phase: Int
    package let place: SourcePlace
    var firstLink: Int32 = 0
    var disruption = Disruption.pass
    var status: UInt16 = 403
    /// Where in the phase's program to go on; -1: with the next rule.
    var skipTo: Int32 = -1
    var logs = true
    var audits = true
    var message = Macro(constant: [])
    var data = Macro(constant: [])
    package var tags: [[UInt8]] = []
    var tagMacros: [Macro] = []
    package var severity: Severity?
    package var version: [UInt8] = []
    package var revision: [UInt8] = []
    var messageText: [UInt8] = []
}

/// One SecRule or SecAction: the first of a rule, or one behind it in the chain.
struct Link: Sendable {
    enum Look: Sendable {
        /// SecAction.
        case nothing
        case slot(Int32)
        case slotCount(Int32)
        case group(Int32)
    }

    var look: Look
    var test: LinkTest
    var isNegated = false
    var captures = false
    var isMultiMatch = false
    /// For a look at a slot; a group has its own.
    var chain: Int32 = 0
    /// The bit of the prefilter that must be set for the test to hold; -1: none.
    var filter: Int32 = -1
    var actions: [Action] = []
    /// The next link of the chain, -1: none.
    var next: Int32 = -1
}
