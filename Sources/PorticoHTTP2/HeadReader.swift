internal import PorticoBytes
internal import PorticoHTTP

/// A header section as it came off the wire: where its decoded lines stand in one stretch of bytes.
struct Section {
    var lines: [SectionLine] = []
    /// The limits let no more of it through.
    var isCut = false
    var endsStream = false
    /// Whether a stream of the peer's begins with it.
    var isRequest = false
}

struct SectionLine {
    let name: ByteRange
    let value: ByteRange
}

/// Makes heads of header sections (RFC 9113 §8.2, §8.3).
///
/// The section's bytes are copied once, into the head's storage; everything else is ranges. What
/// HTTP/1.1's reader refuses is refused here.
struct HeadReader {
    let settings: SessionSettings

    /// Pseudo-header fields of a request.
    private struct Pseudo {
        var method: ByteRange?
        var scheme: ByteRange?
        var authority: ByteRange?
        var path: ByteRange?
        var `protocol`: ByteRange?
    }

    /// On a fault, `head` has what could be read: for the log.
    func readRequest(
        _ bytes: Span<UInt8>, _ section: Section, into head: inout RequestHead
    ) throws(HeadFault) -> RequestKind {
        head.version = .http2
        _ = head.fields.adopt(bytes)
        var pseudo = Pseudo()
        var fault: HeadFault?
        var isPastPseudo = false
        for index in section.lines.indices {
            let line = section.lines[index]
            let name = bytes.extracting(line.name.range)
            if !name.isEmpty, name[0] == 0x3A {
                if isPastPseudo || !Self.note(name, line.value, in: &pseudo) {
                    fault = fault ?? .badPseudoField
                }
                continue
            }
            isPastPseudo = true
            do throws(HeadFault) {
                try Self.add(line, name, bytes, to: &head.fields)
            } catch {
                fault = fault ?? error
            }
        }
        // The target first: a refused request is logged with it.
        var targetFault: HeadFault?
        do throws(HeadFault) { try settleTarget(pseudo, in: &head) } catch { targetFault = error }
        if head.fields.count > settings.headLines { throw .tooManyLines }
        if section.isCut || bytes.count + 4 * section.lines.count > mostBytes(of: head.method) {
            throw .tooLong
        }
        if let fault { throw fault }
        if let targetFault { throw targetFault }
        joinCookies(of: &head.fields)
        return pseudo.protocol == nil ? .ordinary : .webSocket
    }

    private func mostBytes(of method: Method) -> Int {
        switch method {
        case .purge, .purgeKeys, .ban: settings.mostHeadBytes
        default: settings.headBytes
        }
    }

    /// A response's head, interim or final.
    func readResponse(
        _ bytes: Span<UInt8>, _ section: Section, into head: inout ResponseHead
    ) throws(HeadFault) {
        head.version = .http2
        if section.isCut { throw .tooLong }
        _ = head.fields.adopt(bytes)
        var status: UInt64?
        for index in section.lines.indices {
            let line = section.lines[index]
            let name = bytes.extracting(line.name.range)
            if !name.isEmpty, name[0] == 0x3A {
                let value = bytes.extracting(line.value.range)
                guard status == nil, head.fields.isEmpty, name.equals(":status"),
                    value.count == 3, let code = value.decimal, (100...599).contains(code)
                else { throw .badStatus }
                status = code
            } else {
                try Self.add(line, name, bytes, to: &head.fields)
            }
        }
        guard let status, status != 101 else { throw .badStatus }
        head.status = UInt16(status)
    }

    /// The fields behind a body. What Portico acts upon must come before it (RFC 9110 §6.5.1).
    func readTrailers(
        _ bytes: Span<UInt8>, _ section: Section, into fields: inout Fields
    ) throws(HeadFault) {
        if section.isCut { throw .tooLong }
        _ = fields.adopt(bytes)
        for index in section.lines.indices {
            let line = section.lines[index]
            let name = bytes.extracting(line.name.range)
            if !name.isEmpty, name[0] == 0x3A { throw .badPseudoField }
            try Self.add(line, name, bytes, to: &fields)
        }
        fields.removeAll { line, name in
            line.name != .other || name.equalsFolded("www-authenticate")
        }
    }

    // MARK: - Lines

    private static func add(
        _ line: SectionLine, _ name: Span<UInt8>, _ bytes: Span<UInt8>, to fields: inout Fields
    ) throws(HeadFault) {
        guard FieldRules.isName(name) else { throw .badFieldName }
        let value = bytes.extracting(line.value.range)
        guard FieldRules.isValue(value) else { throw .badFieldValue }
        let known = FieldName(name)
        if known != .other, FieldRules.isForbidden(known, value) { throw .connectionField }
        fields.append(Fields.Line(name: known, nameRange: line.name, valueRange: line.value))
    }

    /// Whether the pseudo-header field is one that there is, for the first time.
    private static func note(
        _ name: Span<UInt8>, _ value: ByteRange, in pseudo: inout Pseudo
    ) -> Bool {
        switch name.count {
        case 5 where name.equals(":path"): set(&pseudo.path, to: value)
        case 7 where name.equals(":method"): set(&pseudo.method, to: value)
        case 7 where name.equals(":scheme"): set(&pseudo.scheme, to: value)
        case 9 where name.equals(":protocol"): set(&pseudo.protocol, to: value)
        case 10 where name.equals(":authority"): set(&pseudo.authority, to: value)
        default: false
        }
    }

    private static func set(_ field: inout ByteRange?, to value: ByteRange) -> Bool {
        if field != nil { return false }
        field = value
        return true
    }

    // MARK: - The target (RFC 9113 §8.3.1)

    private func settleTarget(
        _ pseudo: Pseudo, in head: inout RequestHead
    ) throws(HeadFault) {
        guard let method = pseudo.method else { throw .badPseudoField }
        let isMethodFine = try judgeMethod(method, in: &head)
        if let path = pseudo.path, path.count <= settings.targetBytes {
            head.targetRange = path
        }
        try settleAuthority(pseudo.authority, in: &head)
        if head.method == .connect {
            guard let said = pseudo.protocol else {
                throw pseudo.path == nil && pseudo.scheme == nil
                    ? .methodNotAllowed : .badPseudoField
            }
            // RFC 8441; no other protocol is known here.
            guard head[said].equalsFolded("websocket") else { throw .methodTooLong }
        } else if pseudo.protocol != nil {
            throw .badPseudoField
        }
        guard let scheme = pseudo.scheme, let path = pseudo.path else { throw .badPseudoField }
        let isHTTPS = head[scheme].equalsFolded("https")
        guard isHTTPS || head[scheme].equalsFolded("http") else { throw .badPseudoField }
        try settlePath(path, in: &head)
        if !isMethodFine { throw .methodNotAllowed }
    }

    /// False for TRACE, which is refused after everything else has been looked at.
    private func judgeMethod(
        _ range: ByteRange, in head: inout RequestHead
    ) throws(HeadFault) -> Bool {
        let count = range.count
        let end = head[range].firstNonToken(from: 0, to: count)
        guard count > 0, end == count else { throw .badMethod }
        // As in HTTP/1.1's reader: the longest registered method has 17 bytes.
        guard count <= 64 else { throw .methodTooLong }
        head.methodRange = range
        head.method = Method(head[range])
        return head.method != .trace
    }

    private func settlePath(
        _ range: ByteRange, in head: inout RequestHead
    ) throws(HeadFault) {
        guard range.count <= settings.targetBytes else { throw .targetTooLong }
        head.targetRange = range
        head.path = range
        if try Self.isAsterisk(head[range], head.method) {
            head.form = .asterisk
            return
        }
        let lower = Int(range.lower)
        guard let question = head[range].firstIndex(of: 0x3F) else { return }
        head.path = ByteRange(lower, lower + question)
        head.query = ByteRange(lower + question + 1, Int(range.upper))
    }

    /// Whether this is the target of OPTIONS *; if not, it is a path.
    private static func isAsterisk(
        _ path: Span<UInt8>, _ method: Method
    ) throws(HeadFault) -> Bool {
        guard !path.isEmpty, path.firstInvisible(from: 0, to: path.count) == path.count,
            // Fragments are not sent (RFC 9110 §7.1).
            path.firstIndex(of: 0x23) == nil
        else { throw .badTarget }
        if path[0] == 0x2F { return false }
        guard path.count == 1, path[0] == 0x2A, method == .options else { throw .badTarget }
        return true
    }

    /// `:authority` and Host name the same place, or only one of them stands there.
    private func settleAuthority(
        _ said: ByteRange?, in head: inout RequestHead
    ) throws(HeadFault) {
        var host: ByteRange?
        for line in head.fields.lines where line.name == .host {
            guard host == nil else { throw .badAuthority }
            host = line.valueRange
        }
        guard let range = said ?? host, let named = Authority(head[range]) else {
            throw .badAuthority
        }
        if said != nil, let host, !head[host].equalsFolded(head[range]) { throw .badAuthority }
        let lower = Int(range.lower)
        head.authority = range
        head.host = ByteRange(lower, lower + named.hostCount)
    }

    // MARK: - Cookies

    /// Crumbs become one line again (RFC 9113 §8.2.3), where the first one stood.
    private func joinCookies(of fields: inout Fields) {
        guard let first = fields.firstIndex(of: .cookie),
            fields.firstIndex(of: .cookie, from: first + 1) != nil
        else { return }
        var crumbs: [ByteRange] = []
        for line in fields.lines where line.name == .cookie { crumbs.append(line.valueRange) }
        let storage = fields
        fields.remove(.cookie)
        fields.append(.cookie) { value in
            for (index, crumb) in crumbs.enumerated() {
                if index > 0 { value.write("; ") }
                value.write(storage[crumb])
            }
        }
    }
}

/// What a request asks its stream to become.
package enum RequestKind: Sendable {
    case ordinary
    /// Extended CONNECT (RFC 8441 §4).
    case webSocket
}
