internal import PorticoBytes
internal import PorticoSecLang

/// Variables that nothing sets, or that are empty when the rule runs, and texts that no value can
/// equal after its transformations.
enum LintVariables {
    static func findings(_ tree: SecLangTree) -> [LintFinding] {
        var findings: [LintFinding] = []
        let setters = Setters(tree)
        var reported: Set<String> = []
        var phase = 2
        var isChained = false
        for case .rule(let node) in tree.directives {
            if !isChained { phase = Self.phase(node) }
            isChained = node.actions.contains { $0.name == "chain" }
            for target in node.targets {
                findings += tooEarly(target, phase)
                guard target.use == .value, target.name == "tx",
                    case .key(let key) = target.selector
                else { continue }
                let name = key.span.text.lowercased()
                if !setters.sets(name), reported.insert(name).inserted {
                    findings.append(
                        LintFinding(
                            .neverSet, .warning, at: target.place,
                            "TX:\(key.span.text) is read here, and no rule sets it"))
                }
            }
            for (text, place) in macros(node) {
                for name in Self.names(in: text)
                where !setters.sets(name) && reported.insert(name).inserted {
                    findings.append(
                        LintFinding(
                            .neverSet, .warning, at: place,
                            "%{tx.\(name)} is read here, and no rule sets it"))
                }
            }
            if let finding = neverEqual(node) { findings.append(finding) }
        }
        return findings
    }

    private static func phase(_ node: RuleNode) -> Int {
        let value = node.actions.last { $0.name == "phase" }?.value
        return switch value.map({ $0.span.text.lowercased() }) {
        case "1": 1
        case "3": 3
        case "4", "response": 4
        case "5", "logging": 5
        default: 2
        }
    }

    // MARK: - TX

    /// Names under which something is written to TX.
    private struct Setters {
        private var names: Set<String> = ["msc_pcre_limits_exceeded"]
        /// What stands before a macro in a name that is put together.
        private var prefixes: [String] = []

        init(_ tree: SecLangTree) {
            for digit in 0...9 { names.insert("\(digit)") }
            for case .rule(let node) in tree.directives { add(node.actions) }
            for case .actionUpdate(_, let actions, _) in tree.directives { add(actions) }
            for case .defaults(let actions, _) in tree.directives { add(actions) }
        }

        private mutating func add(_ actions: [ActionNode]) {
            for action in actions where action.name == "setvar" {
                let value = action.value ?? []
                let text = value.span.text.lowercased()
                guard text.hasPrefix("tx.") else { continue }
                var name = text.dropFirst(3)
                if let macro = name.firstRange(of: "%{") {
                    let equals = name.firstIndex(of: "=") ?? name.endIndex
                    if macro.lowerBound < equals {
                        prefixes.append(String(name[..<macro.lowerBound]))
                        continue
                    }
                }
                if let equals = name.firstIndex(of: "=") { name = name[..<equals] }
                names.insert(String(name))
            }
        }

        func sets(_ name: String) -> Bool {
            names.contains(name) || prefixes.contains { name.hasPrefix($0) }
        }
    }

    private static func macros(_ node: RuleNode) -> [([UInt8], SourcePlace)] {
        var texts = node.actions
            .filter { ["setvar", "msg", "logdata", "ctl", "redirect"].contains($0.name) }
            .compactMap { action in action.value.map { ($0, action.place) } }
        if let test = node.test, test.name != "rx" {
            texts.append((test.operand, test.operandPlace))
        }
        return texts
    }

    private static func names(in text: [UInt8]) -> [String] {
        var names: [String] = []
        var rest = text.span.text.lowercased()[...]
        while let open = rest.firstRange(of: "%{tx.") {
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else { break }
            names.append(String(rest[open.upperBound..<close]))
            rest = rest[close...]
        }
        return names
    }

    // MARK: - Phases

    private static let ofBody: Set<String> = [
        "args_post", "args_post_names", "files", "files_names", "files_sizes",
        "files_tmp_content", "request_body", "request_body_length", "xml",
        "multipart_part_headers", "multipart_strict_error", "multipart_unmatched_boundary",
        "reqbody_error", "reqbody_error_msg",
    ]

    private static func tooEarly(_ target: TargetNode, _ phase: Int) -> [LintFinding] {
        let first =
            target.name == "response_body"
            ? 4 : target.name.hasPrefix("response_") ? 3 : ofBody.contains(target.name) ? 2 : 1
        if target.use == .exclusion || phase >= first { return [] }
        return [
            LintFinding(
                .neverMatches, .warning, at: target.place,
                "\(target.name.uppercased()) is empty in phase \(phase); "
                    + "it is known from phase \(first) on")
        ]
    }

    // MARK: - Letters

    private static let exact: Set<String> = ["streq", "contains", "beginswith", "endswith"]

    /// An upper-case letter behind t:lowercase, or the reverse.
    private static func neverEqual(_ node: RuleNode) -> LintFinding? {
        guard let test = node.test, exact.contains(test.name), !test.isNegated,
            test.operand.firstRange(of: [0x25, 0x7B]) == nil
        else { return nil }
        var isLower = false
        var isUpper = false
        for action in node.actions where action.name == "t" {
            switch action.value.map({ $0.span.text.lowercased() }) {
            case "lowercase": (isLower, isUpper) = (true, false)
            case "uppercase": (isLower, isUpper) = (false, true)
            // Others may bring in letters of either case.
            case "trim", "trimleft", "trimright", "compresswhitespace", "removewhitespace",
                "removenulls":
                break
            default: (isLower, isUpper) = (false, false)
            }
        }
        let hasUpper = test.operand.contains { (0x41...0x5A).contains($0) }
        let hasLower = test.operand.contains { (0x61...0x7A).contains($0) }
        guard (isLower && hasUpper) || (isUpper && hasLower) else { return nil }
        return LintFinding(
            .neverMatches, .warning, at: test.operandPlace,
            "never matches: the value is in \(isLower ? "lower" : "upper") case here, and "
                + "\"\(Shown.text(test.operand, upTo: 40))\" is not")
    }
}
