/// What a link's values must have before its operator looks at one (`Demands`), in numbers only:
/// most rules are ruled out here, for all values of a group at once.
struct Gate: Sendable {
    /// Of a link that looks at a static group; -1: another one, of which nothing is known.
    var group: Int32 = -1
    /// The bit of the prefilter that must be set for the test to hold; -1: none.
    var filter: Int32 = -1
    /// Bytes.
    var shortest: Int32 = 0
    var kinds = Kinds()
    /// Of a plain value (`Plainness.plain`) these too.
    var plainKinds = Kinds()

    /// Of each a kind must be there. Three, since `KindDemands.most` are.
    struct Kinds: Sendable {
        private var sets = (UInt64.max, UInt64.max, UInt64.max)

        init() {}

        init(_ demands: KindDemands) {
            let demanded = demands.sets.map(\.rawValue)
            if demanded.count > 0 { sets.0 = demanded[0] }
            if demanded.count > 1 { sets.1 = demanded[1] }
            if demanded.count > 2 { sets.2 = demanded[2] }
        }

        @inline(__always)
        func admits(_ found: ByteKinds) -> Bool {
            found.rawValue & sets.0 != 0 && found.rawValue & sets.1 != 0
                && found.rawValue & sets.2 != 0
        }
    }
}
