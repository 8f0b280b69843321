internal import PorticoBytes
package import PorticoSecLang

/// What the requests of a route are not held against (`waf_exclude`), resolved against a rule set.
package struct RuleExclusions: Sendable {
    /// As the configuration says it.
    package struct Wish: Sendable {
        /// Rule ids; none: all that the tags name.
        package var rules: [ClosedRange<Int>]
        /// Tags, `*` for any bytes.
        package var tags: [String]
        /// `ARGS:name` …; none: the whole rule.
        package var targets: [String]

        package init(rules: [ClosedRange<Int>], tags: [String], targets: [String]) {
            self.rules = rules
            self.tags = tags
            self.targets = targets
        }
    }

    let removed: [Int32]
    let targets: [Transaction.TargetRemoval]

    package var isEmpty: Bool { removed.isEmpty && targets.isEmpty }
}

extension RuleSet {
    /// A rule is meant by its id or by a tag; a wish that names neither means all rules.
    package func exclusions(
        _ wishes: [RuleExclusions.Wish], at place: SourcePlace
    ) throws(SecLangFault) -> RuleExclusions {
        var removed: [Int32] = []
        var targets: [Transaction.TargetRemoval] = []
        for wish in wishes {
            let meant = rules.indices.filter { index in
                let rule = rules[index]
                if wish.rules.isEmpty, wish.tags.isEmpty { return true }
                if wish.rules.contains(where: { $0.contains(rule.id) }) { return true }
                return wish.tags.contains { tag in
                    rule.tags.contains { Self.matches(Array(tag.utf8), $0) }
                }
            }.map(Int32.init)
            if wish.targets.isEmpty { removed += meant }
            for target in wish.targets {
                let builder = RuleSetBuilder(files: RuleFiles([:]))
                targets.append(
                    Transaction.TargetRemoval(
                        rules: meant, exclusion: try builder.exclusion(Array(target.utf8), place)))
            }
        }
        return RuleExclusions(removed: removed, targets: targets)
    }

    /// `*` stands for any bytes.
    private static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var p = 0
        var t = 0
        var retry: (Int, Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == 0x2A {
                p += 1
                retry = (p, t)
            } else if p < pattern.count, pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let (pattern, start) = retry {
                retry = (pattern, start + 1)
                p = pattern
                t = start + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == 0x2A { p += 1 }
        return p == pattern.count
    }
}
