/// The coded source: bytes that the caller of the pipeline holds until it returns.
///
/// Reads answer nil beyond the end: what a file claims of its own length is not believed.
@safe struct SourceBytes {
    let base: UnsafePointer<UInt8>
    let count: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        unsafe base = bytes.baseAddress ?? UnsafePointer(bitPattern: 1)!
        count = bytes.count
    }

    subscript(_ at: Int) -> UInt8? {
        guard at >= 0, at < count else { return nil }
        // SAFETY: within the bytes, as just checked.
        return unsafe base[at]
    }

    func word16(_ at: Int) -> Int? {
        guard let high = self[at], let low = self[at + 1] else { return nil }
        return Int(high) << 8 | Int(low)
    }

    func word32(_ at: Int) -> Int? {
        guard let high = word16(at), let low = word16(at + 2) else { return nil }
        return high << 16 | low
    }

    func little32(_ at: Int) -> Int? {
        guard let a = self[at], let b = self[at + 1], let c = self[at + 2], let d = self[at + 3]
        else { return nil }
        return Int(a) | Int(b) << 8 | Int(c) << 16 | Int(d) << 24
    }

    func little16(_ at: Int) -> Int? {
        guard let low = self[at], let high = self[at + 1] else { return nil }
        return Int(low) | Int(high) << 8
    }

    /// Whether `text` stands at `at`.
    func has(_ text: StaticString, at: Int) -> Bool {
        guard at >= 0, count - at >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount
        where unsafe self[at + index] != text.utf8Start[index] { return false }
        return true
    }

    /// A copy of a part, cut at the end.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        let range = range.clamped(to: 0..<count)
        return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}
