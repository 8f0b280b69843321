package import PorticoBytes
package import PorticoHTTP

/// How a stored response stands in a record of the disk store, and how it comes back.
///
///     key      as in memory
///     variant  names of Vary, values of the request
///     head     name length 4, value length 4, name, value; for each field
///     tags     length 4, tag; for each
///     annex    1 version  1 HTTP version  1 basis  1 source  2 flags  4 × 4 seconds  8 date
///              4 length of the names of Vary, then site, URL, host: length 4, bytes
///
/// Instants become times of the wall clock: `born` and `freshUntil` are the record's `receivedAt`
/// and `lifetime`, in microseconds.
package enum DiskForm {
    private static let version: UInt8 = 1
    private static let annexHead = 34

    /// How the two clocks stand to each other, in microseconds.
    package struct Clocks: Sendable {
        let offset: Int64
        let now: Int64

        /// `wall`: microseconds since 1970.
        package init(monotonic: Instant, wall: Int64) {
            now = wall
            offset = wall &- Int64(clamping: monotonic.nanoseconds / 1000)
        }

        /// Nanoseconds of the monotonic clock as microseconds since 1970.
        func wall(_ ticks: Int64) -> Int64 { (ticks / 1000).addingSaturated(offset) }

        func ticks(_ wall: Int64) -> Int64 {
            let (ticks, over) = wall.subtractingSaturated(offset)
                .multipliedReportingOverflow(by: 1000)
            return over ? (wall < offset ? .min + 1 : .max) : ticks
        }
    }

    // MARK: - To disk

    package static func record(
        _ response: StoredResponse, _ words: PurgeWords, _ clocks: Clocks
    ) -> DiskRecord {
        let rules = response.rules
        var head = Buffer()
        let fields = response.head.fields
        for index in 0..<fields.count {
            head.append(number: UInt32(fields.name(at: index).count))
            head.append(number: UInt32(fields.value(at: index).count))
            head.append(fields.name(at: index))
            head.append(fields.value(at: index))
        }
        var tags = Buffer()
        for tag in words.tags { append(tag, to: &tags) }
        var annex = Buffer()
        annex.append(version)
        annex.append(response.head.version.rawValue)
        annex.append(rules.basis.rawValue)
        annex.append(rules.source.rawValue)
        annex.append(UInt8(truncatingIfNeeded: rules.flags.rawValue))
        annex.append(UInt8(truncatingIfNeeded: rules.flags.rawValue >> 8))
        for seconds in [rules.lifetime, rules.staleWhileRevalidate, rules.staleIfError, rules.keep]
        {
            annex.append(number: UInt32(bitPattern: seconds))
        }
        annex.append(number: rules.date)
        annex.append(number: UInt32(response.selector.vary.names.count))
        for part in [words.site, words.url, words.host] { append(part, to: &annex) }
        let born = clocks.wall(rules.born)
        let times = DiskTimes(
            receivedAt: born,
            lifetime: rules.freshUntil == .min
                ? .min : clocks.wall(rules.freshUntil).subtractingSaturated(born))
        return DiskRecord(
            key: response.key.array, variantKey: response.variant.array,
            status: response.head.status, head: head.bytes.array, tags: tags.bytes.array,
            annex: annex.bytes.array, times: times, fillSequence: response.stamp.fence)
    }

    private static func append(_ bytes: [UInt8], to buffer: inout Buffer) {
        buffer.append(number: UInt32(bytes.count))
        buffer.append(bytes.span)
    }

    // MARK: - From disk

    /// What a record says of its response, but for the body.
    package struct Contents: Sendable {
        package let selector: Variant
        package let head: ResponseHead
        package let rules: StoredRules
        package let words: PurgeWords
    }

    /// Nil for what this version did not write.
    package static func read(_ object: DiskObject, _ clocks: Clocks) -> Contents? {
        let bytes = object.bytes
        var annex = Reader(object.annex)
        guard annex.range.count >= annexHead, bytes[annex.take(1).lowerBound] == version,
            let httpVersion = HTTPVersion(rawValue: bytes[annex.take(1).lowerBound]),
            let basis = StoredRules.Basis(rawValue: bytes[annex.take(1).lowerBound]),
            let source = DirectiveSource(rawValue: bytes[annex.take(1).lowerBound])
        else { return nil }
        let low = UInt16(bytes[annex.take(1).lowerBound])
        let flags = StoredRules.Flags(
            rawValue: low | UInt16(bytes[annex.take(1).lowerBound]) << 8)
        func seconds(_ reader: inout Reader) -> Int32 {
            Int32(bitPattern: bytes.span.uint32(at: reader.take(4).lowerBound))
        }
        let lifetime = seconds(&annex)
        let whileRevalidate = seconds(&annex)
        let ifError = seconds(&annex)
        let keep = seconds(&annex)
        let date = bytes.span.int64(at: annex.take(8).lowerBound)
        let namesCount = Int(bytes.span.uint32(at: annex.take(4).lowerBound))
        guard let site = annex.part(of: bytes), let url = annex.part(of: bytes),
            let host = annex.part(of: bytes), namesCount <= object.variantKey.count,
            let fields = fields(in: object), let tags = tags(in: object)
        else { return nil }
        // A wall clock that was set back must not make it younger than it can be.
        let born = min(object.times.receivedAt, clocks.now)
        var rules = StoredRules(
            born: clocks.ticks(born),
            freshUntil: object.times.lifetime == .min
                ? .min : clocks.ticks(born.addingSaturated(object.times.lifetime)),
            date: date, lifetime: lifetime, flags: flags, basis: basis, source: source)
        rules.staleWhileRevalidate = whileRevalidate
        rules.staleIfError = ifError
        rules.keep = keep
        var head = ResponseHead(status: object.status)
        head.version = httpVersion
        head.fields = fields
        let middle = object.variantKey.lowerBound + namesCount
        let selector = Variant(
            vary: VaryNames(names: Array(bytes[object.variantKey.lowerBound..<middle])),
            values: Array(bytes[middle..<object.variantKey.upperBound]), date: date)
        return Contents(
            selector: selector, head: head, rules: rules,
            words: PurgeWords(
                site: Array(bytes[site]), url: Array(bytes[url]), host: Array(bytes[host]),
                tags: tags))
    }

    private static func fields(in object: DiskObject) -> Fields? {
        var reader = Reader(object.responseHead)
        var fields = Fields()
        let content = object.bytes
        let bytes = content.span
        while !reader.range.isEmpty {
            guard reader.range.count >= 8 else { return nil }
            let nameCount = Int(bytes.uint32(at: reader.take(4).lowerBound))
            let valueCount = Int(bytes.uint32(at: reader.take(4).lowerBound))
            guard nameCount + valueCount <= reader.range.count else { return nil }
            fields.append(
                name: bytes.extracting(reader.take(nameCount)),
                value: bytes.extracting(reader.take(valueCount)))
        }
        return fields
    }

    private static func tags(in object: DiskObject) -> [[UInt8]]? {
        var reader = Reader(object.tags)
        var tags: [[UInt8]] = []
        while !reader.range.isEmpty {
            guard let tag = reader.part(of: object.bytes) else { return nil }
            tags.append(Array(object.bytes[tag]))
        }
        return tags
    }

    /// Walks through a range of a record.
    private struct Reader {
        var range: Range<Int>

        init(_ range: Range<Int>) { self.range = range }

        /// The next `count` places, which are known to be there.
        mutating func take(_ count: Int) -> Range<Int> {
            let taken = range.lowerBound..<range.lowerBound + count
            range = taken.upperBound..<range.upperBound
            return taken
        }

        /// A length of four bytes and that many more.
        mutating func part(of bytes: [UInt8]) -> Range<Int>? {
            guard range.count >= 4 else { return nil }
            let count = Int(bytes.span.uint32(at: take(4).lowerBound))
            return count <= range.count ? take(count) : nil
        }
    }
}
