internal import PorticoBytes

/// Requests of an access log: Portico's JSON lines, or the combined format of Apache and nginx.
///
/// A log holds the target and some fields; bodies, cookies and other fields are not in it, and no
/// rule over them can be tried.
package struct AccessLog: Sendable {
    package struct Entry: Sendable, Equatable {
        package var client = ""
        package var host: String?
        package var method = ""
        package var target: [UInt8] = []
        package var userAgent: [UInt8] = []
        package var referer: [UInt8] = []
        package var status: Int?

        /// The path, without query.
        package var path: String {
            Array(target.prefix { $0 != 0x3F }).span.text
        }

        /// As it may have been sent.
        package func request(host fallback: String, name: String) -> SampleRequest {
            var bytes = Array(method.utf8) + [0x20] + target + Array(" HTTP/1.1\r\n".utf8)
            bytes += Array("Host: \(host ?? fallback)\r\nAccept: */*\r\n".utf8)
            if !userAgent.isEmpty { bytes += Array("User-Agent: ".utf8) + userAgent + [13, 10] }
            if !referer.isEmpty { bytes += Array("Referer: ".utf8) + referer + [13, 10] }
            return SampleRequest(name: name, bytes: bytes + [13, 10])
        }
    }

    package private(set) var entries: [(line: Int, entry: Entry)] = []
    /// Lines that are neither format.
    package private(set) var unreadable: [Int] = []

    package init(_ bytes: [UInt8]) {
        var start = 0
        var line = 1
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let text = Array(bytes[start..<end]).span.trimmingOWS.array
            if !text.isEmpty {
                if let entry = text.first == 0x7B ? Self.json(text) : Self.combined(text) {
                    entries.append((line, entry))
                } else {
                    unreadable.append(line)
                }
            }
            start = end + 1
            line += 1
        }
    }

    // MARK: - Formats

    private static func json(_ text: [UInt8]) -> Entry? {
        guard let line = JSONValue(text.span), let method = line["method"]?.text,
            let target = line["uri"]?.text, isPlain(Array(method.utf8)),
            isPlain(Array(target.utf8))
        else { return nil }
        var entry = Entry()
        entry.method = method
        entry.target = Array(target.utf8)
        entry.client = line["client_ip"]?.text ?? ""
        entry.host = line["host"]?.text.flatMap { $0.isEmpty ? nil : $0 }
        entry.userAgent = field(line["user_agent"]?.text)
        entry.referer = field(line["referer"]?.text)
        entry.status = line["status"]?.integer
        return entry
    }

    /// Line ends within a field would make others of it.
    private static func field(_ text: String?) -> [UInt8] {
        Array((text ?? "").utf8).filter { $0 != 0x0D && $0 != 0x0A }
    }

    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    /// `ip ident user [time] "method target version" status bytes "referer" "agent"`.
    private static func combined(_ text: [UInt8]) -> Entry? {
        var entry = Entry()
        guard let space = text.firstIndex(of: 0x20),
            let bracket = text[space...].firstRange(of: [0x5D, 0x20, 0x22])
        else { return nil }
        entry.client = Array(text[..<space]).span.text
        var index = bracket.upperBound
        let request = quoted(text, &index)
        let words = request.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count >= 2 else { return nil }
        entry.method = Array(words[0]).span.text
        let end = words.count > 2 ? words.count - 1 : words.count
        entry.target = Array(words[1..<end].joined(separator: [0x20]))
        guard isPlain(Array(words[0])), isPlain(entry.target) else { return nil }
        let numbers = text[index...].prefix { $0 != 0x22 }
            .split(separator: 0x20).compactMap { Array($0).span.decimal }
        entry.status = numbers.first.flatMap { Int(exactly: $0) }
        for key in [\Entry.referer, \Entry.userAgent] {
            guard let quote = text[min(index, text.count)...].firstIndex(of: 0x22) else { break }
            index = quote + 1
            let value = quoted(text, &index).filter { $0 != 0x0D && $0 != 0x0A }
            if value != [0x2D] { entry[keyPath: key] = value }
        }
        return entry
    }

    /// Behind an opening quote, up to behind the closing one; `\"`, `\\` and `\xNN` undone.
    private static func quoted(_ text: [UInt8], _ index: inout Int) -> [UInt8] {
        var value: [UInt8] = []
        while index < text.count, text[index] != 0x22 {
            if text[index] == 0x5C, index + 1 < text.count {
                if text[index + 1] == 0x78, index + 3 < text.count,
                    let high = ASCII.hexadecimalValue(text[index + 2]),
                    let low = ASCII.hexadecimalValue(text[index + 3])
                {
                    value.append(high << 4 | low)
                    index += 4
                    continue
                }
                index += 1
            }
            value.append(text[index])
            index += 1
        }
        index = min(index + 1, text.count)
        return value
    }
}
