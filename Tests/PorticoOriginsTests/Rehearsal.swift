import PorticoBytes
import Testing

@testable import PorticoOrigins

/// A moment so many seconds into a test. Not from zero, which an atomic holds by default.
func second(_ count: Double) -> Instant {
    Instant(nanoseconds: 1_000_000_000_000 + UInt64(count * 1e9))
}

/// A pool of nodes a, b, c …, as many as there are weights.
func describe(
    _ weights: [Int], _ adjust: (inout PoolDescription) -> Void = { _ in }
) -> PoolDescription {
    let nodes = weights.enumerated().map { place, weight in
        let name = String(UnicodeScalar(UInt8(97 + place % 26))) + (place < 26 ? "" : "\(place)")
        var node = NodeDescription(address: "\(name):80", host: name, port: 80)
        node.weight = weight
        return node
    }
    var description = PoolDescription(name: "shop", nodes: nodes)
    adjust(&description)
    return description
}

extension Balancer {
    convenience init(_ pool: Pool) { self.init(pool, seed: 1, at: second(0)) }

    /// The host that is chosen, or why none is; its request is over at once.
    func pick(
        at now: Instant = second(0), excluding tried: [Int] = [], key: UInt64? = nil
    ) -> String {
        var set = NodeSet()
        for index in tried { set.insert(index) }
        switch select(at: now, excluding: set, key: key) {
        case .node(let claim): return claim.node.host
        case .none(let shortage): return "\(shortage)"
        }
    }

    func picks(_ count: Int, at now: Instant = second(0), excluding tried: [Int] = []) -> String {
        (0..<count).map { _ in pick(at: now, excluding: tried) }.joined()
    }
}

extension Selection {
    consuming func claim() throws -> Claim {
        switch consume self {
        case .node(let claim): return claim
        case .none(let shortage): throw NoNode(shortage: shortage)
        }
    }
}

struct NoNode: Error {
    let shortage: Shortage
}

extension Node {
    func fail(_ times: Int = 1, _ kind: FailureKind = .reset, at now: Instant) {
        for _ in 0..<times { record(.failure(kind), at: now) }
    }

    func probe(_ results: [ProbeResult], at now: Instant) {
        for result in results { _ = record(result, at: now) }
    }
}

extension ProbeResult {
    static let refused = ProbeResult.failed(.unreachable)
}
