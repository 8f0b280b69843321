internal import PorticoBytes
package import PorticoSecLang
package import PorticoWAF

/// Rules as they are written and as they run, side by side: what the tool's reports speak of.
package struct RuleBook: Sendable {
    package let tree: SecLangTree
    package let rules: RuleSet
    /// Of each rule (SecRule or SecAction with an id), its nodes: itself and its chain.
    private let nodes: [SourcePlace: [RuleNode]]

    /// Reads and compiles; throws all that is wrong.
    package init(_ patterns: [String], files: RuleFiles = .disk) throws(RuleSetFault) {
        let tree = SecLangParser.parse(patterns, files: files)
        try self.init(tree, try RuleSet.compile(tree, files: files))
    }

    package init(_ tree: SecLangTree, _ rules: RuleSet) throws(RuleSetFault) {
        self.tree = tree
        self.rules = rules
        var nodes: [SourcePlace: [RuleNode]] = [:]
        var open: SourcePlace?
        for case .rule(let node) in tree.directives {
            let start = open ?? node.place
            nodes[start, default: []].append(node)
            open = node.actions.contains { $0.name == "chain" } ? start : nil
        }
        self.nodes = nodes
    }

    /// A rule and its chain, as written.
    package func nodes(of rule: Rule) -> [RuleNode] { nodes[rule.place] ?? [] }

    package func rule(_ id: Int) -> Rule? { rules.rules.first { $0.id == id } }

    /// The text of `msg`, as written.
    package func message(of rule: Rule) -> String {
        nodes(of: rule).first?.actions.last { $0.name == "msg" }?.value
            .map { Shown.text($0) } ?? ""
    }

    /// A rule that the files hold and a later line removes.
    package struct Removed: Sendable {
        package let id: Int
        package let place: SourcePlace
        package let by: SourcePlace
    }

    /// What SecRuleRemoveBy… takes away.
    package var removed: [Removed] {
        var found: [Removed] = []
        var seen: [(id: Int, node: RuleNode)] = []
        for directive in tree.directives {
            switch directive {
            case .rule(let node):
                let digits = node.actions.first { $0.name == "id" }?.value ?? []
                if let id = digits.span.trimmingOWS.decimal {
                    seen.append((Int(clamping: id), node))
                }
            case .removal(let removal, let place):
                seen.removeAll { rule in
                    guard Self.selects(removal.selection, rule.id, rule.node) else { return false }
                    found.append(Removed(id: rule.id, place: rule.node.place, by: place))
                    return true
                }
            default: break
            }
        }
        return found
    }

    /// The line that excludes a variable such as `ARGS:q` from a rule: the rule's own, or one that
    /// updates its targets.
    package func excluder(of variable: String, from rule: Rule) -> SourcePlace? {
        let written = nodes(of: rule)
        guard let first = written.first else { return nil }
        for case .targetUpdate(let update) in tree.directives
        where Self.selects(update.selection, rule.id, first) {
            for target in update.targets where Self.excludes(target, variable) {
                return update.place
            }
        }
        for node in written {
            for target in node.targets where Self.excludes(target, variable) {
                return target.place
            }
        }
        return nil
    }

    static func selects(_ selection: RuleSelection, _ id: Int, _ node: RuleNode) -> Bool {
        func occurs(_ pattern: [UInt8], in name: String) -> Bool {
            guard let pattern = try? Pattern(pattern.span) else { return false }
            var captures = PatternCaptures()
            return node.actions.contains { action in
                guard action.name == name, let value = action.value else { return false }
                return pattern.firstMatch(in: value.span, captures: &captures) == .matched
            }
        }
        return switch selection {
        case .ids(let ranges): ranges.contains { $0.contains(id) }
        case .tag(let pattern): occurs(pattern, in: "tag")
        case .message(let pattern): occurs(pattern, in: "msg")
        }
    }

    private static func excludes(_ target: TargetNode, _ variable: String) -> Bool {
        guard target.use == .exclusion else { return false }
        let halves = variable.split(separator: ":", maxSplits: 1)
        guard halves.first.map({ $0.lowercased() }) == target.name else { return false }
        let key = halves.count > 1 ? Array(halves[1].lowercased().utf8) : []
        switch target.selector {
        case nil: return true
        case .key(let wanted): return wanted.map(ASCII.lowercase) == key
        case .pattern(let text):
            guard let pattern = try? Pattern((Array("(?i)".utf8) + text).span) else { return false }
            var captures = PatternCaptures()
            return pattern.firstMatch(in: key.span, captures: &captures) == .matched
        }
    }
}
