package import PorticoBytes
package import PorticoHTTP

/// What an unsafe request makes invalid (RFC 9111 §4.4).
package enum Invalidation {
    package static func applies(_ method: Method, status: UInt16) -> Bool {
        !method.isSafe && status >= 200 && status < 400
    }

    /// Calls `body` with the key of the target, and with those that Location and Content-Location
    /// name on the same origin: another's are not this response's to say. `scratch` is emptied and
    /// holds the key's bytes during the call.
    package static func forEachTarget(
        _ request: borrowing RequestHead, _ response: borrowing ResponseHead, isHTTPS: Bool,
        style: KeyRules.Style = .plain, keys: borrowing KeyRules, scratch: inout Buffer,
        _ body: (CacheKey, Span<UInt8>) -> Void
    ) {
        guard applies(request.method, status: response.status) else { return }
        let own = keys.write(request, isHTTPS: isHTTPS, style: style, into: &scratch)
        let origin = scratch.bytes.extracting(..<Int(own.target.lower)).array
        body(own, scratch.bytes)
        for line in response.fields.lines
        where line.name == .location || line.name == .contentLocation {
            guard
                let reference = URIReference(
                    response.fields[line.valueRange], relativeTo: request, isHTTPS: isHTTPS)
            else { continue }
            let key = keys.write(reference, style: style, into: &scratch)
            guard key.resourceDigest != own.resourceDigest,
                scratch.bytes.extracting(..<Int(key.target.lower)).equals(origin.span)
            else { continue }
            body(key, scratch.bytes)
        }
    }
}
