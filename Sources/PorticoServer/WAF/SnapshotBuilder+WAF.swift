internal import PorticoExchange
internal import PorticoSecLang
internal import PorticoWAF

extension SnapshotBuilder {
    /// One for each `[waf.NAME]` whose rules are in order. What clients have collected goes on
    /// under the next rules of the same name.
    mutating func makeFirewalls(_ problems: inout [String]) -> [Firewall] {
        let loaded = rules ?? LoadedRules.load(configuration.wafs)
        var made: [Firewall] = []
        for entry in loaded.entries {
            problems += entry.problems
            warnings += entry.warnings
            guard let rules = entry.rules else { continue }
            let before = former?.policy.firewalls.first {
                $0.settings.name == entry.settings.name
            }
            made.append(
                Firewall(
                    entry.settings, rules: rules, digest: entry.digest,
                    persistent: before?.persistent ?? PersistentStore(),
                    pool: inspection?.pool, log: inspection?.log(at: entry.settings.log)))
        }
        return made
    }

    /// What the requests of a route are not held against; nil: nothing.
    mutating func exclusions(
        of route: RouteSettings, in site: SiteSettings, _ firewall: Firewall?,
        _ problems: inout [String]
    ) -> RuleExclusions? {
        guard let firewall, !route.wafExcludes.isEmpty else { return nil }
        let place = "site \(site.hosts.first ?? ""), route \(route.path): waf_exclude"
        for rule in route.wafExcludes.flatMap(\.rules)
        where !firewall.rules.rules.contains(where: { rule.contains($0.id) }) {
            let end = rule.count == 1 ? "" : "-\(rule.upperBound)"
            let ids = "\(rule.lowerBound)\(end)"
            warnings.append("\(place): waf.\(firewall.settings.name) has no rule \(ids)")
        }
        do throws(SecLangFault) {
            return try firewall.rules.exclusions(
                route.wafExcludes.map { wish in
                    RuleExclusions.Wish(
                        rules: wish.rules, tags: wish.tags, targets: wish.targets)
                },
                at: SourcePlace(file: configuration.file, line: 0, column: 0))
        } catch {
            problems.append("\(place): \(error.kind.sentence)")
            return nil
        }
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// One line for each site: which rules are in force, and how. None where no site can have any.
    func firewallLines(_ firewalls: [Firewall]) -> [String] {
        if configuration.wafs.isEmpty { return [] }
        return configuration.sites.map { site in
            let name = "site \(site.hosts.joined(separator: ", "))"
            guard let firewall = firewalls.first(where: { $0.settings.name == site.waf }) else {
                return "\(name): no WAF"
            }
            let rules = firewall.rules
            var line = "\(name): waf.\(site.waf), mode \(firewall.settings.mode.rawValue)"
            if firewall.settings.mode != .off, rules.settings.mode != .on {
                line +=
                    rules.settings.mode == .off
                    ? " (SecRuleEngine Off: nothing is inspected)"
                    : " (SecRuleEngine DetectionOnly: nothing is blocked)"
            }
            line += ", \(Self.count(rules.rules.count, "rule"))"
            line += " from \(Self.count(rules.files.count, "file"))"
            for route in site.routes where !route.wafExcludes.isEmpty {
                line += ", exclusions on \(route.path)"
            }
            return line
        }
    }
}
