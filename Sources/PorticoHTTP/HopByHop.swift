internal import PorticoBytes

extension FieldName {
    /// Meant for one connection (RFC 9110 §7.6.1), or dangerous behind it: a "Proxy" field becomes
    /// the variable HTTP_PROXY of a CGI program.
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization,
            .te,
            .trailer, .transferEncoding, .upgrade, .http2Settings, .proxy:
            true
        default: false
        }
    }

    /// Stays even if Connection names it: framing and routing are judged already, and
    /// a request that loses them on the way means something else.
    fileprivate var outlivesConnectionOption: Bool { self == .host || self == .contentLength }
}

extension Fields {
    /// Removes what does not go on to the next hop: the fields known for it and those that a
    /// Connection field names. Whoever needs Upgrade or Connection has looked before.
    ///
    /// Costs at most options × log(lines) comparisons: a head of nothing but options is cheap to send.
    ///
    /// - Parameter isUnwanted: what goes with them in the same pass.
    @inline(__always)
    package mutating func removeHopByHop(
        and isUnwanted: (Line, Span<UInt8>) -> Bool = { _, _ in false }
    ) {
        let named = linesNamedByConnection()
        if named.isEmpty {
            return removeAll { line, name in line.name.isHopByHop || isUnwanted(line, name) }
        }
        var index = 0
        removeAll { line, name in
            defer { index += 1 }
            return line.name.isHopByHop || named[index] || isUnwanted(line, name)
        }
    }

    /// For each line, whether an option of Connection names it; empty if none does.
    private func linesNamedByConnection() -> [Bool] {
        var sorted: [Int] = []
        var named: [Bool] = []
        forEachMember(of: .connection) { option in
            // What nearly all of them say, and no field's name.
            if option.equalsFolded("close") || option.equalsFolded("keep-alive") { return }
            if sorted.isEmpty {
                sorted = lines.indices.sorted { Self.order(name(at: $0), name(at: $1)) < 0 }
                named = Array(repeating: false, count: lines.count)
            }
            var lower = 0
            var upper = sorted.count
            while lower < upper {
                let middle = (lower + upper) / 2
                if Self.order(name(at: sorted[middle]), option) < 0 {
                    lower = middle + 1
                } else {
                    upper = middle
                }
            }
            // Marked lines of this name have been marked together.
            while lower < sorted.count, !named[sorted[lower]],
                Self.order(name(at: sorted[lower]), option) == 0
            {
                named[sorted[lower]] = !lines[sorted[lower]].name.outlivesConnectionOption
                lower += 1
            }
        }
        return named
    }

    /// Negative, zero or positive; by length first, ASCII letters without case.
    private static func order(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        if left.count != right.count { return left.count - right.count }
        for index in left.indices {
            let difference = Int(ASCII.lowercase(left[index])) - Int(ASCII.lowercase(right[index]))
            if difference != 0 { return difference }
        }
        return 0
    }
}
