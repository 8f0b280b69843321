internal import PorticoBytes

/// A pattern of paths: "*" stands for any bytes, "/" included; ASCII letters match without case.
///
/// Matched against the normal form of `PathNormaliser`. The cost is at most bytes of the path times
/// bytes of the pattern: only the last star is ever tried again.
package struct PathPattern: Equatable, Sendable {
    /// In lower case, stars in a row merged.
    private let bytes: [UInt8]

    package init(_ pattern: String) {
        var bytes: [UInt8] = []
        for byte in pattern.utf8 where byte != 0x2A || bytes.last != 0x2A {
            bytes.append(ASCII.lowercase(byte))
        }
        self.bytes = bytes
    }

    package func matches(_ path: Span<UInt8>) -> Bool {
        var index = 0
        var wanted = 0
        // Behind the last star, and where in the path it was tried last.
        var star: Int?
        var retry = 0
        while index < path.count {
            if wanted < bytes.count, bytes[wanted] == 0x2A {
                wanted += 1
                star = wanted
                retry = index
            } else if wanted < bytes.count, bytes[wanted] == ASCII.lowercase(path[index]) {
                wanted += 1
                index += 1
            } else if let star {
                retry += 1
                wanted = star
                index = retry
            } else {
                return false
            }
        }
        return wanted == bytes.count || (wanted == bytes.count - 1 && bytes[wanted] == 0x2A)
    }
}
