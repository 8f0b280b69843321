internal import PorticoBytes
internal import PorticoCoding
internal import PorticoHTTP
internal import PorticoLoop

/// A page on its way to a client, whose includes are put in as they come (Edge Side Includes).
final class PageAssembly {
    /// Pages that include pages that include pages.
    static let mostDepth = 5
    /// Includes of one page, those of its includes among them.
    static let mostIncludes = 256
    /// Of a coded page, decoded at a time: what becomes a thousandfold has become four megabytes.
    private static let slice = 4096

    /// What is still allowed, to the page and all that it includes.
    final class Budget {
        var left = PageAssembly.mostIncludes
    }

    let budget: Budget
    private var reader = ESIReader()
    /// As it came, where it is coded.
    private var coded = Buffer()
    private var plain = Buffer()
    private var decoder: Coder?
    private var hasEnded = false

    /// Makes of a page's head that of the page put together: its length is not known, and its
    /// validators speak of the page alone.
    init(_ head: inout ResponseHead, budget: Budget) {
        self.budget = budget
        let encoding = head.fields[head.fields.range(of: .contentEncoding)].array
        if let coding = ContentCoding(encoding.span), let decoder = Coder(decoding: coding) {
            self.decoder = consume decoder
            head.fields.remove(.contentEncoding)
        }
        head.fields.removeAll { line, name in
            switch line.name {
            case .contentLength, .acceptRanges, .etag, .lastModified: true
            case .other: name.equalsFolded("content-md5") || name.equalsFolded("content-digest")
            default: false
            }
        }
    }

    /// Puts text to `page` until it is full, an include comes, or more bytes are needed.
    func next(to page: any BodySink) throws(ExchangeFault) -> ESIInclude? {
        while !page.isFull {
            switch plain.withBytes({ reader.next($0, isLast: isLast) }) {
            case .text(let count):
                plain.withBytes { page.put($0.extracting(..<count)) }
                plain.consume(count)
            case .skip(let count): plain.consume(count)
            case .include(let include, let count):
                plain.consume(count)
                return include
            case .needsMore: if try !decode() { return nil }
            }
        }
        return nil
    }

    private var isLast: Bool { hasEnded && coded.isEmpty }

    /// Whether all has been put.
    var isDone: Bool { isLast && plain.isEmpty }

    /// Nothing more comes from the origin.
    func end() { hasEnded = true }

    /// Decodes a little more; false: there is nothing to decode.
    private func decode() throws(ExchangeFault) -> Bool {
        guard decoder != nil, !coded.isEmpty || hasEnded else { return false }
        let count = min(coded.count, Self.slice)
        let piece = coded.bytes.extracting(..<count).array
        coded.consume(count)
        do throws(Coder.Fault) {
            try decoder?.run(isLast ? .finish : .go, piece.span) { piece throws(Coder.Fault) in
                plain.append(piece)
            }
        } catch {
            throw .origin(.malformed)
        }
        if isLast { decoder = nil }
        return true
    }
}

extension PageAssembly: BodySink {
    func put(_ bytes: Span<UInt8>) {
        if decoder == nil { plain.append(bytes) } else { coded.append(bytes) }
    }

    func finish(trailers: borrowing Fields) {}
    var isFull: Bool { plain.count + coded.count >= 64 << 10 }
    func flushNow() throws(ExchangeFault) -> Bool { true }
    func flush(in scope: Scope?) async throws(ExchangeFault) {}
}
