/// Where rule files come from: the disk in the daemon, a table in tests.
package struct RuleFiles: Sendable {
    /// The bytes of a file, nil if it cannot be read.
    package let contents: @Sendable (_ path: String) -> [UInt8]?
    /// The names in a folder without `.` and `..`, nil if it cannot be read.
    package let names: @Sendable (_ folder: String) -> [String]?

    package init(
        contents: @escaping @Sendable (String) -> [UInt8]?,
        names: @escaping @Sendable (String) -> [String]?
    ) {
        self.contents = contents
        self.names = names
    }

    /// A table of paths and texts.
    package init(_ texts: [String: String]) {
        self.init(
            contents: { texts[$0].map { Array($0.utf8) } },
            names: { folder in
                let prefix = folder.isEmpty ? "" : folder.hasSuffix("/") ? folder : folder + "/"
                let inside = texts.keys.compactMap { path -> String? in
                    guard path.hasPrefix(prefix) else { return nil }
                    return path.dropFirst(prefix.count).split(separator: "/").first.map(String.init)
                }
                return inside.isEmpty ? nil : Array(Set(inside))
            })
    }

    /// `path` as seen from the folder of the file `from`.
    package static func resolve(_ path: String, from file: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }

    /// The files that a path with `*`, `?` and `[…]` names, in the order of their bytes. A path
    /// without wildcards names itself, whether it exists or not.
    package func matches(_ pattern: String) -> [String] {
        guard Glob.isPattern(pattern) else { return [pattern] }
        var found = [pattern.hasPrefix("/") ? "/" : ""]
        for part in pattern.split(separator: "/") {
            let component = String(part)
            var next: [String] = []
            for folder in found {
                if !Glob.isPattern(component) {
                    next.append(folder + component + "/")
                    continue
                }
                let glob = Glob(component)
                for name in names(folder.isEmpty ? "." : folder) ?? (names(folder) ?? [])
                where glob.matches(name) {
                    next.append(folder + name + "/")
                }
            }
            found = next
        }
        return found.map { String($0.dropLast()) }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }
}

/// One component of a path with wildcards, as in glob(7). A leading dot is matched by a dot only.
struct Glob {
    private let pattern: [UInt8]

    init(_ pattern: String) { self.pattern = Array(pattern.utf8) }

    static func isPattern(_ text: String) -> Bool {
        text.utf8.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B }
    }

    func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        if name.first == 0x2E, pattern.first != 0x2E { return false }
        var p = 0
        var n = 0
        // Where to go on when what follows the last star did not fit.
        var retry: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == 0x2A {
                retry = (p + 1, n)
                p += 1
            } else if p < pattern.count, let length = single(at: p, name[n]) {
                p += length
                n += 1
            } else if let last = retry {
                retry = (last.pattern, last.name + 1)
                p = last.pattern
                n = last.name + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == 0x2A { p += 1 }
        return p == pattern.count
    }

    /// How many bytes of the pattern stand for `byte`; nil if they do not.
    private func single(at start: Int, _ byte: UInt8) -> Int? {
        switch pattern[start] {
        case 0x3F: return 1
        case 0x5B:
            var index = start + 1
            let isInverted =
                index < pattern.count && (pattern[index] == 0x21 || pattern[index] == 0x5E)
            if isInverted { index += 1 }
            var found = false
            let first = index
            while index < pattern.count, pattern[index] != 0x5D || index == first {
                if index + 2 < pattern.count, pattern[index + 1] == 0x2D, pattern[index + 2] != 0x5D
                {
                    if pattern[index] <= byte, byte <= pattern[index + 2] { found = true }
                    index += 3
                } else {
                    if pattern[index] == byte { found = true }
                    index += 1
                }
            }
            // Without an end, the bracket stands for itself.
            guard index < pattern.count else { return byte == 0x5B ? 1 : nil }
            return found != isInverted ? index + 1 - start : nil
        case byte: return 1
        default: return nil
        }
    }
}
