internal import PorticoBytes
internal import PorticoCache
package import PorticoHTTP

/// A cache key taken apart again (`KeyRules` says what it is made of).
package struct StoredKey {
    package let isHTTPS: Bool
    package let authority: [UInt8]
    /// Without port.
    package let host: [UInt8]
    /// Path and query as they go to the origin.
    package let target: [UInt8]
    /// Of the cookie that is part of the key, "=" before its value; empty without one.
    package let cookie: [UInt8]

    /// Nil for what no `KeyRules` has written.
    package init?(_ key: Span<UInt8>) {
        let parts = key.array.split(
            separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        isHTTPS = parts[0].first == UInt8(ascii: "s")
        let authority = Array(parts[1])
        let hostCount = Authority(authority.span)?.hostCount ?? authority.count
        self.authority = authority
        host = Array(authority[..<hostCount])
        target = Array(parts[2])
        // Behind it stands what a site's preset or a picture adds.
        cookie = Array(parts[3].prefix { $0 != 0x0A })
    }

    /// As purges name it.
    package var url: [UInt8] { host + target }

    /// A GET for the resource, as one client would send it. The caller adds what its answer varies by.
    package func makeRequest() -> RequestHead {
        var head = RequestHead()
        func keep(_ bytes: [UInt8]) -> ByteRange {
            let start = head.fields.adopt(bytes.span)
            return ByteRange(start, start + bytes.count)
        }
        head.methodRange = keep(Array("GET".utf8))
        head.targetRange = keep(target)
        let start = Int(head.targetRange.lower)
        let end = Int(head.targetRange.upper)
        if let mark = target.firstIndex(of: 0x3F) {
            head.path = ByteRange(start, start + mark)
            head.query = ByteRange(start + mark + 1, end)
        } else {
            head.path = head.targetRange
        }
        head.fields.append(.host, authority.span)
        head.authority = head.fields.range(of: .host)
        let first = Int(head.authority.lower)
        head.host = ByteRange(first, first + host.count)
        return head
    }
}
