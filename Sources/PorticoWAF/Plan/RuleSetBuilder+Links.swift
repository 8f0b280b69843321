internal import PorticoBytes
internal import PorticoSecLang

extension RuleSetBuilder {
    mutating func compileLink(_ draft: RuleDraft, _ index: Int) throws(SecLangFault) -> Link {
        let node = draft.nodes[index]
        let actions = draft.actions[index]
        let chain = try self.chain(defaults: draft.defaults, actions)
        var link = Link(look: .nothing, test: .always)
        link.chain = chain
        link.captures = actions.contains { $0.name == "capture" }
        link.isMultiMatch = actions.contains { $0.name == "multimatch" }
        link.actions = try compileActions(
            draft.defaults.filter { Self.forEachMatch.contains($0.name) } + actions)
        guard let test = node.test else { return link }
        link.isNegated = test.isNegated
        link.test = try compileTest(test)
        link.look = try look(draft.targets[index], chain)
        if !link.isNegated, !link.isMultiMatch, case .compiled(let made) = link.test {
            link.filter = filter(test, made)
        }
        return link
    }

    private static let forEachMatch: Set<String> = ["setvar", "ctl", "initcol", "expirevar"]

    // MARK: - Transformations

    private mutating func chain(
        defaults: [ActionNode], _ actions: [ActionNode]
    ) throws(SecLangFault) -> Int32 {
        var steps: [Transformation] = []
        for action in defaults + actions where action.name == "t" {
            let value = action.value ?? []
            let name = value.span.text
            if name.lowercased() == "none" {
                steps = []
                continue
            }
            guard let step = Transformation(named: name) else {
                let names = Transformation.allCases.map { $0.name.lowercased() }
                throw SecLangFault(
                    .unknown(
                        kind: "transformation", name: name,
                        nearest: Spelling.nearest(to: name.lowercased(), among: names)),
                    at: action.place)
            }
            steps.append(step)
        }
        guard steps.count <= 64 else {
            throw SecLangFault(
                .badValue(found: "\(steps.count)", expected: "at most 64 transformations"),
                at: actions.first?.place ?? SourcePlace(file: "", line: 0, column: 0))
        }
        var path: [Int32] = []
        var codes: [Int32] = []
        var parent: Int32 = 0
        for step in steps {
            codes.append(Int32(step.rawValue))
            let number: Int32
            if let known = chainNumbers[codes] {
                number = known
            } else {
                number = Int32(parts.chains.count)
                chainNumbers[codes] = number
                parts.chains.append(Chain(parent: parent, step: step, path: path + [number]))
            }
            path.append(number)
            parent = number
        }
        return parent
    }

    // MARK: - Targets

    private mutating func look(
        _ nodes: [TargetNode], _ chain: Int32
    ) throws(SecLangFault) -> Link.Look {
        var targets: [Target] = []
        var exclusions: [TargetExclusion] = []
        for node in nodes {
            let variable = try self.variable(node)
            if node.use == .exclusion {
                exclusions.append(
                    TargetExclusion(
                        variable: variable, selector: try selector(node, variable, slots: false)))
            } else {
                targets.append(
                    Target(
                        variable: variable,
                        selector: try selector(node, variable, slots: node.use != .exclusion),
                        isCount: node.use == .count))
            }
        }
        if targets.count == 1, exclusions.isEmpty, case .slot(let slot) = targets[0].selector {
            return targets[0].isCount ? .slotCount(slot) : .slot(slot)
        }
        let name = nodes.map(\.spelling).joined(separator: "|") + "#\(chain)"
        if let known = groupNumbers[name] { return .group(known) }
        let number = Int32(parts.groups.count)
        groupNumbers[name] = number
        parts.groups.append(
            TargetGroup(
                targets: targets, exclusions: exclusions, chain: chain,
                isStatic: targets.allSatisfy { $0.variable.isStatic }))
        return .group(number)
    }

    private func variable(_ node: TargetNode) throws(SecLangFault) -> Variable {
        if let variable = Variable(named: node.name) { return variable }
        throw SecLangFault(
            .unknown(
                kind: "variable", name: node.name.uppercased(),
                nearest: Spelling.nearest(to: node.name, among: Variable.allNames)?.uppercased()),
            at: node.place)
    }

    private mutating func selector(
        _ node: TargetNode, _ variable: Variable, slots: Bool
    ) throws(SecLangFault) -> KeySelector {
        switch node.selector {
        case nil: return .all
        case .key(let key):
            if variable == .xml {
                guard key == Array("/*".utf8) || key == Array("//@*".utf8) else {
                    throw SecLangFault(
                        .unsupported(
                            kind: "XPath", name: key.span.text,
                            reason: "XML:/* and XML://@* are there"),
                        at: node.place)
                }
                return .key(key)
            }
            if variable == .tx, slots { return .slot(parts.slots.slot(key)) }
            return .key(key.map(ASCII.lowercase))
        case .pattern(let text):
            do throws(PatternFault) {
                return .pattern(try Pattern((Array("(?i)".utf8) + text).span))
            } catch {
                throw SecLangFault(
                    .pattern(message: error.message, offset: max(0, error.offset - 4)),
                    at: node.place)
            }
        }
    }

    // MARK: - Operators

    private mutating func compileTest(_ node: OperatorNode) throws(SecLangFault) -> LinkTest {
        guard let name = OperatorName(named: node.name) else {
            let names = OperatorName.allCases.map { $0.name.lowercased() }
            throw SecLangFault(
                .unknown(
                    kind: "operator", name: "@" + node.name,
                    nearest: Spelling.nearest(to: node.name, among: names)),
                at: node.place)
        }
        if name == .unconditionalMatch { return .always }
        if name == .noMatch { return .never }
        if name.isInert {
            parts.warnings.append(
                SecLangFault(
                    .unsupported(
                        kind: "operator", name: "@" + name.name,
                        reason: "it asks the network or a file; here it never matches"),
                    at: node.place))
            return .never
        }
        let relation: Relation? =
            switch name {
            case .eq: .equal
            case .ge: .greaterOrEqual
            case .gt: .greater
            case .le: .lessOrEqual
            case .lt: .less
            default: nil
            }
        if name != .rx, name.takesMacros {
            let operand = try macro(node.operand, node.operandPlace)
            if operand.constant == nil {
                if let relation { return .numberMacro(relation, operand) }
                if let made = ExpandedOperator(name) { return .expanded(made, operand) }
            }
        }
        if let relation { return .number(relation, DecimalPrefix.value(of: node.operand.span)) }
        do throws(OperatorFault) {
            let files = files
            var read: [String] = []
            let made = try compiler.compile(name, operand: node.operand) {
                name throws(OperatorFault) in
                let path = RuleFiles.resolve(name, from: node.place.file)
                guard let content = files.contents(path) else {
                    throw .unreadableFile(name: path, why: "it is not there or cannot be read")
                }
                read.append(path)
                return content
            }
            dataFiles += read
            return .compiled(made)
        } catch {
            throw fault(error, node)
        }
    }

    private func fault(_ fault: OperatorFault, _ node: OperatorNode) -> SecLangFault {
        let kind: SecLangFault.Kind =
            switch fault {
            case .unknown(let name): .unknown(kind: "operator", name: name, nearest: nil)
            case .pattern(let fault): .pattern(message: fault.message, offset: fault.offset)
            case .phrases(let message): .pattern(message: message, offset: 0)
            case .missingOperand(let name): .missing("what @\(name.name) compares with")
            case .badOperand(_, let item, let expected): .badValue(found: item, expected: expected)
            case .badLine(_, let file, let line, let expected):
                .badValue(found: "\(file):\(line)", expected: expected)
            case .unreadableFile(let name, _): .unreadable(path: name)
            case .missingPackage(let name, let package):
                .unsupported(
                    kind: "operator", name: "@" + name.name,
                    reason: "it needs the package \(package)")
            }
        return SecLangFault(kind, at: node.operandPlace)
    }

    private mutating func filter(_ node: OperatorNode, _ made: CompiledOperator) -> Int32 {
        let key = node.name + " " + node.operand.span.text
        if let known = filterNumbers[key] { return known }
        var number: Int32 = -1
        if let literals = made.requiredLiterals, !literals.isEmpty {
            number = Int32(filterGroups.count)
            filterGroups.append(literals)
        }
        filterNumbers[key] = number
        return number
    }
}

extension TargetNode {
    /// The same for nodes that mean the same.
    fileprivate var spelling: String {
        let sign = use == .count ? "&" : use == .exclusion ? "!" : ""
        return switch selector {
        case nil: sign + name
        case .key(let key): sign + name + ":" + key.span.text.lowercased()
        case .pattern(let pattern): sign + name + ":/" + pattern.span.text + "/"
        }
    }
}
