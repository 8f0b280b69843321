package import PorticoBytes

/// Writes access lines, one complete line a call; each worker has its own.
///
/// Every JSON line has every field, in the same order, so that a line can be cut by eye; what
/// does not apply is `null`. Cookies and credentials are never asked for.
package struct AccessLineWriter: ~Copyable {
    package enum Format: Sendable {
        case json
        /// What Apache and nginx call combined, escaped as nginx does.
        case combined
    }

    private let format: Format
    private let redaction: Redaction
    /// The text of the second that the last line fell into: a line then costs a copy instead of a
    /// walk through the calendar.
    private var stamp = Buffer(capacity: 32)
    private var stampedSecond = -1

    package init(format: Format, redaction: Redaction) {
        self.format = format
        self.redaction = redaction
    }

    /// Appends one line, with its line feed. Neither format lets a text bring in another one.
    package mutating func append(
        _ record: AccessRecord, _ texts: borrowing AccessTexts, into line: inout Buffer
    ) {
        // What nearly every line fits into, at once instead of by doubling.
        line.reserve(1024)
        let time = max(record.wallMicroseconds, 0)
        if time / 1_000_000 != stampedSecond { restamp(time) }
        switch format {
        case .json: appendJSON(record, texts, millisecond: time / 1000 % 1000, into: &line)
        case .combined: appendCombined(record, texts, into: &line)
        }
    }

    private mutating func restamp(_ time: Int) {
        stamp.removeAll()
        switch format {
        case .json: WallTime(microseconds: time).appendISO8601Seconds(into: &stamp)
        case .combined: WallTime(microseconds: time).appendCommonLog(into: &stamp)
        }
        stampedSecond = time / 1_000_000
    }

    // MARK: - JSON

    private func appendJSON(
        _ record: AccessRecord, _ texts: borrowing AccessTexts, millisecond: Int,
        into line: inout Buffer
    ) {
        line.append("{\"time\":\"")
        line.append(stamp.bytes)
        line.append(millisecond, digits: 3)
        line.append("Z\",\"request_id\":")
        line.append(jsonOrNull: texts.requestID)
        line.append(",\"client_ip\":")
        line.append(jsonOrNull: texts.clientIP)
        line.append(",\"host\":")
        line.append(jsonOrNull: texts.host)
        line.append(",\"method\":")
        line.append(jsonOrNull: texts.method)
        line.append(",\"uri\":")
        append(redacted: texts.uri, into: &line)
        line.append(",\"protocol\":")
        line.append(quotedOrNull: record.httpVersion)
        line.append(",\"tls\":")
        line.append(quotedOrNull: record.tlsVersion)
        line.append(",\"status\":")
        line.append(count: record.status)
        line.append(",\"bytes_in\":")
        line.append(count: record.bytesIn)
        line.append(",\"bytes_out\":")
        line.append(count: record.bytesOut)
        line.append(",\"duration_us\":")
        line.append(count: record.durationMicroseconds)
        line.append(",\"ttfb_us\":")
        line.append(countOrNull: record.firstByteMicroseconds)
        line.append(",\"cache\":")
        line.append(quotedOrNull: record.cache == .none ? nil : record.cache.name)
        line.append(",\"cache_key_hash\":")
        line.append(hashOrNull: record.cacheKeyHash)
        line.append(",\"origin\":")
        line.append(jsonOrNull: texts.origin)
        line.append(",\"origin_us\":")
        line.append(countOrNull: record.originMicroseconds)
        line.append(",\"retries\":")
        line.append(count: record.retries)
        line.append(",\"waf\":")
        line.append(quotedOrNull: record.waf == .none ? nil : record.waf.name)
        line.append(",\"waf_score\":")
        line.append(count: record.wafScore)
        line.append(record.isRateLimited ? ",\"rate_limited\":true" : ",\"rate_limited\":false")
        if let image = record.image {
            line.append(",\"image\":{\"parameters\":")
            line.append(json: texts.imageParameters)
            line.append(",\"bytes_in\":")
            line.append(count: image.bytesIn)
            line.append(",\"bytes_out\":")
            line.append(count: image.bytesOut)
            line.append("},\"user_agent\":")
        } else {
            line.append(",\"image\":null,\"user_agent\":")
        }
        line.append(jsonOrNull: texts.userAgent)
        line.append(",\"referer\":")
        append(redacted: texts.referer, into: &line)
        line.append("}\n")
    }

    // MARK: - Combined

    private func appendCombined(
        _ record: AccessRecord, _ texts: borrowing AccessTexts, into line: inout Buffer
    ) {
        line.append(escapedOrDash: texts.clientIP)
        line.append(" - - [")
        line.append(stamp.bytes)
        line.append("] \"")
        if texts.method.isEmpty {
            line.append(0x2D)
        } else {
            line.append(escaped: texts.method)
            line.append(0x20)
            append(redacted: texts.uri, into: &line)
            if let version = record.httpVersion {
                line.append(0x20)
                line.append(version)
            }
        }
        line.append("\" ")
        line.append(count: record.status)
        line.append(0x20)
        line.append(count: record.bytesOut)
        line.append(" \"")
        append(redacted: texts.referer, into: &line)
        line.append("\" \"")
        line.append(escapedOrDash: texts.userAgent)
        line.append("\"\n")
    }

    // MARK: - Texts

    private func append(_ text: Span<UInt8>, into line: inout Buffer) {
        switch format {
        case .json: line.append(jsonOrNull: text)
        case .combined: line.append(escapedOrDash: text)
        }
    }

    /// A target or a URI without the values that nobody shall read.
    private func append(redacted text: Span<UInt8>, into line: inout Buffer) {
        guard !redaction.isEmpty, let query = text.firstIndex(of: 0x3F) else {
            append(text, into: &line)
            return
        }
        if format == .json { line.append(0x22) }
        // Each cut is at an ASCII byte, so none falls into a UTF-8 sequence.
        var written = 0
        var search = query + 1
        while let secret = redaction.nextSecret(in: text, from: search) {
            append(part: text.extracting(written..<secret.lowerBound), into: &line)
            line.append("***")
            written = secret.upperBound
            search = written
        }
        append(part: text.extracting(written..<text.count), into: &line)
        if format == .json { line.append(0x22) }
    }

    private func append(part text: Span<UInt8>, into line: inout Buffer) {
        switch format {
        case .json: line.append(jsonPart: text)
        case .combined: line.append(escaped: text)
        }
    }
}

extension Buffer {
    fileprivate mutating func append(count: Int) {
        append(decimal: UInt64(max(count, 0)))
    }

    fileprivate mutating func append(countOrNull count: Int?) {
        if let count { append(count: count) } else { append("null") }
    }

    fileprivate mutating func append(quotedOrNull text: StaticString?) {
        guard let text else { return append("null") }
        append(0x22)
        append(text)
        append(0x22)
    }

    /// 16 digits in quotes: as a number it would lose bits in most readers of JSON.
    fileprivate mutating func append(hashOrNull hash: UInt64?) {
        guard let hash else { return append("null") }
        append(0x22)
        for _ in 0..<min(hash.leadingZeroBitCount / 4, 15) { append(0x30) }
        append(hexadecimal: hash)
        append(0x22)
    }

    fileprivate mutating func append(jsonOrNull text: Span<UInt8>) {
        if text.isEmpty { append("null") } else { append(json: text) }
    }

    fileprivate mutating func append(escapedOrDash text: Span<UInt8>) {
        if text.isEmpty { append(0x2D) } else { append(escaped: text) }
    }

    /// Quote, backslash and what is not printable ASCII as `\xHH`: nginx's default escaping.
    fileprivate mutating func append(escaped text: Span<UInt8>) {
        let count = text.count
        var written = 0
        var index = 0
        while index < count {
            let byte = text[index]
            if byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C {
                index &+= 1
                continue
            }
            append(text.extracting(written..<index))
            append("\\x")
            append(upperHexadecimalDigit: byte &>> 4)
            append(upperHexadecimalDigit: byte & 15)
            index &+= 1
            written = index
        }
        append(text.extracting(written..<count))
    }

    private mutating func append(upperHexadecimalDigit value: UInt8) {
        append(value < 10 ? value &+ 0x30 : value &+ 0x37)
    }
}
