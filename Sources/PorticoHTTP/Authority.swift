internal import PorticoBytes

/// Host and port of a Host field, of ":authority", or of a target in absolute form
/// (RFC 9110 §7.2, RFC 3986 §3.2).
///
/// Narrower than RFC 3986: the host is an IP literal, or made of what DNS names are made of.
/// Sub-delimiters and escapes never name a host, and programs disagree about what they mean:
/// `a,b` is one name here and two there. No user information, no zone, no IPvFuture.
@usableFromInline package struct Authority: Equatable, Sendable {
    /// The host is the first `hostCount` bytes, brackets of an IPv6 address included.
    package let hostCount: Int
    /// Nil without a colon, and when nothing follows it.
    package let port: UInt16?

    /// A DNS name has at most 253 bytes, and perhaps a dot behind.
    package static let maxHostBytes = 254

    /// Nil for what is no authority, the empty one included.
    package init?(_ bytes: Span<UInt8>) {
        let end: Int?
        if bytes.isEmpty { return nil }
        if bytes[0] == 0x5B {
            end = Self.endOfIPv6(bytes)
        } else {
            end = Self.endOfName(bytes)
        }
        guard let end, end <= Self.maxHostBytes else { return nil }
        hostCount = end
        guard end < bytes.count else {
            port = nil
            return
        }
        guard bytes[end] == 0x3A else { return nil }
        let digits = bytes.extracting((end + 1)...)
        if digits.isEmpty {
            port = nil
        } else {
            guard digits.count <= 5, let number = digits.decimal,
                let number = UInt16(exactly: number)
            else { return nil }
            port = number
        }
    }

    /// Labels separated by single dots; one dot may stand at the end.
    private static func endOfName(_ bytes: Span<UInt8>) -> Int? {
        var index = 0
        var labelStart = 0
        while index < bytes.count, bytes[index] != 0x3A {
            let byte = bytes[index]
            if byte == 0x2E {
                if index == labelStart { return nil }
                labelStart = index + 1
            } else if !isNameByte(byte) {
                return nil
            }
            index += 1
        }
        return index == 0 ? nil : index
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        // "unreserved" of RFC 3986; "_" and "~" are in no host name, but harmless and seen.
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2D || byte == 0x5F || byte == 0x7E
    }

    private static func endOfIPv6(_ bytes: Span<UInt8>) -> Int? {
        guard let close = bytes.firstIndex(of: 0x5D), isIPv6(bytes.extracting(1..<close)) else {
            return nil
        }
        return close + 1
    }

    /// IPv6address of RFC 3986 §3.2.2.
    static func isIPv6(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 2, bytes.count <= 45 else { return false }
        var groups = 0
        var isCompressed = false
        var index = 0
        if bytes[0] == 0x3A {
            guard bytes[1] == 0x3A else { return false }
            isCompressed = true
            index = 2
        }
        while index < bytes.count {
            let start = index
            while index < bytes.count, ASCII.hexadecimalValue(bytes[index]) != nil { index += 1 }
            if index < bytes.count, bytes[index] == 0x2E {
                guard isIPv4(bytes.extracting(start...)) else { return false }
                groups += 2
                index = bytes.count
                break
            }
            guard index > start, index - start <= 4 else { return false }
            groups += 1
            if index == bytes.count { break }
            guard bytes[index] == 0x3A, index + 1 < bytes.count else { return false }
            index += 1
            if bytes[index] == 0x3A {
                if isCompressed { return false }
                isCompressed = true
                index += 1
            }
        }
        return isCompressed ? groups <= 7 : groups == 8
    }

    /// Four decimal numbers below 256 without leading zeros.
    static func isIPv4(_ bytes: Span<UInt8>) -> Bool {
        var numbers = 0
        var start = 0
        while start <= bytes.count {
            let end = bytes.firstIndex(of: 0x2E, from: start) ?? bytes.count
            let digits = bytes.extracting(start..<end)
            guard digits.count <= 3, let number = digits.decimal, number < 256,
                digits.count == 1 || digits[0] != 0x30
            else { return false }
            numbers += 1
            start = end + 1
        }
        return numbers == 4
    }
}
