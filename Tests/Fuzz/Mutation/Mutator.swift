/// Damages files: what was sound once, with bytes changed, lost or doubled. The same seed gives
/// the same damage.
package struct Mutator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// 0 up to, and without, `bound`.
    package mutating func roll(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(1, bound)
    }

    package mutating func damage(_ source: [UInt8]) -> [UInt8] {
        var bytes = source
        for _ in 0...roll(6) where !bytes.isEmpty {
            // Heads are where most of the decisions are.
            let at = roll(roll(2) == 0 ? min(bytes.count, 200) : bytes.count)
            switch roll(5) {
            case 0: bytes[at] ^= UInt8(1 << roll(8))
            case 1: bytes[at] = [0, 0xFF, 0x7F, 0x80, 1][roll(5)]
            case 2: bytes.removeSubrange(at..<min(bytes.count, at + 1 + roll(16)))
            case 3:
                let piece = bytes[at..<min(bytes.count, at + 1 + roll(64))]
                bytes.insert(contentsOf: piece, at: roll(bytes.count))
            default: if roll(4) == 0 { bytes.removeSubrange(at...) }
            }
        }
        return bytes
    }
}
