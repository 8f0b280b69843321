internal import PorticoBytes
internal import PorticoHTTP

/// Taking a target apart (RFC 9112 §3.2) and finding out for whom it is (§3.3).
extension RequestHead {
    /// `range` in `input` holds visible ASCII only, at least one byte.
    mutating func settleTarget(
        _ range: ByteRange, in input: Span<UInt8>
    ) throws(RequestFault) {
        targetRange = range
        let lower = Int(range.lower)
        let upper = Int(range.upper)
        let target = input.extracting(lower..<upper)
        if target[0] == 0x2F {
            form = .origin
            try settlePath(from: lower, to: upper, in: input)
        } else if target.count == 1, target[0] == 0x2A {
            guard method == .options else { throw .badTarget }
            form = .asterisk
            path = range
        } else {
            form = .absolute
            let scheme: Int
            if target.count > 7, target.extracting(..<7).equalsFolded("http://") {
                scheme = 7
            } else if target.count > 8, target.extracting(..<8).equalsFolded("https://") {
                scheme = 8
                saidHTTPS = true
            } else {
                throw .badTarget
            }
            var end = scheme
            while end < target.count, target[end] != 0x2F, target[end] != 0x3F { end += 1 }
            guard let named = Authority(target.extracting(scheme..<end)) else { throw .badTarget }
            authority = ByteRange(lower + scheme, lower + end)
            host = ByteRange(lower + scheme, lower + scheme + named.hostCount)
            try settlePath(from: lower + end, to: upper, in: input)
        }
    }

    private mutating func settlePath(
        from lower: Int, to upper: Int, in input: Span<UInt8>
    ) throws(RequestFault) {
        let part = input.extracting(lower..<upper)
        // Fragments are not sent (RFC 9110 §7.1); a cache that drops one and an origin that does not
        // would store one page under another's name.
        if part.firstIndex(of: 0x23) != nil { throw .badTarget }
        let question = part.firstIndex(of: 0x3F).map { lower + $0 }
        path = ByteRange(lower, question ?? upper)
        query = question.map { ByteRange($0 + 1, upper) }
    }

    /// Judges the Host field (RFC 9112 §3.2) and names the authority by it, unless the target did.
    mutating func settleAuthority() throws(RequestFault) {
        var only: Fields.Line?
        for line in fields.lines where line.name == .host {
            guard only == nil else { throw .repeatedHost }
            only = line
        }
        guard let only else {
            if version == .http10 { return }
            throw .missingHost
        }
        // An empty value is for targets without an authority; whether we serve such, our caller knows.
        if only.valueRange.isEmpty { return }
        guard let named = Authority(fields[only.valueRange]) else { throw .badHost }
        if form == .absolute { return }
        let lower = Int(only.valueRange.lower)
        authority = only.valueRange
        host = ByteRange(lower, lower + named.hostCount)
    }
}
