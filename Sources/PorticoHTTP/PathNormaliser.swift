internal import PorticoBytes

/// The normal form of a path, in which routes and rules are compared (RFC 3986 §6.2.2).
///
/// Escapes of unreserved characters are decoded, the others written in upper case; slashes in a row
/// become one; dot segments are removed, and none leads above the root. Each escape is decoded once:
/// "%252e" stays. What is cached and forwarded is the path as received.
package enum PathNormaliser {
    /// `path` without its query. The answer begins with "/", unless the path is "*".
    package static func normalise(path: Span<UInt8>) -> [UInt8] {
        if path.count == 1, path[0] == 0x2A { return [0x2A] }
        var result: [UInt8] = [0x2F]
        result.reserveCapacity(path.count + 1)
        var index = 0
        while index < path.count {
            if path[index] == 0x2F {
                endSegment(&result)
                index += 1
                continue
            }
            index += append(path, at: index, to: &result)
        }
        dropDots(&result)
        return result
    }

    /// Appends one byte or escape; returns how many bytes it took.
    private static func append(
        _ path: Span<UInt8>, at index: Int, to result: inout [UInt8]
    ) -> Int {
        let byte = path[index]
        guard byte == 0x25, index + 2 < path.count,
            let high = ASCII.hexadecimalValue(path[index + 1]),
            let low = ASCII.hexadecimalValue(path[index + 2])
        else {
            result.append(byte)
            return 1
        }
        let decoded = high << 4 | low
        if isUnreserved(decoded) {
            result.append(decoded)
        } else {
            result.append(0x25)
            result.append(uppercase(path[index + 1]))
            result.append(uppercase(path[index + 2]))
        }
        return 3
    }

    /// A slash was read: the segment behind the last slash of `result` is whole.
    private static func endSegment(_ result: inout [UInt8]) {
        dropDots(&result)
        if result.last != 0x2F { result.append(0x2F) }
    }

    /// Removes a last segment "." or "..", with the one before.
    private static func dropDots(_ result: inout [UInt8]) {
        let count = result.count
        guard count >= 2, result[count - 1] == 0x2E else { return }
        if result[count - 2] == 0x2F {
            result.removeLast()
        } else if count >= 3, result[count - 2] == 0x2E, result[count - 3] == 0x2F {
            result.removeLast(3)
            while let last = result.last, last != 0x2F { result.removeLast() }
            if result.isEmpty { result.append(0x2F) }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte)
            || byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x7E
    }

    private static func uppercase(_ byte: UInt8) -> UInt8 {
        byte >= 0x61 ? byte & 0xDF : byte
    }
}
