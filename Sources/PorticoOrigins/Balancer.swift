package import PorticoBytes
internal import Synchronization

/// Chooses the node to ask: one for each worker and pool, never shared.
///
/// Usable is what is enabled, not down, not ejected, not full and not yet tried. Backups are asked
/// when no other node is usable; ejected nodes, as a last resort, when no backup is either, since
/// failing requests are weak evidence and the client would get an error in any case. Nodes that
/// probes have found down are never asked.
package final class Balancer {
    package let pool: Pool
    /// What this worker may spend on retries.
    package var budget: RetryBudget

    /// Smooth weighted round-robin's account of each node.
    private var credits: [Int]
    private var dice: Dice
    /// The nodes to choose among; here only to keep its storage.
    private var candidates: [Int] = []

    package init(_ pool: Pool, seed: UInt64, at now: Instant) {
        self.pool = pool
        budget = RetryBudget(at: now)
        credits = Array(repeating: 0, count: pool.nodes.count)
        dice = Dice(seed: seed)
        candidates.reserveCapacity(pool.nodes.count)
    }

    /// The node to ask, already counted as having one request more under way.
    ///
    /// - Parameters:
    ///   - tried: the nodes that have failed this request.
    ///   - key: a hash of what `hash_key` names, or of the client's address for `ip-hash`. Without
    ///     one (the cookie is missing) the hashing kinds take turns.
    package func select(
        at now: Instant, excluding tried: NodeSet = NodeSet(), key: UInt64? = nil
    ) -> Selection {
        var avoided = tried
        while true {
            guard gather(at: now, avoiding: avoided) else {
                return .none(shortage(tried: tried))
            }
            let node = pool.nodes[choose(key)]
            if node.tryEnter(limit: pool.description.connectionsPerNode) {
                return .node(Claim(node: node))
            }
            // Another worker took the last place since we looked.
            avoided.insert(node.index)
        }
    }

    // MARK: - Who may be asked

    /// Collects the candidates of the best rank that has any.
    private func gather(at now: Instant, avoiding avoided: NodeSet) -> Bool {
        var rank = Rank.none
        candidates.removeAll(keepingCapacity: true)
        for node in pool.nodes {
            let own = self.rank(of: node, at: now)
            if own < rank || own == .none || avoided.contains(node.index) { continue }
            if own > rank {
                rank = own
                candidates.removeAll(keepingCapacity: true)
            }
            candidates.append(node.index)
        }
        return !candidates.isEmpty
    }

    private func rank(of node: Node, at now: Instant) -> Rank {
        if !node.isInService || node.inFlight >= pool.description.connectionsPerNode {
            return .none
        }
        switch (node.isEjected(at: now), node.isBackup) {
        case (false, false): return .primary
        case (false, true): return .backup
        case (true, false): return .ejected
        case (true, true): return .ejectedBackup
        }
    }

    private enum Rank: Int, Comparable {
        case none, ejectedBackup, ejected, backup, primary

        static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
    }

    /// Why nobody is left.
    private func shortage(tried: NodeSet) -> Shortage {
        var result = Shortage.allDown
        for node in pool.nodes {
            if tried.contains(node.index) {
                result = .allTried
            } else if node.isInService {
                return .allFull
            }
        }
        return result
    }

    // MARK: - Which of them

    private func choose(_ key: UInt64?) -> Int {
        if candidates.count == 1 { return candidates[0] }
        switch pool.description.balance {
        case .roundRobin:
            return takeTurn()
        case .leastRequests:
            keepLeastLoaded()
            return takeTurn()
        case .randomTwo:
            return lesserOfTwo()
        case .consistentHash, .ipHash:
            // A client's address is a key like any other: rendezvous keeps the clients of the
            // nodes that stay where they are, which a modulus over the nodes would not.
            return key.map(nearest) ?? takeTurn()
        }
    }

    /// nginx's smooth weighted round-robin: each gets its weight, the richest pays for all. With
    /// weights 5, 1, 1 the order is a a b a c a a, never five in a row.
    private func takeTurn() -> Int {
        var total = 0
        var best = candidates[0]
        for index in candidates {
            let weight = pool.nodes[index].weight
            total += weight
            credits[index] += weight
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= total
        return best
    }

    /// Leaves the candidates with the fewest requests for their weight.
    private func keepLeastLoaded() {
        var kept = 0
        var least = (load: 0, weight: 1)
        for index in candidates {
            let node = pool.nodes[index]
            let own = (load: node.inFlight, weight: node.weight)
            let (left, right) = (own.load * least.weight, least.load * own.weight)
            if kept == 0 || left < right {
                least = own
                kept = 0
            } else if left > right {
                continue
            }
            candidates[kept] = index
            kept += 1
        }
        candidates.removeSubrange(kept...)
    }

    /// The power of two choices: two different nodes by weight, and the less loaded of them. Unlike
    /// the least loaded of all, workers that look at the same moment do not all choose the same.
    private func lesserOfTwo() -> Int {
        var total = 0
        for index in candidates { total += pool.nodes[index].weight }
        let first = drawn(below: total, without: nil)
        let second = drawn(below: total - pool.nodes[first].weight, without: first)
        let (one, other) = (pool.nodes[first], pool.nodes[second])
        return other.inFlight * one.weight < one.inFlight * other.weight ? second : first
    }

    private func drawn(below total: Int, without skipped: Int?) -> Int {
        var rest = dice.roll(below: total)
        var last = candidates[0]
        for index in candidates where index != skipped {
            last = index
            rest -= pool.nodes[index].weight
            if rest < 0 { break }
        }
        return last
    }

    private func nearest(to key: UInt64) -> Int {
        var best = candidates[0]
        var least = Double.infinity
        for index in candidates {
            let node = pool.nodes[index]
            let distance = Rendezvous.distance(of: key, to: node.hash, weight: node.weight)
            if distance < least {
                least = distance
                best = index
            }
        }
        return best
    }
}

/// Whom to ask, or why nobody.
package enum Selection: ~Copyable {
    case node(Claim)
    case none(Shortage)
}

package enum Shortage: Equatable, Sendable {
    /// Probes or an operator have taken out every node.
    case allDown
    /// Some node is well but has as many requests as it may.
    case allFull
    /// Every node that is well has already failed this request.
    case allTried
}

/// A request's place among those under way to a node; leaving scope gives it back.
package struct Claim: ~Copyable {
    package let node: Node

    fileprivate init(node: Node) { self.node = node }

    deinit { node.leave() }
}
