internal import PorticoBytes
internal import PorticoLoop
internal import PorticoSecLang
internal import PorticoTLS
internal import PorticoWAF
internal import PorticoWAFTool

/// The rules of a configuration, compiled. That takes long (the OWASP rules some hundred
/// milliseconds) and needs nothing of the daemon: a reload has it done on a thread of its own.
struct LoadedRules: Sendable {
    struct Entry: Sendable {
        let settings: WAFSettings
        /// Nil where they have a fault.
        var rules: RuleSet?
        var digest: UInt64 = 0
        /// Each with file, line and column.
        var problems: [String] = []
        var warnings: [String] = []
    }

    private(set) var entries: [Entry] = []

    static func load(_ settings: [WAFSettings], files: RuleFiles = .disk) -> LoadedRules {
        var loaded = LoadedRules()
        for settings in settings { loaded.entries.append(entry(settings, files)) }
        return loaded
    }

    private static func entry(_ settings: WAFSettings, _ files: RuleFiles) -> Entry {
        var entry = Entry(settings: settings)
        do throws(RuleSetFault) {
            let rules = try RuleSet.load(settings.rules, files: files)
            entry.rules = rules
            entry.digest = digest(of: rules, settings, files)
            entry.warnings = rules.warnings.map(\.sentence)
            if settings.mode != .off, !KnownAttack.isCaught(by: rules, settings) {
                entry.warnings.append(
                    "waf.\(settings.name): the rules let a known attack pass; "
                        + KnownAttack.advice(for: rules))
            }
        } catch {
            entry.problems = error.faults.map(\.sentence)
            entry.warnings = error.warnings.map(\.sentence)
        }
        return entry
    }

    /// Of all that a verdict depends on, except for the request.
    private static func digest(
        of rules: RuleSet, _ settings: WAFSettings, _ files: RuleFiles
    ) -> UInt64 {
        var text = Array(
            "\(settings.mode.rawValue) \(settings.requestBodyBytes) \(settings.responseBodyBytes)"
                .utf8)
        for file in rules.files {
            text.append(0x0A)
            let content = files.contents(file) ?? []
            text += Digest.sha256(content.span)
        }
        return Digest.sha256(text.span).word(at: 0)
    }
}
