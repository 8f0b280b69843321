internal import PorticoBytes

/// Files of raw HTTP/1 requests.
///
/// One after the other, as on a connection; or, where a line begins with `###`, one in each part
/// between such lines, the rest of the line its name (the form of editors' .http files). A head
/// whose lines end with LF alone was written by a person: its ends become CRLF, and a body without
/// framing gets its Content-Length. A head with CRLF is what arrived, and not a byte of it is
/// changed.
package enum RequestFile {
    package static func read(_ bytes: [UInt8], file: String) -> [SampleRequest] {
        let marks = separators(bytes)
        if marks.isEmpty { return sequence(bytes, file: file) }
        var requests: [SampleRequest] = []
        var parts: [(name: String, line: Int, range: Range<Int>)] = []
        for (index, mark) in marks.enumerated() {
            let end = index + 1 < marks.count ? marks[index + 1].start : bytes.count
            parts.append((mark.name, mark.line, mark.end..<max(mark.end, end)))
        }
        if marks[0].start > 0 { parts.insert(("", 1, 0..<marks[0].start), at: 0) }
        for part in parts {
            var text = Array(bytes[part.range].drop { $0 == 0x0A || $0 == 0x0D })
            if text.isEmpty { continue }
            let head = headEnd(text)
            // The blank lines before the next mark are no part of a body.
            if !isExact(text) {
                while text.count > head.end, text.last == 0x0A || text.last == 0x0D {
                    text.removeLast()
                }
            }
            let name = part.name.isEmpty ? "\(file):\(part.line)" : part.name
            requests.append(SampleRequest(name: name, bytes: completed(text, head)))
        }
        return requests
    }

    // MARK: - Parts

    private static func separators(
        _ bytes: [UInt8]
    ) -> [(name: String, line: Int, start: Int, end: Int)] {
        var found: [(name: String, line: Int, start: Int, end: Int)] = []
        var line = 1
        var start = 0
        while start < bytes.count {
            let feed = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            if bytes[start..<feed].starts(with: [0x23, 0x23, 0x23]) {
                let name = Array(bytes[(start + 3)..<feed]).span.trimmingOWS.text
                    .filter { $0 != "\r" }
                found.append((name, line, start, min(feed + 1, bytes.count)))
            }
            start = feed + 1
            line += 1
        }
        return found
    }

    private static func isExact(_ text: [UInt8]) -> Bool {
        guard let feed = text.firstIndex(of: 0x0A) else { return true }
        return feed > 0 && text[feed - 1] == 0x0D
    }

    // MARK: - One after the other

    private static func sequence(_ bytes: [UInt8], file: String) -> [SampleRequest] {
        var requests: [SampleRequest] = []
        var start = 0
        while true {
            while start < bytes.count, bytes[start] == 0x0A || bytes[start] == 0x0D { start += 1 }
            if start >= bytes.count { return requests }
            let rest = Array(bytes[start...])
            let head = headEnd(rest)
            let end = bodyEnd(rest, head)
            let line = 1 + bytes[..<start].count { $0 == 0x0A }
            requests.append(
                SampleRequest(
                    name: "\(file):\(line)", bytes: completed(Array(rest[..<end]), head)))
            start += max(1, end)
        }
    }

    /// Where the fields end, and where the body begins.
    private static func headEnd(_ text: [UInt8]) -> (fields: Int, end: Int) {
        var index = 0
        while let feed = text[index...].firstIndex(of: 0x0A) {
            let next = feed + 1
            if next < text.count, text[next] == 0x0A { return (next, next + 1) }
            if next + 1 < text.count, text[next] == 0x0D, text[next + 1] == 0x0A {
                return (next, next + 2)
            }
            index = next
        }
        return (text.count, text.count)
    }

    private static func bodyEnd(_ text: [UInt8], _ head: (fields: Int, end: Int)) -> Int {
        let fields = Array(text[..<head.fields])
        if value(of: "transfer-encoding", in: fields) != nil {
            // To the last chunk and the end of its trailer.
            let end = text[head.end...].firstRange(of: [0x0A, 0x30, 0x0D, 0x0A])
            guard
                let last = end?.upperBound
                    ?? (text[head.end...].starts(with: [0x30, 0x0D])
                        ? head.end + 3 : nil)
            else { return text.count }
            return min(text.count, last + 2)
        }
        if let length = value(of: "content-length", in: fields).flatMap({ Int($0) }) {
            return min(text.count, head.end + max(0, min(length, text.count)))
        }
        // Up to the next line that begins a request.
        var start = head.end
        while start < text.count {
            let feed = text[start...].firstIndex(of: 0x0A) ?? text.count
            if isRequestLine(text[start..<feed]) { return start }
            start = feed + 1
        }
        return text.count
    }

    private static func isRequestLine(_ line: ArraySlice<UInt8>) -> Bool {
        let words = line.filter { $0 != 0x0D }.split(separator: 0x20)
        guard words.count >= 3, let method = words.first, let version = words.last else {
            return false
        }
        return method.allSatisfy { (0x41...0x5A).contains($0) }
            && version.starts(with: Array("HTTP/".utf8))
    }

    static func value(of name: String, in head: [UInt8]) -> String? {
        for line in head.split(separator: 0x0A).dropFirst() {
            guard let colon = line.firstIndex(of: 0x3A) else { continue }
            if Array(line[..<colon]).span.text.lowercased() == name {
                return Array(line[(colon + 1)...].filter { $0 != 0x0D }).span.trimmingOWS.text
            }
        }
        return nil
    }

    // MARK: - Completing

    private static func completed(_ text: [UInt8], _ head: (fields: Int, end: Int)) -> [UInt8] {
        if isExact(text), head.end > head.fields || text.contains(0x0A) { return text }
        var fields = Array(text[..<head.fields])
        let body = Array(text[min(head.end, text.count)...])
        let isFramed =
            value(of: "content-length", in: fields) != nil
            || value(of: "transfer-encoding", in: fields) != nil
        while fields.last == 0x0A || fields.last == 0x0D { fields.removeLast() }
        var result: [UInt8] = []
        for byte in fields {
            if byte == 0x0A, result.last != 0x0D { result.append(0x0D) }
            result.append(byte)
        }
        result += [0x0D, 0x0A]
        if !isFramed, !body.isEmpty { result += Array("Content-Length: \(body.count)\r\n".utf8) }
        return result + [0x0D, 0x0A] + body
    }
}
