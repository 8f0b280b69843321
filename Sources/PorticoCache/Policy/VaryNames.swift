package import PorticoBytes
package import PorticoHTTP

/// The secondary key (RFC 9111 §4.1): which request fields chose a response, and their values.
package struct VaryNames: Equatable, Sendable {
    /// In lower case, each followed by a newline, in order and without duplicates; empty where
    /// nothing varies.
    package let names: [UInt8]

    /// What another one's `names` were.
    package init(names: [UInt8]) { self.names = names }

    /// Nil for `Vary: *`.
    package init?(_ response: borrowing Fields) {
        if Self.isAny(in: response) { return nil }
        var found: [[UInt8]] = []
        response.forEachMember(of: .vary) { member in
            var name = member.array
            for index in name.indices { name[index] = ASCII.lowercase(name[index]) }
            if !found.contains(name) { found.append(name) }
        }
        var names: [UInt8] = []
        for name in found {
            names += name
            names.append(0x0A)
        }
        self.names = names
    }

    /// More names than any origin means; each costs every request for the resource.
    package static let limit = 64

    /// Whether it says "*", or more than anybody can mean: no request matches either.
    package static func isAny(in response: borrowing Fields) -> Bool {
        var count = 0
        var hasStar = false
        response.forEachMember(of: .vary) { member in
            count += 1
            if member.equals("*") { hasStar = true }
        }
        return hasStar || count > limit
    }

    /// Appends the request's values in normal form: two requests with the same bytes here select
    /// the same response. What is absent differs from what is empty.
    package func writeValues(of request: borrowing Fields, into buffer: inout Buffer) {
        var start = 0
        while start < names.count {
            let end = names.span.firstIndex(of: 0x0A, from: start) ?? names.count
            Self.write(names.span.extracting(start..<end), of: request, into: &buffer)
            buffer.append(0x0A)
            start = end + 1
        }
    }

    private static func write(
        _ name: Span<UInt8>, of request: borrowing Fields, into buffer: inout Buffer
    ) {
        let known = FieldName(name)
        if known == .acceptEncoding || known == .acceptLanguage,
            writeUnordered(known, of: request, into: &buffer)
        {
            return
        }
        var isPresent = false
        for line in request.lines where line.name == known {
            if known == .other, !request[line.nameRange].equalsFolded(name) { continue }
            buffer.append(isPresent ? 0x2C : 0x3D)
            isPresent = true
            writeNormal(request[line.valueRange], into: &buffer)
        }
    }

    /// White space in a row is one, none stands beside a comma or at the ends; quoted strings stay
    /// as they are.
    private static func writeNormal(_ value: Span<UInt8>, into buffer: inout Buffer) {
        let value = value.trimmingOWS
        var isQuoted = false
        var hasSpace = false
        var afterComma = true
        var index = 0
        while index < value.count {
            let byte = value[index]
            index += 1
            if !isQuoted, isSpace(byte) {
                hasSpace = true
                continue
            }
            if hasSpace, byte != 0x2C, !afterComma { buffer.append(0x20) }
            hasSpace = false
            afterComma = byte == 0x2C && !isQuoted
            if byte == 0x22 { isQuoted.toggle() }
            buffer.append(byte)
            if byte == 0x5C, isQuoted, index < value.count {
                buffer.append(value[index])
                index += 1
            }
        }
    }

    /// Lists whose order says nothing (RFC 9110 §12.5.3, §12.5.4) and whose members fold case:
    /// sorted, without white space and duplicates. False, and nothing is written, for what is too
    /// long to be a browser's.
    private static func writeUnordered(
        _ name: FieldName, of request: borrowing Fields, into buffer: inout Buffer
    ) -> Bool {
        var members: [ByteRange] = []
        for line in request.lines where line.name == name {
            let value = request[line.valueRange]
            var start = 0
            while start <= value.count {
                let end = value.firstIndex(of: 0x2C, from: start) ?? value.count
                let lower = Int(line.valueRange.lower)
                insert(ByteRange(lower + start, lower + end), into: &members, of: request)
                if members.count > longestList { return false }
                start = end + 1
            }
        }
        guard request.contains(name) else { return true }
        buffer.append(0x3D)
        for (index, member) in members.enumerated() {
            if index > 0 { buffer.append(0x2C) }
            let bytes = request[member]
            for place in bytes.indices where !isSpace(bytes[place]) {
                buffer.append(ASCII.lowercase(bytes[place]))
            }
        }
        return true
    }

    private static let longestList = 32

    private static func insert(
        _ range: ByteRange, into members: inout [ByteRange], of request: borrowing Fields
    ) {
        let member = request[range]
        if member.trimmingOWS.isEmpty { return }
        var place = members.count
        while place > 0 {
            let order = compare(member, request[members[place - 1]])
            if order == 0 { return }
            if order > 0 { break }
            place -= 1
        }
        members.insert(range, at: place)
    }

    /// Negative, zero or positive; without white space and case.
    private static func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
        var first = 0
        var second = 0
        while true {
            while first < left.count, isSpace(left[first]) { first += 1 }
            while second < right.count, isSpace(right[second]) { second += 1 }
            if first == left.count || second == right.count {
                return (left.count - first) - (right.count - second)
            }
            let difference =
                Int(ASCII.lowercase(left[first])) - Int(ASCII.lowercase(right[second]))
            if difference != 0 { return difference }
            first += 1
            second += 1
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

/// One stored response among several of a key, as far as choosing needs it.
package struct Variant: Equatable, Sendable {
    package let vary: VaryNames
    /// What `VaryNames.writeValues` wrote for the request that fetched it.
    package let values: [UInt8]
    /// `StoredRules.date`.
    package let date: Int64

    package init(vary: VaryNames, values: [UInt8], date: Int64) {
        self.vary = vary
        self.values = values
        self.date = date
    }

    /// Nil for `Vary: *`.
    package init?(_ request: borrowing Fields, _ response: borrowing Fields, date: Int64) {
        guard let vary = VaryNames(response) else { return nil }
        var buffer = Buffer()
        vary.writeValues(of: request, into: &buffer)
        self.init(vary: vary, values: buffer.bytes.array, date: date)
    }

    /// How many bytes tell it from others.
    var bytes: Int { vary.names.count + values.count }

    /// Whether both are chosen by the same requests: the newer takes the place of the older.
    package func replaces(_ other: Variant) -> Bool {
        vary == other.vary && values == other.values
    }

    /// The newest of those that match the request (RFC 9111 §4.1). `scratch` is emptied and used.
    ///
    /// - Parameter variant: the variant at an index below `count`.
    package static func select(
        for request: borrowing Fields, among count: Int, scratch: inout Buffer,
        _ variant: (Int) -> Variant
    ) -> Int? {
        var best: Int?
        var bestDate = Int64.min
        var written: VaryNames?
        for index in 0..<count {
            let candidate = variant(index)
            if best != nil && candidate.date <= bestDate { continue }
            if !candidate.vary.names.isEmpty {
                if written != candidate.vary {
                    scratch.removeAll()
                    candidate.vary.writeValues(of: request, into: &scratch)
                    written = candidate.vary
                }
                if !scratch.bytes.equals(candidate.values.span) { continue }
            }
            best = index
            bestDate = candidate.date
        }
        return best
    }
}
