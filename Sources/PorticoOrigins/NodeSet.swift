/// A few nodes of one pool, by index: those that a request has already tried.
///
/// Pools of up to 64 nodes cost no allocation.
package struct NodeSet: Equatable, Sendable {
    private var first: UInt64 = 0
    /// The nodes from 64 up, 64 to a word.
    private var rest: [UInt64] = []

    package init() {}

    package func contains(_ index: Int) -> Bool {
        if index < 64 { return first >> UInt64(index) & 1 == 1 }
        let word = index / 64 - 1
        return word < rest.count && rest[word] >> UInt64(index % 64) & 1 == 1
    }

    package mutating func insert(_ index: Int) {
        precondition(index >= 0)
        if index < 64 {
            first |= 1 << UInt64(index)
            return
        }
        let word = index / 64 - 1
        while rest.count <= word { rest.append(0) }
        rest[word] |= 1 << UInt64(index % 64)
    }
}
