internal import PorticoBytes
internal import PorticoHTTP

/// What an admin request asks for.
enum AdminCall: Equatable {
    enum NodeChange: String {
        case drain, enable, disable
    }

    case dashboard
    case health
    case readiness
    case metrics
    case status
    case origins
    case reload
    case node(pool: String, node: String, NodeChange)
    case purgeKey(String, service: String)
    case purgeKeys(service: String)
    case purgeAll(service: String)
    /// `host/path?query`, perhaps with a scheme before.
    case purgeURL([UInt8])
    /// Cloudflare's.
    case purgeZone(String)
    /// Our own: everything that the others can, in one JSON body.
    case purgeAnything
    case purges
    case purge(id: String)
    case cache
    case explain
    /// Fastly's: what a WAF makes of a request.
    case simulate(workspace: String)

    init?(head: borrowing RequestHead, path: String) {
        switch path {
        case "/": self = .dashboard
        case "/healthz": self = .health
        case "/readyz": self = .readiness
        case "/metrics": self = .metrics
        case "/v1/status": self = .status
        case "/v1/origins": self = .origins
        case "/v1/reload": self = .reload
        case "/v1/cache": self = .cache
        case "/v1/explain": self = .explain
        case "/v1/purges": self = head.method == .post ? .purgeAnything : .purges
        default:
            if let call = Self.purge(head, path) {
                self = call
                return
            }
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
                .map(String.init)
            if parts.count == 4, parts[0].isEmpty, parts[1] == "v1", parts[2] == "purges",
                !parts[3].isEmpty
            {
                self = .purge(id: parts[3])
                return
            }
            guard parts.count == 6, parts[0].isEmpty, parts[1] == "v1", parts[2] == "origins",
                let change = NodeChange(rawValue: parts[5])
            else { return nil }
            self = .node(pool: parts[3], node: parts[4], change)
        }
    }

    /// Fastly's paths.
    private static func purge(_ head: borrowing RequestHead, _ path: String) -> AdminCall? {
        let url = "/purge/"
        if path.hasPrefix(url) {
            let whole = head[head.pathAndQuery]
            return .purgeURL(whole.extracting(min(url.utf8.count, whole.count)...).array)
        }
        if let workspace = workspace(path) { return .simulate(workspace: workspace) }
        if let zone = zone(path) { return .purgeZone(zone) }
        let parts = path.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count > 3, parts[0].isEmpty, parts[1] == "service",
            let service = unescaped(parts[2]), !service.isEmpty
        else { return nil }
        switch (parts[3], parts.count) {
        case ("purge", 4): return .purgeKeys(service: service)
        case ("purge_all", 4): return .purgeAll(service: service)
        case ("purge", 5):
            guard let key = unescaped(parts[4]), !key.isEmpty else { return nil }
            return .purgeKey(key, service: service)
        default: return nil
        }
    }

    /// `/client/v4/zones/ZONE/purge_cache`.
    private static func zone(_ path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "client", parts[2] == "v4",
            parts[3] == "zones", parts[5] == "purge_cache", !parts[4].isEmpty
        else { return nil }
        return unescaped(parts[4])
    }

    /// `/ngwaf/v1/workspaces/ID/simulate`.
    private static func workspace(_ path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "ngwaf", parts[2] == "v1",
            parts[3] == "workspaces", parts[5] == "simulate", !parts[4].isEmpty
        else { return nil }
        return unescaped(parts[4])
    }

    /// Nil for a broken escape.
    static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(ASCII.hexadecimalValue),
                let low = rest.popFirst().flatMap(ASCII.hexadecimalValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    var methods: Set<Method> {
        switch self {
        case .dashboard, .health, .readiness, .metrics, .status, .origins, .purges, .purge,
            .cache, .explain:
            [.get, .head]
        case .reload, .node, .purgeKey, .purgeKeys, .purgeAll, .purgeURL, .purgeZone,
            .purgeAnything, .simulate:
            [.post]
        }
    }

    var methodList: String {
        if case .purges = self { return "GET, HEAD, POST" }
        return methods.contains(.get) ? "GET, HEAD" : "POST"
    }

    /// In whose words it is refused.
    var shape: AdminShape {
        switch self {
        case .purgeKey, .purgeKeys, .purgeAll, .purgeURL, .simulate: .fastly
        case .purgeZone: .cloudflare
        default: .own
        }
    }

    /// What a caller must be allowed; nil: nothing.
    func scope(for caller: AdminCaller) -> AdminScopes? {
        switch self {
        case .health, .readiness: nil
        case .dashboard, .metrics: caller.isLocal ? nil : .read
        case .status, .origins, .purges, .purge, .cache, .explain, .simulate: .read
        case .reload: .config
        case .node: .origins
        case .purgeKey, .purgeKeys, .purgeURL: .purgeSelect
        // What it names decides: `AdminCaller.mayCarryOut`.
        case .purgeZone, .purgeAnything: caller.scopes.intersection(.purge).isEmpty ? .purge : nil
        case .purgeAll: .purgeAll
        }
    }
}
