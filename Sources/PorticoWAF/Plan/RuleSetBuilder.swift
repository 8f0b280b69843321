internal import PorticoBytes
internal import PorticoSecLang

/// Compiles a tree to a `RuleSet`: names become numbers, skips become indices, rules that look at
/// the same values after the same transformations share a group.
struct RuleSetBuilder {
    let files: RuleFiles
    var parts = RuleSetParts()
    var faults: [SecLangFault] = []
    var compiler: OperatorCompiler
    /// Of each group, by how it is written.
    var groupNumbers: [String: Int32] = [:]
    var chainNumbers: [[Int32]: Int32] = [:]
    /// Literals of the prefilter, and which texts have which.
    var filterGroups: [[[UInt8]]] = []
    var filterNumbers: [String: Int32] = [:]
    /// Actions that name rules, once all rules are known: link, action, what it is about.
    var dataFiles: [String] = []

    init(files: RuleFiles) {
        self.files = files
        compiler = OperatorCompiler { name throws(OperatorFault) in
            throw .unreadableFile(name: name, why: "no folder is known")
        }
    }

    mutating func build(_ tree: SecLangTree) throws(RuleSetFault) -> RuleSet {
        let drafts = RuleDrafts(tree)
        faults = tree.faults + drafts.faults
        parts.warnings = tree.warnings + drafts.warnings
        parts.chains = [Chain(parent: 0, step: .lowercase, path: [])]
        chainNumbers[[]] = 0
        for (setting, arguments, _) in drafts.settings { apply(setting, arguments) }
        parts.settings.responseBodyTypes = responseTypes(drafts.settings)
        var skips: [(rule: Int, name: [UInt8]?, count: Int)] = []
        for draft in drafts.drafts {
            do throws(SecLangFault) {
                try add(draft, &skips)
            } catch {
                faults.append(error)
            }
        }
        resolve(skips, drafts)
        resolveSelections()
        let literals = filterGroups
        do throws(LiteralSet.Fault) {
            if !literals.isEmpty { parts.prefilter = try LiteralFilter(groups: literals) }
        } catch {
            // Without it, everything is looked at.
            for index in parts.links.indices { parts.links[index].filter = -1 }
        }
        for link in parts.links where link.filter >= 0 {
            if case .group(let group) = link.look { parts.groups[Int(group)].isFiltered = true }
        }
        parts.files = tree.files + dataFiles
        guard faults.isEmpty else {
            throw RuleSetFault(faults: faults, warnings: parts.warnings)
        }
        return RuleSet(parts)
    }

    // MARK: - Settings

    private mutating func apply(_ setting: Setting, _ arguments: [Argument]) {
        let text = arguments.first?.text ?? ""
        let folded = text.lowercased()
        let bytes = arguments.first?.bytes ?? []
        let number = Int(clamping: bytes.span.decimal ?? 0)
        let action = folded == "reject" ? EngineSettings.LimitAction.reject : .processPartial
        switch setting {
        case .ruleEngine:
            parts.settings.mode =
                folded == "on" ? .on : folded == "off" ? .off : .detectionOnly
        case .componentSignature: parts.settings.components.append(text)
        case .webAppID: parts.settings.webAppID = arguments[0].bytes
        case .requestBodyAccess: parts.settings.requestBodyAccess = folded == "on"
        case .requestBodyLimit: parts.settings.requestBodyLimit = number
        case .requestBodyNoFilesLimit: parts.settings.requestBodyNoFilesLimit = number
        case .requestBodyLimitAction: parts.settings.requestBodyLimitAction = action
        case .requestBodyJSONDepthLimit: parts.settings.jsonDepthLimit = number
        case .argumentsLimit: parts.settings.argumentsLimit = number
        case .argumentSeparator:
            parts.settings.argumentSeparator = arguments[0].bytes.first ?? 0x26
        case .responseBodyAccess: parts.settings.responseBodyAccess = folded == "on"
        case .responseBodyLimit: parts.settings.responseBodyLimit = number
        case .responseBodyLimitAction: parts.settings.responseBodyLimitAction = action
        case .pcreMatchLimit: parts.settings.matchLimit = number
        case .pcreMatchLimitRecursion: parts.settings.depthLimit = number
        case .collectionTimeout: parts.settings.collectionTimeout = number
        case .auditEngine: parts.settings.auditsAtAll = folded != "off"
        default: break
        }
    }

    /// Each SecResponseBodyMimeType adds to the default list; the other directive empties it.
    private func responseTypes(_ settings: [(Setting, [Argument], SourcePlace)]) -> [String] {
        var types = EngineSettings().responseBodyTypes
        for (setting, arguments, _) in settings {
            if setting == .responseBodyMIMETypesClear { types = [] }
            if setting == .responseBodyMIMEType {
                types += arguments.flatMap { $0.text.lowercased().split(separator: " ") }
                    .map(String.init)
            }
        }
        return types
    }

    // MARK: - Rules

    private mutating func add(
        _ draft: RuleDraft, _ skips: inout [(rule: Int, name: [UInt8]?, count: Int)]
    ) throws(SecLangFault) {
        var rule = Rule(id: draft.id, phase: draft.phase, place: draft.place)
        let number = parts.rules.count
        try readMeta(draft, into: &rule, number, &skips)
        rule.firstLink = Int32(parts.links.count)
        for index in draft.nodes.indices {
            var link = try compileLink(draft, index)
            link.next = index + 1 < draft.nodes.count ? Int32(parts.links.count + 1) : -1
            parts.links.append(link)
        }
        parts.programs[draft.phase].append(Int32(number))
        orders.append(draft.order)
        parts.rules.append(rule)
    }

    /// Of each rule, where it stood among rules and markers.
    private var orders: [Int] = []

    private mutating func readMeta(
        _ draft: RuleDraft, into rule: inout Rule, _ number: Int,
        _ skips: inout [(rule: Int, name: [UInt8]?, count: Int)]
    ) throws(SecLangFault) {
        var inherited = Disruption.pass
        for action in draft.defaults {
            try readFlow(action, into: &rule)
            if let disruption = try disruption(action) { inherited = disruption }
        }
        rule.disruption = inherited
        for action in draft.actions[0] {
            try readFlow(action, into: &rule)
            if action.name == "block" {
                rule.disruption = inherited
            } else if let disruption = try disruption(action) {
                rule.disruption = disruption
            }
            let value = action.value ?? []
            switch action.name {
            case "msg":
                rule.message = try macro(value, action.place)
                rule.messageText = value
            case "logdata": rule.data = try macro(value, action.place)
            case "tag":
                let tag = try macro(value, action.place)
                if tag.constant == nil { rule.tagMacros.append(tag) }
                rule.tags.append(value)
            case "ver": rule.version = value
            case "rev": rule.revision = value
            case "severity":
                guard let severity = Severity(value.span.text) else {
                    throw SecLangFault(
                        .badValue(
                            found: value.span.text, expected: "a severity: 0 to 7, or a name"),
                        at: action.place)
                }
                rule.severity = severity
            case "skipafter": skips.append((number, value, 0))
            case "skip":
                guard let count = value.span.decimal.flatMap(Int.init(exactly:)) else {
                    throw SecLangFault(
                        .badValue(found: value.span.text, expected: "a number of rules"),
                        at: action.place)
                }
                skips.append((number, nil, count))
            default: break
            }
        }
    }

    private func readFlow(_ action: ActionNode, into rule: inout Rule) throws(SecLangFault) {
        switch action.name {
        case "log": (rule.logs, rule.audits) = (true, true)
        case "nolog": (rule.logs, rule.audits) = (false, false)
        case "auditlog": rule.audits = true
        case "noauditlog": rule.audits = false
        case "status":
            let text = action.value ?? []
            guard let status = text.span.decimal, (100...599).contains(status) else {
                throw SecLangFault(
                    .badValue(found: text.span.text, expected: "a status: 100 to 599"),
                    at: action.place)
            }
            rule.status = UInt16(status)
        default: break
        }
    }

    private mutating func disruption(_ action: ActionNode) throws(SecLangFault) -> Disruption? {
        switch action.name {
        case "pass": return .pass
        case "deny": return .deny
        case "drop": return .drop
        case "redirect": return .redirect(try macro(action.value ?? [], action.place))
        case "allow":
            switch action.value.map({ $0.span.text.lowercased() }) {
            case nil: return .allow(.everything)
            case "phase": return .allow(.phase)
            case "request": return .allow(.request)
            case let other?:
                throw SecLangFault(
                    .badValue(found: other, expected: "allow, allow:phase or allow:request"),
                    at: action.place)
            }
        default: return nil
        }
    }

    // MARK: - What needs all rules

    private mutating func resolve(
        _ skips: [(rule: Int, name: [UInt8]?, count: Int)], _ drafts: RuleDrafts
    ) {
        for skip in skips where skip.rule < parts.rules.count {
            let program = parts.programs[parts.rules[skip.rule].phase]
            guard let position = program.firstIndex(of: Int32(skip.rule)) else { continue }
            guard let name = skip.name else {
                parts.rules[skip.rule].skipTo = Int32(
                    min(program.count, position + 1 + min(skip.count, program.count)))
                continue
            }
            let marker = drafts.markers.first {
                $0.order > orders[skip.rule] && $0.name == name
            }
            let target =
                marker.flatMap { marker in
                    program.firstIndex { orders[Int($0)] > marker.order }
                } ?? program.count
            parts.rules[skip.rule].skipTo = Int32(target)
        }
    }

    /// Turns what `ctl` says about rules into lists of them.
    private mutating func resolveSelections() {
        for link in parts.links.indices {
            for index in parts.links[link].actions.indices {
                switch parts.links[link].actions[index] {
                case .removeRulesSelected(let selected, let macro):
                    guard let text = macro.constant else { continue }
                    parts.links[link].actions[index] = .removeRules(rules(selected, text))
                case .removeTargetsSelected(let selected, let macro, let exclusion):
                    guard let text = macro.constant else { continue }
                    parts.links[link].actions[index] = .removeTargets(
                        rules(selected, text), exclusion)
                default: break
                }
            }
        }
    }

    private func rules(_ selected: Action.Selected, _ text: [UInt8]) -> [Int32] {
        let range = selected == .ids ? SecLangParser.ids(text) : nil
        return parts.rules.indices.filter { index in
            let rule = parts.rules[index]
            return switch selected {
            case .ids: range?.contains(rule.id) ?? false
            case .tag: rule.tags.contains(text)
            case .message: rule.messageText == text
            }
        }.map(Int32.init)
    }

    mutating func macro(_ text: [UInt8], _ place: SourcePlace) throws(SecLangFault) -> Macro {
        do throws(Macro.Fault) {
            return try Macro(text, slots: &parts.slots)
        } catch {
            switch error {
            case .unterminated: throw SecLangFault(.unterminated("a macro \"%{\""), at: place)
            case .unknown(let name):
                throw SecLangFault(
                    .unknown(
                        kind: "variable", name: name,
                        nearest: Spelling.nearest(to: name, among: Variable.allNames)),
                    at: place)
            }
        }
    }
}
