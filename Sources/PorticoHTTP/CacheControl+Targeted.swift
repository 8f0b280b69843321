internal import PorticoBytes

/// Whose directives govern a response in a cache at the edge.
package enum DirectiveSource: UInt8, Sendable {
    case cacheControl, cdnCacheControl, surrogateControl
}

extension CacheControl {
    /// The directives that govern a response here (RFC 9213 §2.2): those of the first targeted
    /// field that is there and valid, else of Cache-Control. Never a mixture.
    package static func governing(
        _ fields: borrowing Fields
    ) -> (directives: CacheControl, source: DirectiveSource) {
        if fields.contains(.surrogateControl), let surrogate = CacheControl(surrogate: fields) {
            return (surrogate, .surrogateControl)
        }
        if fields.contains(.cdnCacheControl), let targeted = CacheControl(targeted: fields) {
            return (targeted, .cdnCacheControl)
        }
        return (CacheControl(fields), .cacheControl)
    }

    /// CDN-Cache-Control, a structured dictionary (RFC 9213 §2.1). Nil if it is empty or does not
    /// parse: then it counts as absent. A number of another type counts as a fault of the field.
    package init?(targeted fields: borrowing Fields) {
        self.init()
        var isEmpty = true
        for line in fields.lines where line.name == .cdnCacheControl {
            let text = fields[line.valueRange]
            var reader = StructuredDictionary(text)
            reading: while true {
                switch reader.next() {
                case .end: break reading
                case .malformed: return nil
                case .member(let key, let value):
                    isEmpty = false
                    let name = text.extracting(key)
                    guard take(name, value, at: Int(line.valueRange.lower)) else { return nil }
                }
            }
        }
        if isEmpty { return nil }
    }

    /// A later member replaces an earlier one (RFC 9651 §4.2.2).
    private mutating func take(
        _ name: Span<UInt8>, _ value: StructuredDictionary.Value, at start: Int
    ) -> Bool {
        if name.equals("max-age") { return take(value, \.maxAge) }
        if name.equals("s-maxage") { return take(value, \.sMaxAge) }
        if name.equals("stale-while-revalidate") { return take(value, \.staleWhileRevalidate) }
        if name.equals("stale-if-error") { return take(value, \.staleIfError) }
        if name.equals("private") { return take(value, .private, at: start) }
        if name.equals("no-cache") { return take(value, .noCache, at: start) }
        if name.equals("no-store") { return take(value, .noStore) }
        if name.equals("public") { return take(value, .public) }
        if name.equals("must-revalidate") { return take(value, .mustRevalidate) }
        if name.equals("proxy-revalidate") { return take(value, .proxyRevalidate) }
        if name.equals("must-understand") { return take(value, .mustUnderstand) }
        if name.equals("immutable") { return take(value, .immutable) }
        if name.equals("no-transform") { return take(value, .noTransform) }
        return true
    }

    private mutating func take(
        _ value: StructuredDictionary.Value, _ place: WritableKeyPath<CacheControl, Int32?>
    ) -> Bool {
        guard case .integer(let number) = value else { return false }
        self[keyPath: place] = Int32(clamping: max(number, 0))
        return true
    }

    private mutating func take(_ value: StructuredDictionary.Value, _ flag: Flags) -> Bool {
        switch value {
        case .boolean(true): flags.insert(flag)
        case .boolean(false): flags.remove(flag)
        // Any value restricts; only the right one permits.
        default:
            if !flag.isSubset(of: [.public, .immutable, .mustUnderstand]) { flags.insert(flag) }
        }
        return true
    }

    private mutating func take(
        _ value: StructuredDictionary.Value, _ flag: Flags, at start: Int
    ) -> Bool {
        switch value {
        case .string(let range), .token(let range):
            restrict(flag, list: ByteRange(start + range.lowerBound, start + range.upperBound))
            return true
        default: return take(value, flag)
        }
    }

    /// Surrogate-Control (Edge Architecture Specification §2.2). Nil if nothing in it is about
    /// storing: `content="ESI/1.0"` alone leaves that to the other fields.
    package init?(surrogate fields: borrowing Fields) {
        self.init()
        for line in fields.lines where line.name == .surrogateControl {
            let text = fields[line.valueRange]
            read(text, at: Int(line.valueRange.lower), surrogate: true)
            readExtendedMaxAge(text)
        }
        if self == CacheControl() { return nil }
    }

    /// "max-age=600+60": fresh for 600 seconds, and usable for 60 more while it is fetched anew.
    private mutating func readExtendedMaxAge(_ text: Span<UInt8>) {
        var reader = DirectiveReader(text)
        while let directive = reader.next() {
            guard !directive.hasParameters, case .token(let range) = directive.argument,
                text.extracting(directive.name).equalsFolded("max-age")
            else { continue }
            let value = text.extracting(range)
            guard let plus = value.firstIndex(of: 0x2B),
                let fresh = DeltaSeconds.parse(value.extracting(..<plus)),
                let extra = DeltaSeconds.parse(value.extracting((plus + 1)...))
            else { return }
            maxAge = fresh
            staleWhileRevalidate = staleWhileRevalidate ?? extra
            return
        }
    }
}

extension Fields {
    /// Whether Surrogate-Control says `content="ESI/1.0"`, perhaps among others.
    package var announcesESI: Bool {
        for line in lines where line.name == .surrogateControl {
            let text = self[line.valueRange]
            var reader = DirectiveReader(text)
            while let directive = reader.next() {
                guard case .quoted(let range) = directive.argument,
                    text.extracting(directive.name).equalsFolded("content")
                else { continue }
                let kinds = text.extracting(range)
                var start = 0
                while start <= kinds.count {
                    let end = kinds.firstIndex(of: 0x20, from: start) ?? kinds.count
                    if kinds.extracting(start..<end).equalsFolded("esi/1.0") { return true }
                    start = end + 1
                }
            }
        }
        return false
    }
}
