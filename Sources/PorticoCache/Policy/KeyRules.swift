package import PorticoBytes
package import PorticoHTTP

/// What tells one resource from another in the cache, compiled from the settings; and the target
/// as it goes to the origin, since query sorting and ignored parameters apply there too.
///
/// The key's bytes, so that no two requests share them that an origin could tell apart by what is
/// in the key:
///
///     s|example.com:8443|/path?a=1&b=2|cookie value
///     |                 |<- target  ->|
///     |<-       resource            ->|
///
/// Here "|" stands for a newline, which no part can hold. "s" is https, "h" is http.
package struct KeyRules: Sendable {
    /// Whose pages they are: some shops tell them apart by more than the URL.
    package enum Style: Sendable {
        case plain, magento
    }

    private let sortsQuery: Bool
    private let ignored: [[UInt8]]
    private let cookie: [UInt8]
    private let hash: KeyedHash128

    /// - Parameter seed: secret; the same over restarts where a disk store keeps the hashes.
    package init(_ settings: CacheSettings, seed: (UInt64, UInt64)) {
        sortsQuery = settings.sortQuery
        ignored = settings.ignoreQuery.map { Array($0.utf8) }
        cookie = Array(settings.varyCookie.utf8)
        hash = KeyedHash128(seed: seed)
    }

    /// Writes the key of a request into `buffer`, which is emptied first.
    package func write(
        _ head: borrowing RequestHead, isHTTPS: Bool, style: Style = .plain,
        into buffer: inout Buffer
    ) -> CacheKey {
        begin(head[head.authority], isHTTPS: isHTTPS, into: &buffer)
        let start = buffer.count
        writePath(head[head.path], into: &buffer)
        // A GraphQL query is its parameters.
        let names: Style = style == .magento && MagentoRules.isGraphQL(head) ? .plain : style
        if let query = head.query { write(query: head[query], names, into: &buffer) }
        let target = ByteRange(start, buffer.count)
        buffer.append(0x0A)
        let resource = ByteRange(0, buffer.count)
        if !cookie.isEmpty { writeCookie(of: head.fields, into: &buffer) }
        if style == .magento {
            buffer.append(0x0A)
            MagentoRules.writeKey(head, into: &buffer)
        }
        return finish(target, resource, buffer)
    }

    /// The key of another resource; its cookie part is empty.
    package func write(
        _ reference: URIReference, style: Style = .plain, into buffer: inout Buffer
    ) -> CacheKey {
        begin(reference.authority.span, isHTTPS: reference.isHTTPS, into: &buffer)
        let start = buffer.count
        writePath(reference.path.span, into: &buffer)
        if let query = reference.query { write(query: query.span, style, into: &buffer) }
        let target = ByteRange(start, buffer.count)
        buffer.append(0x0A)
        return finish(target, ByteRange(0, buffer.count), buffer)
    }

    private func finish(
        _ target: ByteRange, _ resource: ByteRange, _ buffer: borrowing Buffer
    ) -> CacheKey {
        let resourceDigest = hash(buffer.bytes.extracting(resource.range))
        let digest = buffer.count == resource.count ? resourceDigest : hash(buffer.bytes)
        return CacheKey(
            digest: digest, resourceDigest: resourceDigest, target: target, resource: resource)
    }

    /// Scheme and authority; the host in lower case, the scheme's own port left out (RFC 9110 §4.2.3).
    private func begin(_ authority: Span<UInt8>, isHTTPS: Bool, into buffer: inout Buffer) {
        buffer.removeAll()
        buffer.append(isHTTPS ? 0x73 : 0x68)
        buffer.append(0x0A)
        let parts = Authority(authority)
        let hostCount = parts?.hostCount ?? authority.count
        buffer.reserve(hostCount)
        for index in 0..<hostCount { buffer.append(ASCII.lowercase(authority[index])) }
        if let port = parts?.port, port != (isHTTPS ? 443 : 80) {
            buffer.append(0x3A)
            buffer.append(decimal: UInt64(port))
        }
        buffer.append(0x0A)
    }

    private func writePath(_ path: Span<UInt8>, into buffer: inout Buffer) {
        if path.isEmpty {
            buffer.append(0x2F)
        } else {
            buffer.append(path)
        }
    }

    // MARK: - Query

    private func write(query: Span<UInt8>, _ style: Style, into buffer: inout Buffer) {
        if ignored.isEmpty, style == .plain, !sortsQuery || isSorted(query) {
            buffer.append(0x3F)
            buffer.append(query)
            return
        }
        var parameters: [ByteRange] = []
        var dropped = false
        var start = 0
        while start <= query.count {
            let end = query.firstIndex(of: 0x26, from: start) ?? query.count
            if ignores(name(query, start, end), style) {
                dropped = true
            } else if end > start || !sortsQuery || query.isEmpty {
                // "a&&b" says nothing between its ampersands.
                parameters.append(ByteRange(start, end))
            }
            start = end + 1
        }
        // Nothing left of what was there: then there is no query. "?" alone stays.
        if dropped && parameters.isEmpty { return }
        if sortsQuery { sort(&parameters, of: query) }
        for (index, parameter) in parameters.enumerated() {
            buffer.append(index == 0 ? 0x3F : 0x26)
            buffer.append(query.extracting(parameter.range))
        }
    }

    @_lifetime(copy query)
    private func name(_ query: Span<UInt8>, _ start: Int, _ end: Int) -> Span<UInt8> {
        let parameter = query.extracting(start..<end)
        return parameter.extracting(..<(parameter.firstIndex(of: 0x3D) ?? parameter.count))
    }

    private func isSorted(_ query: Span<UInt8>) -> Bool {
        var end = query.firstIndex(of: 0x26) ?? query.count
        var previous = name(query, 0, end)
        while end < query.count {
            let start = end + 1
            end = query.firstIndex(of: 0x26, from: start) ?? query.count
            let next = name(query, start, end)
            if precedes(next, previous) { return false }
            previous = next
        }
        return true
    }

    /// By name; what has the same name stays in its order.
    private func sort(_ parameters: inout [ByteRange], of query: Span<UInt8>) {
        // A span cannot enter the closure; the copy is made only for what stands out of order.
        let bytes = query.array
        parameters.sort { left, right in
            let leftName = name(bytes.span, Int(left.lower), Int(left.upper))
            let rightName = name(bytes.span, Int(right.lower), Int(right.upper))
            if precedes(leftName, rightName) { return true }
            return !precedes(rightName, leftName) && left.lower < right.lower
        }
    }

    private func precedes(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        var index = 0
        while index < left.count, index < right.count {
            if left[index] != right[index] { return left[index] < right[index] }
            index += 1
        }
        return left.count < right.count
    }

    private func ignores(_ name: Span<UInt8>, _ style: Style) -> Bool {
        if style == .magento, MagentoRules.ignores(name) { return true }
        for pattern in ignored where matches(pattern.span, name) { return true }
        return false
    }

    /// "*" stands for any bytes. Case counts: a parameter that is dropped by mistake changes what an
    /// origin answers.
    private func matches(_ pattern: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
        var index = 0
        var wanted = 0
        var star = -1
        var retry = 0
        while index < name.count {
            if wanted < pattern.count, pattern[wanted] == 0x2A {
                star = wanted
                retry = index
                wanted += 1
            } else if wanted < pattern.count, pattern[wanted] == name[index] {
                wanted += 1
                index += 1
            } else if star >= 0 {
                retry += 1
                index = retry
                wanted = star + 1
            } else {
                return false
            }
        }
        while wanted < pattern.count, pattern[wanted] == 0x2A { wanted += 1 }
        return wanted == pattern.count
    }

    // MARK: - Cookie

    /// The first cookie of that name (RFC 6265 §4.2.1); "=" before it tells empty from absent.
    private func writeCookie(of fields: borrowing Fields, into buffer: inout Buffer) {
        var isWritten = false
        fields.forEachCookie { name, value in
            if isWritten || !name.equals(cookie.span) { return }
            buffer.append(0x3D)
            buffer.append(value)
            isWritten = true
        }
    }
}

/// A primary key (RFC 9111 §2), whose bytes stand in the buffer that it was written into.
package struct CacheKey: Equatable, Sendable {
    /// Of all the bytes. Two keys may share it: the bytes decide.
    package let digest: KeyedHash128.Digest
    /// Of the bytes without the cookie: what a purge by URL and an invalidation mean.
    package let resourceDigest: KeyedHash128.Digest
    /// Path and query as they go to the origin.
    package let target: ByteRange
    /// Scheme, authority, path and query.
    package let resource: ByteRange
}
