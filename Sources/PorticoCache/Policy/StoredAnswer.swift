package import PorticoBytes
package import PorticoHTTP

/// How a stored response answers a request: whole, in parts, or not at all because the client has it
/// already (RFC 9111 §4.3.2, RFC 9110 §13 and §14).
package enum StoredAnswer: Equatable, Sendable {
    case whole
    case notModified
    /// 206 with one Content-Range.
    case part(Range<Int64>)
    /// 206 as multipart/byteranges: see `MultipartRanges`.
    case parts([Range<Int64>])
    /// 416, with the Content-Range that says how long it is.
    case unsatisfiable
    /// 412.
    case preconditionFailed

    /// - Parameter length: of the complete body; nil while it is still being fetched: then a Range is
    ///   not answered in part.
    package static func plan(
        _ request: borrowing RequestHead, _ stored: borrowing ResponseHead, length: Int64?,
        now: Int64
    ) -> StoredAnswer {
        var hasConditions = false
        var hasRange = false
        for line in request.fields.lines {
            switch line.name {
            case .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince:
                hasConditions = true
            case .range: hasRange = true
            default: continue
            }
        }
        if hasConditions {
            switch Conditions.judge(request.method, request.fields, against: stored, now: now) {
            case .proceed: break
            case .notModified: return .notModified
            case .failed: return .preconditionFailed
            }
        }
        // RFC 9110 §14.2: only GET, and only where 200 would be the answer.
        guard hasRange, request.method == .get, stored.status == 200, let length,
            Conditions.rangeApplies(request.fields, to: stored, now: now)
        else { return .whole }
        switch ByteRanges(request.fields, length: length) {
        case .whole: return .whole
        case .single(let range): return .part(range)
        case .several(let ranges): return .parts(ranges)
        case .unsatisfiable: return .unsatisfiable
        }
    }

    /// Takes out of a stored head what a 304 does not repeat (RFC 9110 §15.4.5): what describes the
    /// body that the client has.
    package static func makeNotModified(_ head: inout ResponseHead) {
        head.status = 304
        head.reason = .empty
        let hasTag = head.fields.contains(.etag)
        head.fields.removeAll { line, _ in
            switch line.name {
            case .contentLength, .contentType, .contentEncoding, .contentRange, .acceptRanges: true
            case .lastModified: hasTag
            default: false
            }
        }
    }
}

/// A body of type multipart/byteranges (RFC 9110 §14.6): what stands around the parts.
package struct MultipartRanges: Sendable {
    package let ranges: [Range<Int64>]
    private let length: Int64
    private let contentType: [UInt8]?
    private let boundary: UInt64

    /// - Parameter boundary: random, so that nobody can put it into the body beforehand.
    package init(
        _ ranges: [Range<Int64>], of length: Int64, _ stored: borrowing ResponseHead,
        boundary: UInt64
    ) {
        self.ranges = ranges
        self.length = length
        self.boundary = boundary
        contentType = stored.fields.firstIndex(of: .contentType).map {
            stored.fields.value(at: $0).array
        }
    }

    /// The value of Content-Type for the whole.
    package func writeContentType(into buffer: inout Buffer) {
        buffer.append("multipart/byteranges; boundary=")
        writeBoundary(into: &buffer)
    }

    /// What stands before the bytes of a part.
    package func writeHead(of index: Int, into buffer: inout Buffer) {
        buffer.append("\r\n--")
        writeBoundary(into: &buffer)
        if let contentType {
            buffer.append("\r\nContent-Type: ")
            buffer.append(contentType.span)
        }
        buffer.append("\r\nContent-Range: ")
        ContentRange(ranges[index], of: length).write(into: &buffer)
        buffer.append("\r\n\r\n")
    }

    /// What stands behind the last part.
    package func writeEnd(into buffer: inout Buffer) {
        buffer.append("\r\n--")
        writeBoundary(into: &buffer)
        buffer.append("--\r\n")
    }

    /// Of the whole body.
    package var contentLength: Int64 {
        var buffer = Buffer()
        var bytes: Int64 = 0
        for index in ranges.indices {
            writeHead(of: index, into: &buffer)
            bytes += ranges[index].upperBound - ranges[index].lowerBound
        }
        writeEnd(into: &buffer)
        return bytes + Int64(buffer.count)
    }

    private func writeBoundary(into buffer: inout Buffer) {
        buffer.append("portico-")
        buffer.append(hexadecimal: boundary)
    }
}
