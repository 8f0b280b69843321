internal import PorticoBytes
package import PorticoHTTP

/// What an Expect field asks for (RFC 9110 §10.1.1).
package enum Expectation: Equatable, Sendable {
    case none
    case continue100
    /// Earns a 417.
    case unknown
}

extension RequestHead {
    /// How the body is framed, for a head that `RequestReader` has completed.
    ///
    /// Stricter than RFC 9112 §6.3 where the standard leaves a choice: the two framing fields
    /// together, repeated or listed lengths, and codings in HTTP/1.0 are what smuggling is made of.
    package func bodyFraming() throws(RequestFault) -> BodyFraming {
        let coding = TransferCoding(fields)
        let length = fields.firstIndex(of: .contentLength)
        if coding != .absent {
            if length != nil { throw .lengthAndCoding }
            if version == .http10 { throw .codingInHTTP10 }
        }
        switch coding {
        case .malformed: throw .badTransferCoding
        case .unknown: throw .unknownTransferCoding
        case .chunked: return .chunked
        case .absent: break
        }
        guard let length else { return .none }
        guard fields.firstIndex(of: .contentLength, from: length + 1) == nil else {
            throw .repeatedContentLength
        }
        guard let count = fields.value(at: length).decimal else { throw .badContentLength }
        return .length(count)
    }

    /// Whether the client wants the connection to go on after the answer (RFC 9112 §9.3).
    package var keepsAlive: Bool {
        if fields.list(.connection, contains: "close") { return false }
        return version != .http10 || fields.list(.connection, contains: "keep-alive")
    }

    package var wantsClose: Bool { !keepsAlive }

    package var expectation: Expectation {
        // HTTP/1.0 has no interim answers.
        guard version != .http10 else { return .none }
        var answer = Expectation.none
        fields.forEachMember(of: .expect) { member in
            if !member.equalsFolded("100-continue") {
                answer = .unknown
            } else if answer == .none {
                answer = .continue100
            }
        }
        return answer
    }

    package var expectsContinue: Bool { expectation == .continue100 }

    /// Whether this is a complete opening handshake of RFC 6455 §4.1, not just a field that
    /// says so: whoever tunnels on less can be made to smuggle by an origin that declines.
    package var upgradeToWebSocket: Bool {
        guard method == .get, version == .http11,
            fields.list(.upgrade, contains: "websocket"),
            fields.list(.connection, contains: "upgrade"),
            let versionLine = only(.secWebSocketVersion),
            fields.value(at: versionLine).equals("13"),
            let keyLine = only(.secWebSocketKey),
            Self.isWebSocketKey(fields.value(at: keyLine))
        else { return false }
        return !fields.contains(.contentLength) && !fields.contains(.transferEncoding)
    }

    private func only(_ name: FieldName) -> Int? {
        guard let index = fields.firstIndex(of: name),
            fields.firstIndex(of: name, from: index + 1) == nil
        else { return nil }
        return index
    }

    /// 16 bytes in Base64.
    private static func isWebSocketKey(_ key: Span<UInt8>) -> Bool {
        guard key.count == 24, key[22] == 0x3D, key[23] == 0x3D else { return false }
        for index in 0..<22 {
            let byte = key[index]
            guard ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 0x2B || byte == 0x2F else {
                return false
            }
        }
        return true
    }
}
