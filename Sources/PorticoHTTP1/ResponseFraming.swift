internal import PorticoBytes
package import PorticoHTTP

extension ResponseHead {
    /// How the body is framed, for a head that `ResponseReader` has completed (RFC 9112 §6.3).
    ///
    /// The fields are judged even where there is no body: they go on to caches and clients.
    package func bodyFraming(to method: Method) throws(ResponseFault) -> BodyFraming {
        let coding = TransferCoding(fields)
        let length = fields.firstIndex(of: .contentLength)
        if coding != .absent {
            if length != nil { throw .lengthAndCoding }
            if version == .http10 { throw .codingInHTTP10 }
        }
        if coding == .malformed { throw .badTransferCoding }
        if coding == .unknown { throw .unknownTransferCoding }
        var count: UInt64?
        if let length {
            guard let number = fields.value(at: length).decimal else { throw .badContentLength }
            count = number
        }
        if method == .head || !statusAllowsBody { return .none }
        if coding == .chunked { return .chunked }
        return count.map { .length($0) } ?? .untilClose
    }

    /// Whether framing fields announce a body where none can be (1xx and 204, RFC 9110 §8.6, RFC 9112 §6.1).
    /// It is not read; the connection must not be used again, since the body may follow.
    package var hasForbiddenBody: Bool {
        guard status < 200 || status == 204 else { return false }
        if fields.contains(.transferEncoding) { return true }
        guard let length = fields.firstIndex(of: .contentLength) else { return false }
        return fields.value(at: length).decimal != 0
    }

    /// Whether the origin keeps the connection after this response, if its end can be found.
    package var keepsAlive: Bool {
        if hasForbiddenBody || fields.list(.connection, contains: "close") { return false }
        return version != .http10 || fields.list(.connection, contains: "keep-alive")
    }

    /// Leaves at most one Content-Length line: RFC 9110 §8.6 lets equal ones pass as one.
    mutating func settleContentLength() throws(ResponseFault) {
        guard let first = fields.firstIndex(of: .contentLength) else { return }
        let length = try onlyContentLength()
        if fields.value(at: first).decimal != nil,
            fields.firstIndex(of: .contentLength, from: first + 1) == nil
        {
            return
        }
        var digits = Buffer()
        digits.append(decimal: length)
        fields.set(.contentLength, digits.bytes)
    }

    /// What all members of all lines say. There is at least one line.
    private func onlyContentLength() throws(ResponseFault) -> UInt64 {
        var length: UInt64?
        for index in fields.lines.indices where fields.lines[index].name == .contentLength {
            let value = fields.value(at: index)
            var start = 0
            while start <= value.count {
                let end = value.firstIndex(of: 0x2C, from: start) ?? value.count
                guard let number = value.extracting(start..<end).trimmingOWS.decimal,
                    length == nil || length == number
                else { throw .badContentLength }
                length = number
                start = end + 1
            }
        }
        guard let length else { throw .badContentLength }
        return length
    }
}
