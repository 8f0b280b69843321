internal import PorticoBytes
internal import PorticoSecLang
package import PorticoWAF

/// The smallest exclusion that keeps one rule from looking at one variable, as narrow in paths as
/// what was seen allows; ready to paste.
package struct ExclusionProposal: Sendable, Equatable {
    package let rule: Int
    /// `ARGS:q`; nil: the whole rule, where the variable cannot be named.
    package let target: String?
    /// As `[[site.route]] path`: exact, or with `*` at the end.
    package let path: String

    package init(rule: Int, variable: String, paths: [String]) {
        self.rule = rule
        let isPlain = variable.utf8.allSatisfy {
            ASCII.isLetter($0) || ASCII.isDigit($0)
                || [0x3A, 0x5F, 0x2E, 0x2D, 0x5B, 0x5D].contains($0)
        }
        target = isPlain && !variable.isEmpty ? variable : nil
        path = Self.common(paths)
    }

    /// What the paths have in common, cut at a slash.
    static func common(_ paths: [String]) -> String {
        guard let first = paths.first else { return "*" }
        if paths.allSatisfy({ $0 == first }) {
            return isPlain(first) ? first : "*"
        }
        var shared = Array(first.utf8)
        for path in paths {
            let other = Array(path.utf8)
            var count = 0
            while count < min(shared.count, other.count), shared[count] == other[count] {
                count += 1
            }
            shared = Array(shared[..<count])
        }
        while let last = shared.last, last != 0x2F { shared.removeLast() }
        let prefix = shared.span.text
        return prefix.count > 1 && isPlain(prefix) ? prefix + "*" : "*"
    }

    /// Nothing that TOML or SecLang would read as something else.
    private static func isPlain(_ path: String) -> Bool {
        path.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && ![0x22, 0x27, 0x5C, 0x2A, 0x2C].contains($0)
        }
    }

    var wish: RuleExclusions.Wish {
        RuleExclusions.Wish(rules: [rule...rule], tags: [], targets: target.map { [$0] } ?? [])
    }

    /// For config.toml.
    package var toml: String {
        var text =
            "[[site.route]]\npath = \"\(path)\"\n[[site.route.waf_exclude]]\nrules = [\(rule)]"
        if let target { text += "\ntargets = [\"\(target)\"]" }
        return text
    }

    /// For a file that is read before the rules: by path, while the request runs.
    package func secLang(id: Int) -> String {
        let condition =
            path.hasSuffix("*")
            ? (path == "*" ? "@unconditionalMatch" : "@beginsWith \(path.dropLast())")
            : "@streq \(path)"
        let control =
            target.map { "ctl:ruleRemoveTargetById=\(rule);\($0)" } ?? "ctl:ruleRemoveById=\(rule)"
        return "SecRule REQUEST_FILENAME \"\(condition)\" \\\n"
            + "    \"id:\(id),phase:1,pass,nolog,t:none,\(control)\""
    }
}
