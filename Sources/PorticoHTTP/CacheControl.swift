package import PorticoBytes

/// The directives of a Cache-Control field (RFC 9111 §5.2, RFC 5861, RFC 8246), or of one that
/// is read like it (`CacheControl+Targeted.swift`).
///
/// Of several numbers for one directive the first counts (RFC 9111 §4.2.1). A number that is none
/// counts as zero, which makes a response stale, as that section encourages. What restricts is
/// honoured even when malformed; what permits is not.
package struct CacheControl: Equatable, Sendable {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let noStore = Flags(rawValue: 1 << 0)
        /// Without a list of fields.
        package static let noCache = Flags(rawValue: 1 << 1)
        /// Without a list of fields.
        package static let `private` = Flags(rawValue: 1 << 2)
        package static let `public` = Flags(rawValue: 1 << 3)
        package static let mustRevalidate = Flags(rawValue: 1 << 4)
        package static let proxyRevalidate = Flags(rawValue: 1 << 5)
        package static let mustUnderstand = Flags(rawValue: 1 << 6)
        package static let immutable = Flags(rawValue: 1 << 7)
        package static let noTransform = Flags(rawValue: 1 << 8)
        package static let onlyIfCached = Flags(rawValue: 1 << 9)
    }

    package internal(set) var flags: Flags = []
    package internal(set) var maxAge: Int32?
    package internal(set) var sMaxAge: Int32?
    package internal(set) var staleWhileRevalidate: Int32?
    package internal(set) var staleIfError: Int32?
    package internal(set) var minFresh: Int32?
    /// `DeltaSeconds.limit` without an argument: any staleness will do.
    package internal(set) var maxStale: Int32?
    /// The lists of fields given to `no-cache` and `private`, in the head's storage: names
    /// separated by commas. A shared cache treats both alike: it keeps none of these fields.
    package internal(set) var fieldLists: [ByteRange] = []

    package init() {}

    /// Reads the Cache-Control lines of a request or a response.
    package init(_ fields: borrowing Fields) {
        for line in fields.lines where line.name == .cacheControl {
            read(fields[line.valueRange], at: Int(line.valueRange.lower), surrogate: false)
        }
    }

    package func contains(_ flag: Flags) -> Bool { flags.contains(flag) }

    /// Whether `no-cache` or `private` names this field.
    package func lists(_ name: Span<UInt8>, in fields: borrowing Fields) -> Bool {
        for list in fieldLists {
            let names = fields[list]
            var start = 0
            while start <= names.count {
                let end = names.firstIndex(of: 0x2C, from: start) ?? names.count
                if names.extracting(start..<end).trimmingOWS.equalsFolded(name) { return true }
                start = end + 1
            }
        }
        return false
    }

    /// - Parameter start: where `text` begins in the head's storage.
    mutating func read(_ text: Span<UInt8>, at start: Int, surrogate: Bool) {
        var reader = DirectiveReader(text)
        while let directive = reader.next() {
            // "max-age=60;abc" is for the surrogate abc alone.
            if surrogate && directive.hasParameters { continue }
            let argument = directive.hasParameters ? .malformed : directive.argument
            read(text, text.extracting(directive.name), argument, at: start)
        }
    }

    private mutating func read(
        _ text: Span<UInt8>, _ name: Span<UInt8>, _ argument: DirectiveReader.Argument,
        at start: Int
    ) {
        switch name.count {
        case 6 where name.equalsFolded("public"):
            if argument == .none { flags.insert(.public) }
        case 7 where name.equalsFolded("max-age"):
            maxAge = maxAge ?? seconds(text, argument)
        case 7 where name.equalsFolded("private"): restrict(.private, argument, at: start)
        case 8 where name.equalsFolded("no-cache"): restrict(.noCache, argument, at: start)
        case 8 where name.equalsFolded("no-store"): flags.insert(.noStore)
        case 8 where name.equalsFolded("s-maxage"):
            sMaxAge = sMaxAge ?? seconds(text, argument)
        case 9 where name.equalsFolded("max-stale"):
            let any = argument == .none ? DeltaSeconds.limit : seconds(text, argument)
            maxStale = maxStale ?? any
        case 9 where name.equalsFolded("min-fresh"):
            minFresh = minFresh ?? seconds(text, argument)
        case 9 where name.equalsFolded("immutable"):
            if argument == .none { flags.insert(.immutable) }
        case 12 where name.equalsFolded("no-transform"): flags.insert(.noTransform)
        case 14 where name.equalsFolded("only-if-cached"): flags.insert(.onlyIfCached)
        case 14 where name.equalsFolded("stale-if-error"):
            staleIfError = staleIfError ?? seconds(text, argument)
        case 15 where name.equalsFolded("must-revalidate"): flags.insert(.mustRevalidate)
        case 15 where name.equalsFolded("must-understand"):
            if argument == .none { flags.insert(.mustUnderstand) }
        case 16 where name.equalsFolded("proxy-revalidate"): flags.insert(.proxyRevalidate)
        case 22 where name.equalsFolded("stale-while-revalidate"):
            staleWhileRevalidate = staleWhileRevalidate ?? seconds(text, argument)
        default: break
        }
    }

    /// RFC 9111 §5.2: both forms are read, whichever a directive is defined with.
    private func seconds(_ text: Span<UInt8>, _ argument: DirectiveReader.Argument) -> Int32 {
        switch argument {
        case .token(let range), .quoted(let range):
            DeltaSeconds.parse(text.extracting(range)) ?? 0
        case .none, .malformed: 0
        }
    }

    /// RFC 9111 §5.2.2.4 and §5.2.2.7: with a list, only those fields are meant.
    private mutating func restrict(
        _ flag: Flags, _ argument: DirectiveReader.Argument, at start: Int
    ) {
        switch argument {
        case .token(let range), .quoted(let range):
            restrict(flag, list: ByteRange(start + range.lowerBound, start + range.upperBound))
        case .none, .malformed: flags.insert(flag)
        }
    }

    mutating func restrict(_ flag: Flags, list: ByteRange) {
        if list.isEmpty { flags.insert(flag) } else { fieldLists.append(list) }
    }
}
