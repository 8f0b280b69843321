internal import PorticoBytes

/// Makes the bytes that go-ftw would send.
package enum TestRequest {
    /// Nil if base64 in the test is none.
    package static func bytes(
        of input: TestInput, cookies: [(String, String)] = []
    ) -> [UInt8]? {
        if let encoded = input.encodedRequest { return Base64Text.decode(encoded) }
        let method = input.method ?? "GET"
        var fields = input.fields
        var data: [UInt8] = []
        if let text = input.data {
            data = Array(repeated(text).utf8)
        } else if let encoded = input.encodedData {
            guard let decoded = Base64Text.decode(encoded) else { return nil }
            data = decoded
        }
        func has(_ name: String) -> Bool { fields.contains { $0.name.lowercased() == name } }
        func types() -> [String] {
            fields.filter { $0.name.lowercased() == "content-type" }
                .map { $0.value.lowercased() }
        }
        let form = "application/x-www-form-urlencoded"
        if !data.isEmpty, input.completes {
            if !has("content-type") { fields.append((name: "Content-Type", value: form)) }
            if types().contains(form) { data = encodedForm(data) }
        }
        if types().contains(where: { $0.contains("multipart/form-data;") }) {
            data = data.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
        }
        if !cookies.isEmpty, !has("cookie") {
            let value = cookies.map { "\($0.0)=\($0.1)" }.joined(separator: "; ")
            fields.append((name: "Cookie", value: value))
        }
        if input.completes {
            if !has("connection") { fields.append((name: "Connection", value: "close")) }
            let sendsBody =
                method.hasPrefix("POST") || method.contains("PUT") || method.contains("PATCH")
                || method.hasSuffix("DELETE")
            if !has("content-length"), !data.isEmpty || sendsBody {
                fields.append((name: "Content-Length", value: "\(data.count)"))
            }
        }
        var text = "\(method) \(input.target ?? "/") \(input.version ?? "HTTP/1.1")\r\n"
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        text += "\r\n"
        return Array(text.utf8) + data
    }

    /// `{{ "a" | repeat 300 }}` is so many of them.
    private static func repeated(_ text: String) -> String {
        guard text.contains("repeat") else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstRange(of: "{{") {
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { break }
            result += rest[..<open.lowerBound]
            let inside = rest[open.upperBound..<close.lowerBound]
            if let first = inside.firstIndex(of: "\""), let last = inside.lastIndex(of: "\""),
                first < last, let bar = inside[last...].firstRange(of: "repeat"),
                let count = Int(inside[bar.upperBound...].filter(\.isNumber)), count <= 1 << 20
            {
                let piece = inside[inside.index(after: first)..<last]
                result += String(repeating: String(piece), count: count)
            } else {
                result += rest[open.lowerBound..<close.upperBound]
            }
            rest = rest[close.upperBound...]
        }
        return result + rest
    }

    /// Encodes a form that is not encoded yet, as go-ftw does.
    private static func encodedForm(_ data: [UInt8]) -> [UInt8] {
        for (index, byte) in data.enumerated() {
            if byte == 0x2B { return data }
            if byte == 0x25 {
                // Encoded already, or not to be decoded: both are sent as they stand.
                _ = index
                return data
            }
        }
        var pieces = data.split(separator: 0x26, omittingEmptySubsequences: false).map {
            piece -> [UInt8] in
            guard let equals = piece.firstIndex(of: 0x3D) else { return quoted(piece) }
            return quoted(piece[..<equals]) + [0x3D] + quoted(piece[(equals + 1)...])
        }
        if pieces.count > 1, pieces.last?.isEmpty == true { pieces.removeLast() }
        return Array(pieces.joined(separator: [0x26]))
    }

    private static func quoted(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in bytes {
            if ASCII.isLetter(byte) || ASCII.isDigit(byte)
                || [0x5F, 0x2E, 0x2D, 0x7E].contains(byte)
            {
                result.append(byte)
            } else if byte == 0x20 {
                result.append(0x2B)
            } else {
                result += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return result
    }
}

enum Base64Text {
    /// White space is passed over; nil for other bytes that do not belong.
    static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61 + 26
            case 0x30...0x39: value = byte - 0x30 + 52
            case 0x2B: value = 62
            case 0x2F: value = 63
            case 0x3D, 0x20, 0x0A, 0x0D, 0x09: continue
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count == 4 {
                result += [
                    UInt8(truncatingIfNeeded: bits >> 16), UInt8(truncatingIfNeeded: bits >> 8),
                    UInt8(truncatingIfNeeded: bits),
                ]
                (bits, count) = (0, 0)
            }
        }
        switch count {
        case 2: result.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            result += [
                UInt8(truncatingIfNeeded: bits >> 10), UInt8(truncatingIfNeeded: bits >> 2),
            ]
        case 1: return nil
        default: break
        }
        return result
    }
}
