internal import PorticoBytes
internal import PorticoWAF

/// The proof at each start that a firewall is really on: requests that no set of rules may let
/// pass, held against the compiled ones.
enum KnownAttack {
    /// One of each kind that even a small set looks for.
    private static let targets = [
        "/?id=1%27%20UNION%20SELECT%20login,password%20FROM%20admin_user--%20-",
        "/?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E",
        "/?file=../../../../../../etc/passwd",
        "/?c=;cat%20/etc/passwd%7Cnc%20192.0.2.1%204444",
    ]

    /// Whether one of them would be blocked where blocking is allowed, or scores at least.
    static func isCaught(by rules: RuleSet, _ settings: WAFSettings) -> Bool {
        var transaction = Transaction(rules, settings, persistent: PersistentStore(collections: 16))
        let now = Instant(nanoseconds: 1)
        for target in targets {
            var identity = RequestIdentity()
            identity.client = IPAddress(v4: 0xC000_0201)
            identity.uniqueID = Array("self-test".utf8)
            transaction.start(identity, now: now)
            let head = Array(
                """
                GET \(target) HTTP/1.1\r
                Host: shop.example\r
                User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101\r
                Accept: */*\r
                \r

                """.utf8)
            transaction.setRawHead(head.span)
            _ = transaction.inspectRequestHead(now: now)
            _ = transaction.inspectRequestBody(now: now)
            transaction.finish(now: now)
            if transaction.isDetected || transaction.score > 0 { return true }
        }
        return false
    }

    static func advice(for rules: RuleSet) -> String {
        switch rules.settings.mode {
        case .off: "SecRuleEngine is Off"
        case .on, .detectionOnly: "they have \(rules.rules.count) rules, and none looks for it"
        }
    }
}
