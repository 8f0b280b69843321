package import PorticoSettings

/// `[[rate_limit]]`: how often the same client (or whatever the key names) may ask.
package struct RateLimitSettings: Equatable, Sendable {
    package enum Action: String, CaseIterable, Sendable {
        /// 429 with Retry-After.
        case reject
        case delay
        case log
    }

    /// Sites name it by this.
    package var name = ""
    /// What counts together, joined; in settings with `+`.
    package var key = [RateLimitKey.clientIP]
    package var rate = Rate(100, per: .seconds(1))
    /// How many may come at once; as many as the rate allows in its period where none is written.
    package var burst = 100
    package var match = RateLimitMatch()
    package var action = Action.reject

    package init() {}

    package init(from section: inout Section) {
        section.require("name", expected: "the name that sites use in rate_limits")
        section.require("rate", expected: "a rate such as \"100/s\"")
        section.read("name", into: &name)
        section.read("key", into: &key, expected: RateLimitKey.expected, RateLimitKey.list)
        section.read("rate", into: &rate)
        burst = rate.count
        section.readCount("burst", into: &burst, within: 1...1_000_000_000)
        if var match = section.section("match") { self.match = RateLimitMatch(from: &match) }
        section.read("action", into: &action)
        section.finish()
    }
}

/// One of the things that a limit counts by.
package enum RateLimitKey: Hashable, Sendable {
    case clientIP
    /// The client's /24, or /64 of version 6.
    case clientNet
    case header(String)
    case cookie(String)
    case path
    case host

    static let expected =
        "client_ip, client_net, header:NAME, cookie:NAME, path or host, joined by \"+\""

    /// Reads `client_ip+path`. A `+` in a field's or cookie's name cannot be written.
    static func list(_ text: String) -> [RateLimitKey]? {
        let parts = text.split(separator: "+", omittingEmptySubsequences: false)
        let keys = parts.compactMap { RateLimitKey(String($0)) }
        return keys.count == parts.count && Set(keys).count == keys.count ? keys : nil
    }

    package init?(_ text: String) {
        switch text {
        case "client_ip": self = .clientIP
        case "client_net": self = .clientNet
        case "path": self = .path
        case "host": self = .host
        default:
            switch NamedValue(text) {
            case .header(let name): self = .header(name)
            case .cookie(let name): self = .cookie(name)
            case nil: return nil
            }
        }
    }
}

/// Which requests a limit counts; what is empty asks for nothing.
package struct RateLimitMatch: Equatable, Sendable {
    /// A host of a site, as the site writes it.
    package var site = ""
    /// As in `[[site.route]]`.
    package var path = ""
    package var methods: [String] = []

    package init() {}

    package init(from section: inout Section) {
        section.read("site", into: &site, namingA: "site host")
        section.read("path", into: &path, expected: "a path such as \"/api/*\"") {
            $0.isEmpty || $0.hasPrefix("/") || $0.hasPrefix("*") ? $0 : nil
        }
        section.read("methods", into: &methods, expected: "a method such as \"POST\"") {
            isToken($0) ? $0 : nil
        }
        section.finish()
    }
}
