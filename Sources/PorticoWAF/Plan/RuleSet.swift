internal import PorticoBytes
package import PorticoSecLang

/// Rules, compiled: immutable, shared by all threads (ARCHITECTURE §5).
///
///     programs[phase]  →  rules  →  links  →  look  →  group: targets, exclusions, chain
///                                         →  test, actions, next link
package final class RuleSet: Sendable {
    package let settings: EngineSettings
    package let rules: [Rule]
    package let warnings: [SecLangFault]
    /// Every file that it was made of, data files included.
    package let files: [String]

    let links: [Link]
    /// For phases 1 to 5 (0 is empty): the rules in order.
    let programs: [[Int32]]
    let groups: [TargetGroup]
    let chains: [Chain]
    let slots: SlotNames
    /// Which rules look at a value that no literal rules out; nil without any.
    let prefilter: LiteralFilter?
    let byID: [Int: Int32]
    let scoreSlots: [[Int32]]
    let limitSlot: Int32
    let seed: HeapSeed
    /// Words of 64 bits that a row of the prefilter takes.
    let maskWords: Int
    /// The same of a bit for each rule.
    var ruleWords: Int { (rules.count + 63) / 64 }

    init(_ parts: consuming RuleSetParts) {
        settings = parts.settings
        rules = parts.rules
        warnings = parts.warnings
        files = parts.files
        links = parts.links
        programs = parts.programs
        groups = parts.groups
        chains = parts.chains
        prefilter = parts.prefilter
        byID = Dictionary(
            parts.rules.enumerated().map { ($0.element.id, Int32($0.offset)) },
            uniquingKeysWith: { first, _ in first })
        var slots = parts.slots
        func slot(_ name: StaticString) -> Int32 { slots.slot(Array("\(name)".utf8)) }
        // What CRS 4 and 3 sum up, the first of a line that is set; the lines are added.
        scoreSlots = [
            [slot("blocking_inbound_anomaly_score"), slot("anomaly_score")],
            [slot("blocking_outbound_anomaly_score"), slot("outbound_anomaly_score")],
        ]
        limitSlot = slot("MSC_PCRE_LIMITS_EXCEEDED")
        self.slots = slots
        seed = HeapSeed(slots)
        maskWords = prefilter?.wordCount ?? 0
    }

    /// Compiles what the files say; a set with a fault is not used.
    package static func compile(
        _ tree: SecLangTree, files: RuleFiles
    ) throws(RuleSetFault) -> RuleSet {
        var builder = RuleSetBuilder(files: files)
        return try builder.build(tree)
    }

    /// Reads and compiles these files, wildcards allowed.
    package static func load(
        _ patterns: [String], files: RuleFiles
    ) throws(RuleSetFault) -> RuleSet {
        try compile(SecLangParser.parse(patterns, files: files), files: files)
    }

    func rules(_ selected: Action.Selected, _ text: [UInt8]) -> [Int32] {
        switch selected {
        case .ids:
            guard let range = SecLangParser.ids(text) else { return [] }
            if range.count == 1 { return byID[range.lowerBound].map { [$0] } ?? [] }
            return indices { range.contains($0.id) }
        case .tag: return indices { $0.tags.contains(text) }
        case .message: return indices { $0.messageText == text }
        }
    }

    private func indices(_ selects: (Rule) -> Bool) -> [Int32] {
        rules.indices.filter { selects(rules[$0]) }.map(Int32.init)
    }
}

/// All that is wrong with a set of rules; at least one.
package struct RuleSetFault: Error, Sendable {
    package let faults: [SecLangFault]
    package let warnings: [SecLangFault]
}

/// What `RuleSetBuilder` has put together.
struct RuleSetParts {
    var settings = EngineSettings()
    var rules: [Rule] = []
    var warnings: [SecLangFault] = []
    var files: [String] = []
    var links: [Link] = []
    var programs: [[Int32]] = Array(repeating: [], count: 6)
    var groups: [TargetGroup] = []
    var chains: [Chain] = []
    var slots = SlotNames()
    var prefilter: LiteralFilter?
}
