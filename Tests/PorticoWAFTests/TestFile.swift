import PorticoBytes

#if canImport(Glibc)
    import Glibc
#endif

/// Files that tests read.
enum TestFile {
    /// Nil if it cannot be read.
    static func bytes(_ path: String) -> [UInt8]? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes {
                unsafe fread($0.baseAddress, 1, $0.count, file)
            }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    /// The lines of a file in `Tests/PorticoWAFTests/Data`.
    static func lines(of name: String, beside path: String) -> [[UInt8]] {
        (bytes(root(path) + "/Tests/PorticoWAFTests/Data/" + name) ?? [])
            .split(separator: 0x0A).map(Array.init)
    }

    /// A file of the directory that stands beside the package; nil where it is absent.
    static func shared(_ name: String, beside path: String) -> [UInt8]? {
        bytes(root(path) + "/../shared/" + name)
    }

    /// The package's directory.
    static func root(_ path: String) -> String {
        guard let end = path.range(of: "/Tests/PorticoWAFTests/") else { return "." }
        return String(path[..<end])
    }
}

extension String {
    fileprivate func range(of text: String) -> String.Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}

/// Repeatable pseudo-random numbers (Marsaglia's xorshift64).
struct SmallRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func below(_ bound: Int) -> Int { Int(next() >> 33) % bound }
}
