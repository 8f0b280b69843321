internal import PorticoBytes
package import PorticoHTTP

/// What a proxy changes in heads that it passes on. Pure functions of heads and facts.
package enum Forwarding {
    /// Fields of a request that are the proxy's own to set, or not the origin's to see.
    private static func isReplaced(_ name: FieldName) -> Bool {
        switch name {
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .forwarded,
            .xRequestID, .porticoDebug, .fastlyKey, .xPurgeToken, .host, .contentLength,
            .surrogateCapability:
            true
        default: false
        }
    }

    /// What rules of an edge, and nobody else, say about pictures (Fastly's names).
    private static func isImageOrder(_ line: Fields.Line, _ name: Span<UInt8>) -> Bool {
        line.name == .other && name.count > 19 && name[0] | 0x20 == 0x78
            && name.extracting(..<19).equalsFolded("x-fastly-imageopto-")
    }

    /// The head for an origin, from the one received (hop by hop, and what an origin may know of the client).
    ///
    /// Hop-by-hop fields go (RFC 9110 §7.6.1), Host is written first and from the target's
    /// authority (RFC 9112 §3.2.2), forwarding fields say what is known of the client. Content
    /// length and transfer coding are the writer's. `isUpgrade`: a WebSocket handshake, whose
    /// Connection and Upgrade fields are said again.
    package static func request(
        from received: borrowing RequestHead, facts: borrowing ClientFacts,
        requestID: Span<UInt8>, isUpgrade: Bool, into spare: consuming Fields = Fields()
    ) -> RequestHead {
        var fields = spare
        fields.take(received.fields, spareBytes: 512, spareLines: 8)
        // It nearly always stands where it belongs.
        let keepsHost =
            received.fields.lines.first.map {
                $0.name == .host && $0.valueRange == received.authority
            } ?? false
        fields.removeHopByHop { line, name in
            (isReplaced(line.name) && !(keepsHost && line.name == .host))
                || isImageOrder(line, name)
        }
        if !keepsHost { fields.insertFirst(.host, received[received.authority]) }

        // The chain of addresses is only worth passing on when we believe who wrote it.
        if facts.isTrustedProxy, received.fields.contains(.xForwardedFor) {
            fields.append(.xForwardedFor) { value in appendChain(received, facts, to: &value) }
        } else {
            fields.append(.xForwardedFor, facts.clientText.span)
        }
        let scheme = Self.scheme(of: received, facts)
        if scheme == .https {
            fields.append(.xForwardedProto, "https")
        } else {
            fields.append(.xForwardedProto, "http")
        }
        let host = forwardedHost(of: received, facts)
        if !host.isEmpty { fields.append(.xForwardedHost, received[host]) }
        let saidPort = received.fields.range(of: .xForwardedPort)
        if facts.isTrustedProxy, let port = received[saidPort].decimal, port <= 65535 {
            fields.append(.xForwardedPort, received[saidPort])
        } else {
            fields.append(.xForwardedPort, facts.localPort.span)
        }
        fields.append(.forwarded) {
            writeForwarded(facts, scheme: scheme, host: received[host], into: &$0)
        }
        fields.append(.via, via(received.version))
        fields.append(.xRequestID, requestID)
        if isUpgrade {
            fields.append(.connection, "Upgrade")
            fields.append(.upgrade, "websocket")
        }
        return RequestHead(received, with: fields)
    }

    /// Who asked before whom, and last who asked us.
    private static func appendChain(
        _ received: borrowing RequestHead, _ facts: borrowing ClientFacts,
        to value: inout FieldValue
    ) {
        for line in received.fields.lines where line.name == .xForwardedFor {
            value.write(received[line.valueRange])
            value.write(", ")
        }
        value.write(Array(facts.peer.ip.description.utf8).span)
    }

    /// Turns an origin's response head into the one for the client: hop-by-hop fields and what
    /// was meant for the edge go, what the edge adds comes. Content-Length stays only where it
    /// is true (`length`), or speaks of what a GET would have got (HEAD, 304). `showsTags`: to who
    /// may look behind the curtain.
    package static func prepareResponse(
        _ head: inout ResponseHead, length: BodyLength, answering method: Method,
        requestID: Span<UInt8>, isUpgrade: Bool, showsTags: Bool = false
    ) {
        let keepsLength =
            switch length {
            case .known: true
            case .none: (method == .head && head.status != 204) || head.status == 304
            case .unknown: false
            }
        head.fields.removeHopByHop { line, _ in
            switch line.name {
            case .xRequestID: true
            case .surrogateKey, .surrogateControl, .cacheTag, .xMagentoTags: !showsTags
            case .contentLength: !keepsLength
            default: false
            }
        }
        head.fields.append(.via, via(head.version))
        head.fields.append(.xRequestID, requestID)
        if isUpgrade {
            head.fields.append(.connection, "Upgrade")
            head.fields.append(.upgrade, "websocket")
        }
    }

    /// A 1xx on its way to the client (RFC 9110 §15.2).
    package static func prepareInterim(_ head: inout ResponseHead) {
        head.fields.removeHopByHop()
        head.fields.remove(.contentLength)
    }

    /// The host that the client asked for: what a trusted proxy says it was, else the authority.
    private static func forwardedHost(
        of head: borrowing RequestHead, _ facts: borrowing ClientFacts
    ) -> ByteRange {
        let said = head.fields.range(of: .xForwardedHost)
        return facts.isTrustedProxy && !said.isEmpty ? said : head.authority
    }

    /// The scheme the client used: its connection's, or what a trusted proxy says it was.
    package static func scheme(
        of head: borrowing RequestHead, _ facts: borrowing ClientFacts
    ) -> Scheme {
        if facts.isTrustedProxy {
            let said = head.fields[head.fields.range(of: .xForwardedProto)]
            if said.equalsFolded("https") { return .https }
            if said.equalsFolded("http") { return .http }
        }
        return facts.tls == nil ? .http : .https
    }

    /// `received-protocol SP pseudonym` (RFC 9110 §7.6.3).
    private static func via(_ version: HTTPVersion) -> StaticString {
        switch version {
        case .http10: "1.0 portico"
        case .http11: "1.1 portico"
        case .http2: "2 portico"
        }
    }

    /// RFC 7239 §4: a host may hold a colon, and is quoted.
    private static func writeForwarded(
        _ facts: borrowing ClientFacts, scheme: Scheme, host: Span<UInt8>,
        into value: inout FieldValue
    ) {
        value.write(facts.forwardedFor.span)
        if host.isEmpty { return value.write(scheme == .https ? ";proto=https" : ";proto=http") }
        value.write(scheme == .https ? ";proto=https;host=\"" : ";proto=http;host=\"")
        // A quoted string (RFC 9110 §5.6.4): what a trusted proxy sent may hold its delimiters.
        if host.firstIndex(of: 0x22) == nil, host.firstIndex(of: 0x5C) == nil {
            value.write(host)
            return value.write("\"")
        }
        for index in host.indices where host[index] != 0x22 && host[index] != 0x5C {
            value.write(host[index])
        }
        value.write("\"")
    }
}

package enum Scheme: Sendable {
    case http, https
}
