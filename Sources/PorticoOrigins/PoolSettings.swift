package import PorticoSettings

/// `[origins.NAME]`: nodes that serve the same content, and how to ask them.
package struct PoolSettings: Equatable, Sendable {
    package let name: String
    package var nodes: [NodeSettings] = []
    package var `protocol` = OriginProtocol.http1
    package var balance = Balance.roundRobin
    /// What consistent-hash spreads by.
    package var hashKey = HashKey.path
    /// How often an idempotent request is sent again, to another node each time; bounded by a
    /// retry budget of 20 % besides.
    package var retries = 2
    package var connectTimeout = Duration.seconds(1)
    /// From the end of the request to the first byte of the answer.
    package var firstByteTimeout = Duration.seconds(15)
    /// Between two reads of the answer.
    package var betweenBytesTimeout = Duration.seconds(15)
    /// Of the whole process, to one node.
    package var connectionsPerNode = 512
    /// Idle connections kept to one node.
    package var keepalive = 64
    package var health = HealthSettings()
    package var ejection = EjectionSettings()

    package init(name: String) { self.name = name }

    package init(name: String, from section: inout Section) {
        self.init(name: name)
        section.require("nodes", expected: "an array of nodes such as [\"127.0.0.1:9001\"]")
        section.read("protocol", into: &`protocol`)
        section.read("balance", into: &balance)
        section.read("hash_key", into: &hashKey, expected: HashKey.expected, HashKey.init)
        section.read("retries", into: &retries, within: 0...10)
        section.read(
            "connect_timeout", into: &connectTimeout, within: .milliseconds(10)...(.seconds(60)))
        section.read(
            "first_byte_timeout", into: &firstByteTimeout,
            within: .milliseconds(10)...(.seconds(3600)))
        section.read(
            "between_bytes_timeout", into: &betweenBytesTimeout,
            within: .milliseconds(10)...(.seconds(3600)))
        section.readCount(
            "connections_per_node", into: &connectionsPerNode, within: 1...1_000_000)
        section.readCount("keepalive", into: &keepalive, within: 0...1_000_000)
        if var health = section.section("health") { self.health = HealthSettings(from: &health) }
        if var ejection = section.section("ejection") {
            self.ejection = EjectionSettings(from: &ejection)
        }
        if let values = section.value("nodes")?.elements() { readNodes(values, of: section) }
        section.finish()
    }

    private mutating func readNodes(_ values: [SettingsValue], of section: Section) {
        if values.isEmpty {
            section.report(.outOfRange(found: "no node", allowed: "one and more"), at: "nodes")
        }
        var lines: [String: Int] = [:]
        for value in values {
            guard let node = NodeSettings(from: value, protocol: `protocol`) else { continue }
            if let line = lines[node.address] {
                value.report(.duplicate(found: node.address, firstLine: line))
                continue
            }
            lines[node.address] = value.line
            nodes.append(node)
        }
    }
}

/// How a node is spoken to.
package enum OriginProtocol: String, CaseIterable, Sendable {
    case http1 = "http/1.1"
    /// HTTP/2 over TLS.
    case h2
    /// HTTP/2 by prior knowledge, without TLS.
    case h2c
}

/// What of a request consistent-hash spreads by.
package enum HashKey: Hashable, Sendable {
    case path
    case url
    case clientIP
    /// A request field, as it was written in the settings.
    case header(String)
    case cookie(String)

    static let expected = "path, url, client_ip, header:NAME or cookie:NAME"

    package init?(_ text: String) {
        switch text {
        case "path": self = .path
        case "url": self = .url
        case "client_ip": self = .clientIP
        default:
            switch NamedValue(text) {
            case .header(let name): self = .header(name)
            case .cookie(let name): self = .cookie(name)
            case nil: return nil
            }
        }
    }
}

/// `[origins.NAME.health]`: active probes.
package struct HealthSettings: Equatable, Sendable {
    /// What is asked of each node; empty: no probes, requests alone tell.
    package var path = ""
    package var interval = Duration.seconds(2)
    package var timeout = Duration.seconds(1)
    /// Failures in a row that take a node out.
    package var fall = 3
    /// Successes in a row that take it back.
    package var rise = 2
    /// The statuses of a healthy node.
    package var expect = [200]

    package init() {}

    package init(from section: inout Section) {
        section.read("path", into: &path, expected: "a path such as \"/health\", or \"\"") {
            $0.isEmpty || isOriginForm($0) ? $0 : nil
        }
        section.read("interval", into: &interval, within: .milliseconds(100)...(.seconds(3600)))
        section.read("timeout", into: &timeout, within: .milliseconds(10)...(.seconds(60)))
        section.read("fall", into: &fall, within: 1...100)
        section.read("rise", into: &rise, within: 1...100)
        section.read("expect", into: &expect, within: 100...599)
        section.finish()
        if expect.isEmpty {
            section.report(
                .outOfRange(found: "no status", allowed: "one and more"), at: "expect")
        }
    }
}

/// `[origins.NAME.ejection]`: what requests tell about a node.
package struct EjectionSettings: Equatable, Sendable {
    /// Failures (5xx, resets, timeouts) in a row that eject a node; 0: never.
    package var consecutiveFailures = 5
    /// Of the first ejection; grows with each, at most 10 times.
    package var duration = Duration.seconds(10)

    package init() {}

    package init(from section: inout Section) {
        section.read("consecutive_failures", into: &consecutiveFailures, within: 0...10_000)
        section.read("duration", into: &duration, within: .milliseconds(100)...(.seconds(86_400)))
        section.finish()
    }
}

/// Whether a text can stand as it is in a request line: a path, perhaps with a query.
private func isOriginForm(_ text: String) -> Bool {
    text.utf8.first == 0x2F && text.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x23 }
}
