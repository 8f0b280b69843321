/// What a link's values must have before its operator looks at one (`Demands`), in numbers only:
/// most rules are ruled out here, for all values of a group at once.
struct Gate: Sendable {
    /// Of a link that looks at a static group; -1: another one, of which nothing is known.
    var group: Int32 = -1
    /// The bit of the prefilter that must be set for the test to hold; -1: none.
    var filter: Int32 = -1
    /// Bytes.
    var shortest: Int32 = 0
    /// Of each a kind must be there. Three, since `KindDemands.most` are.
    var kinds = (ByteKinds.everything, ByteKinds.everything, ByteKinds.everything)

    @inline(__always)
    func admits(_ found: ByteKinds) -> Bool {
        found.rawValue & kinds.0.rawValue != 0 && found.rawValue & kinds.1.rawValue != 0
            && found.rawValue & kinds.2.rawValue != 0
    }

    mutating func demand(_ demands: KindDemands) {
        let sets = demands.sets
        if sets.count > 0 { kinds.0 = sets[0] }
        if sets.count > 1 { kinds.1 = sets[1] }
        if sets.count > 2 { kinds.2 = sets[2] }
    }
}
