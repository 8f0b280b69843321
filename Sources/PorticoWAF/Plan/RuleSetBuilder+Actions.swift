internal import PorticoBytes
internal import PorticoSecLang

extension RuleSetBuilder {
    mutating func compileActions(_ nodes: [ActionNode]) throws(SecLangFault) -> [Action] {
        var actions: [Action] = []
        for node in nodes {
            let value = node.value ?? []
            switch node.name {
            case "setvar": actions.append(try setVariable(value, node.place))
            case "initcol":
                guard let cut = value.firstIndex(of: 0x3D),
                    let variable = Variable(
                        named: Array(value[..<cut]).span.trimmingOWS.text.lowercased()),
                    variable.isPersistent
                else {
                    throw SecLangFault(
                        .badValue(
                            found: value.span.text,
                            expected: "ip, global, session, user or resource, \"=\" and a key"),
                        at: node.place)
                }
                let key = try macro(Array(value[(cut + 1)...]), node.place)
                actions.append(.openCollection(variable, key: key))
            case "setsid":
                actions.append(.openCollection(.session, key: try macro(value, node.place)))
            case "setuid":
                actions.append(.openCollection(.user, key: try macro(value, node.place)))
            case "setrsc":
                actions.append(.openCollection(.resource, key: try macro(value, node.place)))
            case "expirevar": actions.append(try expire(value, node.place))
            case "sanitisearg", "sanitizearg", "sanitiserequestheader", "sanitizerequestheader",
                "sanitiseresponseheader", "sanitizeresponseheader", "sanitisematched",
                "sanitizematched", "sanitisematchedbytes", "sanitizematchedbytes":
                actions.append(.mask(try mask(node)))
            case "ctl": if let action = try control(value, node.place) { actions.append(action) }
            default: try check(node)
            }
        }
        return actions
    }

    /// Everything that is read elsewhere, or has nothing to do here.
    private static let others: Set<String> = [
        "id", "phase", "msg", "severity", "tag", "logdata", "ver", "rev", "maturity", "accuracy",
        "deny", "block", "pass", "drop", "allow", "redirect", "status", "skip", "skipafter", "t",
        "log", "nolog", "auditlog", "noauditlog", "capture", "multimatch", "chain",
    ]
    private static let elsewhere: [String: String] = [
        "exec": "no programs are run", "append": "answers are not changed",
        "prepend": "answers are not changed", "proxy": "origins are named in config.toml",
        "pause": "it would hold up the worker", "deprecatevar": "use expirevar",
        "xmlns": "XPaths are XML:/* and XML://@*", "setenv": "there is no environment",
    ]

    private func check(_ node: ActionNode) throws(SecLangFault) {
        if Self.others.contains(node.name) { return }
        if let reason = Self.elsewhere[node.name] {
            throw SecLangFault(
                .unsupported(kind: "action", name: node.name, reason: reason), at: node.place)
        }
        let known = Self.others.union(["setvar", "initcol", "expirevar", "ctl", "setsid", "setuid"])
        throw SecLangFault(
            .unknown(
                kind: "action", name: node.name,
                nearest: Spelling.nearest(to: node.name, among: known)),
            at: node.place)
    }

    /// `sanitiseMatchedBytes:A/B` would leave bytes at the ends; here the whole value is masked.
    private func mask(_ node: ActionNode) throws(SecLangFault) -> Action.Mask {
        if node.name.hasSuffix("matched") || node.name.hasSuffix("matchedbytes") { return .matched }
        let value = node.value ?? []
        let name = value.span.trimmingOWS.array.map(ASCII.lowercase)
        if name.isEmpty {
            throw SecLangFault(.missing("the name of what is masked"), at: node.place)
        }
        if node.name.hasSuffix("arg") { return .argument(name) }
        return node.name.hasSuffix("requestheader") ? .requestField(name) : .responseField(name)
    }

    // MARK: - setvar, expirevar

    private mutating func setVariable(
        _ text: [UInt8], _ place: SourcePlace
    ) throws(SecLangFault) -> Action {
        var name = text[...]
        var value: ArraySlice<UInt8>?
        if let cut = assignment(in: text) {
            name = text[..<cut]
            value = text[(cut + 1)...]
        }
        var change = Action.Change.set
        if name.first == 0x21 {
            change = .remove
            name = name.dropFirst()
        }
        let (variable, key) = try collection(Array(name), place)
        if change == .set, let first = value?.first, first == 0x2B || first == 0x2D {
            change = first == 0x2B ? .add : .subtract
            value = value?.dropFirst()
        }
        let expanded = try macro(value.map { Array($0) } ?? [0x31], place)
        if variable == .tx, let constant = key.constant {
            return .setVariable(.slot(parts.slots.slot(constant)), change, expanded)
        }
        return .setVariable(
            variable == .tx ? .built(key) : .member(variable, key), change, expanded)
    }

    /// Where the name ends: the first "=" that is not within a macro.
    private func assignment(in text: [UInt8]) -> Int? {
        var isInMacro = false
        for (index, byte) in text.enumerated() {
            if byte == 0x7B, index > 0, text[index - 1] == 0x25 { isInMacro = true }
            if byte == 0x7D { isInMacro = false }
            if byte == 0x3D, !isInMacro { return index }
        }
        return nil
    }

    private mutating func collection(
        _ text: [UInt8], _ place: SourcePlace
    ) throws(SecLangFault) -> (Variable, Macro) {
        guard let dot = text.firstIndex(of: 0x2E), dot + 1 < text.count,
            let variable = Variable(
                named: Array(text[..<dot]).span.trimmingOWS.text.lowercased()),
            variable == .tx || variable.isPersistent
        else {
            throw SecLangFault(
                .badValue(
                    found: text.span.text,
                    expected: "tx, ip, global, session, user or resource, \".\" and a name"),
                at: place)
        }
        return (variable, try macro(Array(text[(dot + 1)...]), place))
    }

    private mutating func expire(
        _ text: [UInt8], _ place: SourcePlace
    ) throws(SecLangFault) -> Action {
        guard let cut = assignment(in: text) else {
            throw SecLangFault(
                .badValue(found: text.span.text, expected: "a variable, \"=\" and seconds"),
                at: place)
        }
        let (variable, key) = try collection(Array(text[..<cut]), place)
        let seconds = try macro(Array(text[(cut + 1)...]), place)
        return .expire(variable, name: key, seconds: seconds)
    }

    // MARK: - ctl

    /// Nil for what has no effect here.
    private mutating func control(
        _ text: [UInt8], _ place: SourcePlace
    ) throws(SecLangFault) -> Action? {
        guard let cut = text.firstIndex(of: 0x3D) else {
            throw SecLangFault(
                .badValue(found: text.span.text, expected: "ctl:NAME=VALUE"), at: place)
        }
        let name = Array(text[..<cut]).span.trimmingOWS.text
        let value = Array(text[(cut + 1)...])
        let folded = value.span.trimmingOWS.text.lowercased()
        func isOn(_ expected: String = "On or Off") throws(SecLangFault) -> Bool {
            guard folded == "on" || folded == "off" else {
                throw SecLangFault(.badValue(found: folded, expected: expected), at: place)
            }
            return folded == "on"
        }
        switch name.lowercased() {
        case "ruleremovebyid": return .removeRulesSelected(.ids, try macro(value, place))
        case "ruleremovebytag": return .removeRulesSelected(.tag, try macro(value, place))
        case "ruleremovebymsg": return .removeRulesSelected(.message, try macro(value, place))
        case "ruleremovetargetbyid": return try removeTarget(.ids, value, place)
        case "ruleremovetargetbytag": return try removeTarget(.tag, value, place)
        case "ruleremovetargetbymsg": return try removeTarget(.message, value, place)
        case "ruleengine":
            switch folded {
            case "on": return .engine(.on)
            case "off": return .engine(.off)
            case "detectiononly": return .engine(.detectionOnly)
            default:
                throw SecLangFault(
                    .badValue(found: folded, expected: "On, Off or DetectionOnly"), at: place)
            }
        case "requestbodyprocessor":
            return .requestBodyProcessor(try macro(value, place))
        case "requestbodyaccess": return .requestBodyAccess(try isOn())
        case "responsebodyaccess": return .responseBodyAccess(try isOn())
        case "forcerequestbodyvariable": return .forceRequestBodyVariable(try isOn())
        case "auditengine": return .auditEngine(folded != "off")
        case "auditlogparts", "debugloglevel", "hashengine", "hashenforcement",
            "parsexmlintoargs", "responsebodyprocessor":
            return nil
        default:
            throw SecLangFault(.unknown(kind: "ctl", name: name, nearest: nil), at: place)
        }
    }

    private mutating func removeTarget(
        _ selected: Action.Selected, _ text: [UInt8], _ place: SourcePlace
    ) throws(SecLangFault) -> Action {
        guard let cut = text.firstIndex(of: 0x3B) else {
            throw SecLangFault(
                .badValue(found: text.span.text, expected: "rules, \";\" and a variable"),
                at: place)
        }
        let exclusion = try exclusion(Array(text[(cut + 1)...]), place)
        return .removeTargetsSelected(selected, try macro(Array(text[..<cut]), place), exclusion)
    }

    func exclusion(_ text: [UInt8], _ place: SourcePlace) throws(SecLangFault) -> TargetExclusion {
        guard let node = TargetNode(text.span.trimmingOWS.array, at: place),
            let variable = Variable(named: node.name)
        else {
            throw SecLangFault(
                .badValue(found: text.span.text, expected: "a variable such as ARGS:name"),
                at: place)
        }
        switch node.selector {
        case nil: return TargetExclusion(variable: variable, selector: .all)
        case .key(let key):
            return TargetExclusion(
                variable: variable,
                selector: .key(variable == .xml ? key : key.map(ASCII.lowercase)))
        case .pattern(let pattern):
            do throws(PatternFault) {
                return TargetExclusion(
                    variable: variable,
                    selector: .pattern(try Pattern((Array("(?i)".utf8) + pattern).span)))
            } catch {
                throw SecLangFault(
                    .pattern(message: error.message, offset: max(0, error.offset - 4)), at: place)
            }
        }
    }
}

extension Variable {
    /// Kept beyond a transaction, under a key that `initcol` names.
    var isPersistent: Bool {
        switch self {
        case .ip, .global, .session, .user, .resource: true
        default: false
        }
    }
}
