internal import PorticoBytes

/// A reference such as Location or Content-Location holds, resolved against the target of a request
/// (RFC 3986 §5.2). Only http and https; the fragment is dropped.
package struct URIReference: Equatable, Sendable {
    package let isHTTPS: Bool
    package let authority: [UInt8]
    /// Begins with "/".
    package let path: [UInt8]
    package let query: [UInt8]?

    /// Nil for other schemes, user information and what is no reference.
    package init?(
        _ reference: Span<UInt8>, relativeTo head: borrowing RequestHead, isHTTPS: Bool
    ) {
        var rest = reference
        if let hash = rest.firstIndex(of: 0x23) { rest = rest.extracting(..<hash) }
        var scheme = isHTTPS
        var authority = head[head.authority].array
        var isAbsolute = false
        if let colon = Self.endOfScheme(rest) {
            let name = rest.extracting(..<colon)
            if name.equalsFolded("https") {
                scheme = true
            } else if name.equalsFolded("http") {
                scheme = false
            } else {
                return nil
            }
            rest = rest.extracting((colon + 1)...)
            // "http:path" was once read as relative; nobody agrees on it.
            guard rest.count > 2, rest[0] == 0x2F, rest[1] == 0x2F else { return nil }
        }
        if rest.count >= 2, rest[0] == 0x2F, rest[1] == 0x2F {
            rest = rest.extracting(2...)
            var end = 0
            while end < rest.count, rest[end] != 0x2F, rest[end] != 0x3F { end += 1 }
            guard Authority(rest.extracting(..<end)) != nil else { return nil }
            authority = rest.extracting(..<end).array
            rest = rest.extracting(end...)
            isAbsolute = true
        }
        let mark = rest.firstIndex(of: 0x3F)
        let path = rest.extracting(..<(mark ?? rest.count))
        var query = mark.map { rest.extracting(($0 + 1)...).array }
        var merged: [UInt8] = []
        if path.isEmpty && !isAbsolute {
            merged = head[head.path].array
            if query == nil { query = head.query.map { head[$0].array } }
        } else if isAbsolute || path[0] == 0x2F {
            merged = Self.removingDots(path.array)
        } else {
            let base = head[head.path]
            var end = base.count
            while end > 0, base[end - 1] != 0x2F { end -= 1 }
            merged = Self.removingDots(base.extracting(..<end).array + path.array)
        }
        if merged.first != 0x2F { merged.insert(0x2F, at: 0) }
        self.isHTTPS = scheme
        self.authority = authority
        self.path = merged
        self.query = query
    }

    private static func endOfScheme(_ text: Span<UInt8>) -> Int? {
        for index in text.indices {
            let byte = text[index]
            if byte == 0x3A { return index == 0 ? nil : index }
            guard
                ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2B || byte == 0x2D
                    || byte == 0x2E
            else { return nil }
        }
        return nil
    }

    /// RFC 3986 §5.2.4.
    private static func removingDots(_ path: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var start = 0
        while start < path.count {
            var end = start + (path[start] == 0x2F ? 1 : 0)
            while end < path.count, path[end] != 0x2F { end += 1 }
            let segment = path[start..<end].drop { $0 == 0x2F }
            let isLast = end == path.count
            if segment.elementsEqual([0x2E]) {
                if isLast { kept.append(0x2F) }
            } else if segment.elementsEqual([0x2E, 0x2E]) {
                while let byte = kept.popLast(), byte != 0x2F {}
                if isLast { kept.append(0x2F) }
            } else {
                kept.append(contentsOf: path[start..<end])
            }
            start = end
        }
        return kept
    }
}
