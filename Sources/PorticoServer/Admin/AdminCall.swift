internal import PorticoHTTP

/// What an admin request asks for.
enum AdminCall: Equatable {
    enum NodeChange: String {
        case drain, enable, disable
    }

    case health
    case readiness
    case metrics
    case status
    case origins
    case reload
    case node(pool: String, node: String, NodeChange)

    init?(path: String) {
        switch path {
        case "/healthz": self = .health
        case "/readyz": self = .readiness
        case "/metrics": self = .metrics
        case "/v1/status": self = .status
        case "/v1/origins": self = .origins
        case "/v1/reload": self = .reload
        default:
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
                .map(String.init)
            guard parts.count == 6, parts[0].isEmpty, parts[1] == "v1", parts[2] == "origins",
                let change = NodeChange(rawValue: parts[5])
            else { return nil }
            self = .node(pool: parts[3], node: parts[4], change)
        }
    }

    var methods: Set<Method> {
        switch self {
        case .health, .readiness, .metrics, .status, .origins: [.get, .head]
        case .reload, .node: [.post]
        }
    }

    var methodList: String { methods.contains(.get) ? "GET, HEAD" : "POST" }

    /// What a caller must be allowed; nil: nothing.
    func scope(for caller: AdminCaller) -> AdminScopes? {
        switch self {
        case .health, .readiness: nil
        case .metrics: caller.isLocal ? nil : .read
        case .status, .origins: .read
        case .reload: .config
        case .node: .origins
        }
    }
}
