private import Glibc

/// Weighted rendezvous hashing (highest random weight): a key goes to the node that scores best
/// for it.
///
/// Taken instead of a ring because it needs no table, is even without hundreds of points a node,
/// moves exactly the keys that must move when a node comes, goes or changes its weight, and spreads
/// the keys of a lost node over all others by weight, where a ring heaps them on few. A choice
/// costs one logarithm a node, which is nothing for the dozens of nodes that a pool has.
enum Rendezvous {
    /// How far a node is from a key; the nearest is asked. Always above zero.
    ///
    /// Exponentially distributed with the weight as its rate: the smallest of several such numbers
    /// belongs to each with a probability of its share of the weights.
    static func distance(of key: UInt64, to node: UInt64, weight: Int) -> Double {
        let bits = mix(key ^ node) >> 11
        // Within (0, 1): 53 bits and a half.
        let uniform = (Double(bits) + 0.5) / 0x1p53
        return -log(uniform) / Double(weight)
    }

    /// FNV-1a, mixed: the same in every process, unlike `Hasher`.
    static func hash(of text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return mix(hash)
    }

    /// The finisher of SplitMix64.
    static func mix(_ word: UInt64) -> UInt64 {
        var word = word &+ 0x9E37_79B9_7F4A_7C15
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// SplitMix64: enough to choose nodes by, and repeatable in tests.
struct Dice {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A number from zero up to, but not including, `bound`.
    mutating func roll(below bound: Int) -> Int {
        let word = Rendezvous.mix(state)
        state &+= 0x9E37_79B9_7F4A_7C15
        return Int(word.multipliedFullWidth(by: UInt64(bound)).high)
    }
}
