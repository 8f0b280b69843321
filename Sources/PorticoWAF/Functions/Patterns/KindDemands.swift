/// Sets of kinds of bytes of each of which a value must have one: `(?i)\bor\s+\d` needs `o`, `r`,
/// a blank and a digit. The few that ordinary values are least likely to have.
struct KindDemands: Equatable, Sendable {
    static let most = 3
    /// A set that is met more often than this (`ByteKinds.frequency`) tells nothing.
    static let dullest = 700

    /// The rarest first.
    private(set) var sets: [ByteKinds] = []

    static let none = KindDemands([])

    init(_ sets: [ByteKinds]) {
        var kept: [(frequency: Int, set: ByteKinds)] = []
        for set in sets where !kept.contains(where: { $0.set == set }) {
            let frequency = set.frequency
            if frequency <= Self.dullest { kept.append((frequency, set)) }
        }
        kept.sort { ($0.frequency, $0.set.rawValue) < ($1.frequency, $1.set.rawValue) }
        self.sets = kept.prefix(Self.most).map(\.set)
    }

    /// Of one text that must occur.
    init(text: [UInt8]) { self.init(text.map { ByteKinds($0) }) }

    /// Both are needed.
    func and(_ other: KindDemands) -> KindDemands {
        if sets.isEmpty { return other }
        if other.sets.isEmpty || self == other { return self }
        return KindDemands(sets + other.sets)
    }

    /// One of them is needed.
    func or(_ other: KindDemands) -> KindDemands {
        if self == other { return self }
        return KindDemands(sets.flatMap { set in other.sets.map { set.union($0) } })
    }

    /// Whether values of these kinds can meet all of them.
    func areMet(by kinds: ByteKinds) -> Bool {
        sets.allSatisfy { !$0.isDisjoint(with: kinds) }
    }
}
