internal import PorticoBytes

/// A request, described as to curl: a whole command line, or its parts as options.
///
/// The target is sent as it is written: dot segments and odd bytes are what rules are tested with.
package struct CurlCommand: Sendable, Equatable {
    package enum Fault: Error, Equatable, Sendable {
        case unterminatedQuote
        /// An option that changes what is sent, and is not known here.
        case unknownOption(String)
        case missingValue(String)
        case noURL
        /// Data from a file: the tool reads what it is given, and not what a command line names.
        case fileData(String)

        package var sentence: String {
            switch self {
            case .unterminatedQuote: "a quote has no end"
            case .unknownOption(let name): "curl's option \(name) is not known here"
            case .missingValue(let name): "\(name) lacks its value"
            case .noURL: "a URL is missing"
            case .fileData(let name): "\"\(name)\": files are not read; give the data itself"
            }
        }
    }

    package var url = ""
    package var method: String?
    package var fields: [(name: String, value: String)] = []
    /// Pieces of a form, joined with `&`.
    package var data: [String] = []
    package var isJSON = false
    /// Data goes into the query.
    package var asksWithData = false
    /// Parts of a multipart form.
    package var parts: [(name: String, value: String)] = []

    package init() {}

    package static func == (left: CurlCommand, right: CurlCommand) -> Bool {
        (try? left.bytes()) == (try? right.bytes())
    }

    /// `curl -H 'A: b' https://…`, quoted as for a shell; the word `curl` may be left out.
    package init(_ line: String) throws(Fault) {
        var words = try Self.words(line)[...]
        if words.first == "curl" { words.removeFirst() }
        while let word = words.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                url = word
                continue
            }
            if word.hasPrefix("--") {
                try read(word, &words)
                continue
            }
            // -sXPOST: letters without a value may stand together before one with a value.
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                guard let long = Self.long[letter] else { throw .unknownOption("-\(letter)") }
                if Self.flags.contains(long) {
                    try read(long, &words)
                    continue
                }
                if !letters.isEmpty { words.insert(String(letters), at: words.startIndex) }
                try read(long, &words)
                break
            }
        }
        if url.isEmpty { throw .noURL }
    }

    // MARK: - Options

    private static let long: [Character: String] = [
        "X": "--request", "H": "--header", "d": "--data", "F": "--form", "b": "--cookie",
        "A": "--user-agent", "e": "--referer", "u": "--user", "G": "--get", "I": "--head",
        "k": "--insecure", "s": "--silent", "S": "--show-error", "L": "--location",
        "i": "--include", "v": "--verbose", "f": "--fail", "g": "--globoff", "o": "--output",
        "m": "--max-time", "x": "--proxy", "0": "--http1.0", "w": "--write-out",
    ]

    /// Without a value.
    private static let flags: Set<String> = [
        "--get", "--head", "--insecure", "--silent", "--show-error", "--location", "--include",
        "--verbose", "--fail", "--globoff", "--compressed", "--http1.0", "--http1.1", "--http2",
        "--path-as-is", "--no-buffer", "--ipv4", "--ipv6",
    ]

    private mutating func read(
        _ option: String, _ words: inout ArraySlice<String>
    ) throws(Fault) {
        if Self.flags.contains(option) {
            if option == "--get" { asksWithData = true }
            if option == "--head" { method = method ?? "HEAD" }
            if option == "--compressed" {
                fields.append((name: "Accept-Encoding", value: "deflate, gzip, br, zstd"))
            }
            return
        }
        guard let value = words.popFirst() else { throw .missingValue(option) }
        switch option {
        case "--url": url = value
        case "--request": method = value
        case "--header": add(header: value)
        case "--data", "--data-ascii", "--data-binary":
            if value.hasPrefix("@") { throw .fileData(value) }
            data.append(value)
        case "--data-raw": data.append(value)
        case "--data-urlencode":
            let cut = value.firstIndex(of: "=")
            let name = cut.map { String(value[..<$0]) } ?? ""
            let text = cut.map { String(value[value.index(after: $0)...]) } ?? value
            data.append((name.isEmpty ? "" : name + "=") + Self.quoted(text))
        case "--json":
            if value.hasPrefix("@") { throw .fileData(value) }
            data.append(value)
            isJSON = true
        case "--form", "--form-string":
            let halves = value.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let text = halves.count > 1 ? String(halves[1]) : ""
            if option == "--form", text.hasPrefix("@") || text.hasPrefix("<") {
                throw .fileData(text)
            }
            parts.append((name: String(halves[0]), value: text))
        case "--cookie": fields.append((name: "Cookie", value: value))
        case "--user-agent": fields.append((name: "User-Agent", value: value))
        case "--referer": fields.append((name: "Referer", value: value))
        case "--user":
            fields.append((name: "Authorization", value: "Basic " + Base64Text.encode(value)))
        case "--output", "--max-time", "--proxy", "--write-out", "--connect-timeout", "--retry",
            "--cacert", "--resolve", "--connect-to":
            break
        default: throw .unknownOption(option)
        }
    }

    /// `Name: value`; `Name;` has an empty value; `Name:` takes away one that curl sends.
    package mutating func add(header text: String) {
        if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " }
            fields.append((name: String(text[..<colon]), value: String(value)))
        } else if text.hasSuffix(";") {
            fields.append((name: String(text.dropLast()), value: ";"))
        }
    }

    // MARK: - Bytes

    /// What goes over the wire, as HTTP/1.1.
    package func bytes() throws(Fault) -> [UInt8] {
        if url.isEmpty { throw .noURL }
        var rest = Substring(url)
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let isRelative = url.hasPrefix("/")
        var host = isRelative ? "localhost" : String(rest[..<slash])
        if let user = host.lastIndex(of: "@") { host = String(host[host.index(after: user)...]) }
        var target = isRelative ? url : String(rest[slash...])
        // A fragment is for browsers.
        if let hash = target.firstIndex(of: "#") { target = String(target[..<hash]) }
        if !target.hasPrefix("/") { target = "/" + target }
        var body = Array(data.joined(separator: isJSON ? "" : "&").utf8)
        if asksWithData {
            if !body.isEmpty { target += (target.contains("?") ? "&" : "?") + body.span.text }
            body = []
        }
        var type = isJSON ? "application/json" : "application/x-www-form-urlencoded"
        if !parts.isEmpty {
            let boundary = "------------------------portico0rehearsal"
            type = "multipart/form-data; boundary=" + boundary
            body = Array(multipart(boundary).utf8)
        }
        let sends = (!data.isEmpty || !parts.isEmpty) && !asksWithData
        var text = "\(method ?? (sends ? "POST" : "GET")) \(target) HTTP/1.1\r\n"
        func add(_ name: String, _ value: String) {
            if !fields.contains(where: { $0.name.lowercased() == name.lowercased() }) {
                text += "\(name): \(value)\r\n"
            }
        }
        add("Host", host)
        add("User-Agent", "curl/8.0")
        add("Accept", isJSON ? "application/json" : "*/*")
        for field in fields where !field.value.isEmpty {
            text += "\(field.name): \(field.value == ";" ? "" : field.value)\r\n"
        }
        if sends {
            add("Content-Type", type)
            add("Content-Length", "\(body.count)")
        }
        return Array((text + "\r\n").utf8) + body
    }

    private func multipart(_ boundary: String) -> String {
        var text = ""
        for part in parts {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name)\""
            text += "\r\n\r\n\(part.value)\r\n"
        }
        return text + "--\(boundary)--\r\n"
    }

    private static func quoted(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            if ASCII.isLetter(byte) || ASCII.isDigit(byte)
                || [0x5F, 0x2E, 0x2D, 0x7E].contains(byte)
            {
                result.append(Character(UnicodeScalar(byte)))
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }

    // MARK: - Words of a shell

    /// POSIX quoting, `$'…'` with its common escapes, and a backslash at the end of a line.
    static func words(_ line: String) throws(Fault) -> [String] {
        var words: [String] = []
        var word: String?
        var rest = Substring(line)
        while let character = rest.popFirst() {
            switch character {
            case " ", "\t", "\n", "\r\n":
                if let done = word { words.append(done) }
                word = nil
            case "'":
                guard let end = rest.firstIndex(of: "'") else { throw .unterminatedQuote }
                word = (word ?? "") + rest[..<end]
                rest = rest[rest.index(after: end)...]
            case "\"": word = (word ?? "") + (try doubleQuoted(&rest))
            case "$" where rest.first == "'":
                rest.removeFirst()
                word = (word ?? "") + (try ansiQuoted(&rest))
            case "\\":
                guard let next = rest.popFirst() else { break }
                if next != "\n", next != "\r\n" { word = (word ?? "") + String(next) }
            default: word = (word ?? "") + String(character)
            }
        }
        if let last = word { words.append(last) }
        return words
    }

    private static func doubleQuoted(_ rest: inout Substring) throws(Fault) -> String {
        var text = ""
        while let character = rest.popFirst() {
            if character == "\"" { return text }
            if character == "\\", let next = rest.first, "\"\\$`\n".contains(next) {
                rest.removeFirst()
                if next != "\n" { text.append(next) }
            } else {
                text.append(character)
            }
        }
        throw .unterminatedQuote
    }

    private static func ansiQuoted(_ rest: inout Substring) throws(Fault) -> String {
        var text = ""
        while let character = rest.popFirst() {
            if character == "'" { return text }
            guard character == "\\", let next = rest.popFirst() else {
                text.append(character)
                continue
            }
            switch next {
            case "n": text += "\n"
            case "r": text += "\r"
            case "t": text += "\t"
            case "x", "u":
                let digits = rest.prefix(next == "x" ? 2 : 4).prefix(while: \.isHexDigit)
                rest = rest.dropFirst(digits.count)
                if let code = UInt32(digits, radix: 16), let scalar = UnicodeScalar(code) {
                    text.unicodeScalars.append(scalar)
                }
            default: text.append(next)
            }
        }
        throw .unterminatedQuote
    }
}

extension Base64Text {
    static func encode(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var result = ""
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for byte in group { bits = bits << 8 | UInt32(byte) }
            bits <<= UInt32(8 * (3 - group.count))
            for index in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * index) & 63)
                result.append(index <= group.count ? alphabet[value] : "=")
            }
        }
        return result
    }
}
