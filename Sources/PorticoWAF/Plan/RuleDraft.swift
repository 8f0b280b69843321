internal import PorticoBytes
internal import PorticoSecLang

/// A rule while later directives can still change it.
struct RuleDraft {
    var nodes: [RuleNode]
    /// The actions of each node; those of the first can be replaced.
    var actions: [[ActionNode]]
    /// The targets of each node; those of the first can be added to.
    var targets: [[TargetNode]]
    let id: Int
    let phase: Int
    /// SecDefaultAction as it stood when the rule was read.
    let defaults: [ActionNode]
    /// Counts rules and markers.
    let order: Int

    var place: SourcePlace { nodes[0].place }

    func values(of name: String) -> [[UInt8]] {
        actions[0].filter { $0.name == name }.compactMap(\.value)
    }
}

/// What the directives say one after the other, with removals and updates carried out.
struct RuleDrafts {
    private(set) var drafts: [RuleDraft] = []
    private(set) var markers: [(name: [UInt8], order: Int)] = []
    private(set) var settings: [(Setting, [Argument], SourcePlace)] = []
    private(set) var faults: [SecLangFault] = []
    private(set) var warnings: [SecLangFault] = []

    private var defaults: [Int: ([ActionNode], SourcePlace)] = [:]
    private var places: [Int: SourcePlace] = [:]
    /// A rule whose chain goes on with the next SecRule.
    private var open: RuleDraft?
    private var order = 0

    init(_ tree: SecLangTree) {
        for directive in tree.directives {
            do throws(SecLangFault) {
                try read(directive)
            } catch {
                faults.append(error)
            }
        }
        closeChain()
    }

    private mutating func closeChain() {
        guard let draft = open else { return }
        open = nil
        faults.append(
            SecLangFault(.missing("the SecRule that goes on with this chain"), at: draft.place))
    }

    private mutating func read(_ directive: Directive) throws(SecLangFault) {
        if case .rule(let node) = directive { return try add(node) }
        closeChain()
        switch directive {
        case .rule: break
        case .marker(let name, _):
            order += 1
            markers.append((name, order))
        case .defaults(let actions, let place): try setDefaults(actions, place)
        case .removal(let removal, let place):
            let selects = try selector(removal.selection, place)
            let kept = drafts.filter { !selects($0) }
            drafts = kept
        case .targetUpdate(let update): try updateTargets(update)
        case .actionUpdate(let id, let actions, let place):
            guard let index = drafts.firstIndex(where: { $0.id == id }) else {
                warnings.append(SecLangFault(.missing("rule \(id)"), at: place))
                return
            }
            let kept = drafts[index].actions[0].filter {
                ["id", "phase", "chain"].contains($0.name)
            }
            drafts[index].actions[0] =
                kept
                + actions.filter {
                    !["id", "phase", "chain"].contains($0.name)
                }
        case .setting(let setting, let arguments, let place):
            settings.append((setting, arguments, place))
        }
    }

    // MARK: - Rules

    private mutating func add(_ node: RuleNode) throws(SecLangFault) {
        let goesOn = node.actions.contains { $0.name == "chain" }
        if var draft = open {
            open = nil
            for action in node.actions where Self.forFirstLink.contains(action.name) {
                throw SecLangFault(
                    .misplaced(
                        "\"\(action.name)\"", expected: "it belongs to the first rule of the chain"),
                    at: action.place)
            }
            draft.nodes.append(node)
            draft.actions.append(node.actions)
            draft.targets.append(node.targets)
            if goesOn { open = draft } else { drafts.append(draft) }
            return
        }
        let phase = try Self.phase(node.actions) ?? 2
        guard let action = node.actions.first(where: { $0.name == "id" }) else {
            throw SecLangFault(.missing("the rule's id"), at: node.place)
        }
        let digits = action.value ?? []
        guard let number = digits.span.trimmingOWS.decimal, let id = Int(exactly: number), id > 0
        else {
            throw SecLangFault(
                .badValue(found: digits.span.text, expected: "a rule id, a number"),
                at: action.place)
        }
        order += 1
        let draft = RuleDraft(
            nodes: [node], actions: [node.actions], targets: [node.targets], id: id, phase: phase,
            defaults: defaults[phase]?.0 ?? [], order: order)
        if let first = places[id] {
            // The rest of its chain is read, so that it is not taken for a rule without id.
            if goesOn { open = draft }
            throw SecLangFault(.duplicateID(id, first: first), at: node.place)
        }
        places[id] = node.place
        if goesOn { open = draft } else { drafts.append(draft) }
    }

    private static let forFirstLink: Set<String> = [
        "id", "phase", "msg", "severity", "tag", "logdata", "ver", "rev", "maturity", "accuracy",
        "deny", "block", "pass", "drop", "allow", "redirect", "status", "skip", "skipafter",
    ]

    static func phase(_ actions: [ActionNode]) throws(SecLangFault) -> Int? {
        guard let action = actions.last(where: { $0.name == "phase" }) else { return nil }
        switch action.value.map({ $0.span.text.lowercased() }) {
        case "1": return 1
        case "2", "request": return 2
        case "3": return 3
        case "4", "response": return 4
        case "5", "logging": return 5
        case let other:
            throw SecLangFault(
                .badValue(
                    found: other ?? "", expected: "a phase: 1 to 5, request, response or logging"),
                at: action.place)
        }
    }

    private mutating func setDefaults(
        _ actions: [ActionNode], _ place: SourcePlace
    ) throws(SecLangFault) {
        let phase = try Self.phase(actions) ?? 2
        if let first = defaults[phase]?.1 {
            throw SecLangFault(
                .repeated("SecDefaultAction for phase \(phase)", first: first), at: place)
        }
        defaults[phase] = (actions, place)
    }

    // MARK: - Updates

    private mutating func updateTargets(_ update: TargetUpdate) throws(SecLangFault) {
        let selects = try selector(update.selection, update.place)
        var found = false
        for index in drafts.indices where selects(drafts[index]) {
            drafts[index].targets[0] += update.targets
            found = true
        }
        if !found, case .ids(let ids) = update.selection {
            let names = ids.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0)" }
            warnings.append(
                SecLangFault(.missing("rule \(names.joined(separator: ", "))"), at: update.place))
        }
    }

    private mutating func selector(
        _ selection: RuleSelection, _ place: SourcePlace
    ) throws(SecLangFault) -> (RuleDraft) -> Bool {
        switch selection {
        case .ids(let ranges):
            return { draft in ranges.contains { $0.contains(draft.id) } }
        case .tag(let text): return try bearing("tag", text, place)
        case .message(let text): return try bearing("msg", text, place)
        }
    }

    /// The rules of which a value of this action matches the pattern.
    private mutating func bearing(
        _ action: String, _ text: [UInt8], _ place: SourcePlace
    ) throws(SecLangFault) -> (RuleDraft) -> Bool {
        let pattern: Pattern
        do throws(PatternFault) {
            pattern = try Pattern(text.span)
        } catch {
            throw SecLangFault(
                .pattern(message: error.message, offset: error.offset), at: place)
        }
        var captures = PatternCaptures()
        var ids: Set<Int> = []
        for draft in drafts {
            for value in draft.values(of: action)
            where pattern.firstMatch(in: value.span, captures: &captures) == .matched {
                ids.insert(draft.id)
            }
        }
        return { ids.contains($0.id) }
    }
}
