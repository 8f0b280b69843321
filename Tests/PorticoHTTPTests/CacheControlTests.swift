import PorticoBytes
import PorticoHTTP
import Testing

@Suite("Cache-Control (RFC 9111 §5.2)")
struct CacheControlTests {
    static let ages: [(String, Int32?)] = [
        ("max-age=60", 60), ("MAX-AGE=60", 60), ("max-age=\"60\"", 60), ("max-age=0060", 60),
        (" , ,max-age=60,,", 60), ("x,max-age=60", 60), ("x=\"a\\\",\", max-age=60", 60),
        ("max-age=60, max-age=5", 60), ("max-age=5, max-age=60", 5),
        ("max-age=2147483648", .max), ("max-age=99999999999999999999999", .max),
        // No numbers: stale.
        ("max-age", 0), ("max-age=", 0), ("max-age= 60", 0), ("max-age=a60", 0),
        ("max-age=60.5", 0), ("max-age='60'", 0), ("max-age=-1", 0), ("max-age=+1", 0),
        ("max-age=\"60", 0), ("max-age=60 5", 0), ("max-age =60", 0), ("max-age=60;x", 0),
        ("max-age=\"6\\0\"", 0),
        // No max-age at all.
        ("", nil), ("x=\"max-age=60\"", nil), ("x=\"max-age=60", nil), ("xmax-age=60", nil),
        ("\"max-age=60\"", nil), ("=60", nil), ("max-agé=60", nil),
    ]

    @Test(arguments: ages)
    func `§4.2.1 max-age: the first counts, and what is no number is stale`(
        _ text: String, _ seconds: Int32?
    ) {
        #expect(CacheControl(fields("Cache-Control: \(text)")).maxAge == seconds)
    }

    static let flags: [(String, CacheControl.Flags)] = [
        ("No-StOrE", .noStore), ("no-store=1", .noStore), ("no-store garbage", .noStore),
        ("no-cache", .noCache), ("no-cache=", .noCache), ("no-cache=\"\"", .noCache),
        ("no-cache=\"a", .noCache), ("private, public", [.private, .public]),
        ("public=1", []), ("immutable x", []), ("must-understand=a", []),
        ("must-revalidate, proxy-revalidate", [.mustRevalidate, .proxyRevalidate]),
        ("no-transform,only-if-cached,immutable", [.noTransform, .onlyIfCached, .immutable]),
        ("nostore, no_store, x=\"no-store\"", []),
    ]

    @Test(arguments: flags)
    func `what restricts counts even when malformed, what permits does not`(
        _ text: String, _ flags: CacheControl.Flags
    ) {
        #expect(CacheControl(fields("Cache-Control: \(text)")).flags == flags)
    }

    @Test func `§5.2.2.4 lists of fields belong to no-cache and private`() {
        let head = fields("Cache-Control: no-cache=\"a, B\"\nCache-Control: private=c")
        let directives = CacheControl(head)
        #expect(directives.flags.isEmpty)
        for (name, isListed) in [("A", true), ("b", true), ("C", true), ("d", false), ("", false)] {
            let bytes = Array(name.utf8)
            let answer = directives.lists(bytes.span, in: head)
            #expect(answer == isListed)
        }
    }

    @Test func `request directives and RFC 5861`() {
        let directives = CacheControl(
            fields(
                "Cache-Control: max-stale, min-fresh=5, s-maxage=6\n"
                    + "Cache-Control: stale-while-revalidate=7, stale-if-error=8"))
        #expect(directives.maxStale == .max)
        #expect(directives.minFresh == 5)
        #expect(directives.sMaxAge == 6)
        #expect(directives.staleWhileRevalidate == 7)
        #expect(directives.staleIfError == 8)
        #expect(CacheControl(fields("Cache-Control: max-stale=9")).maxStale == 9)
        #expect(CacheControl(fields("Cache-Control: max-stale=x")).maxStale == 0)
    }

    @Test func `garbage of any kind neither stops it nor makes a directive`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("=\"\\,; \tno-store'max-age1".utf8)
        for _ in 0..<2000 {
            let count = Int.random(in: 0..<30, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
            var head = Fields()
            head.append(.cacheControl, bytes.span)
            _ = CacheControl(head)
            head.append(.surrogateControl, bytes.span)
            head.append(.cdnCacheControl, bytes.span)
            _ = CacheControl.governing(head)
            // A quote that never ends hides all that follows, and nothing before it.
            var quoted = Fields()
            quoted.append(.cacheControl, (Array("no-store,x=\"".utf8) + bytes).span)
            #expect(CacheControl(quoted).contains(.noStore))
        }
    }
}

@Suite("Targeted fields (RFC 9213)")
struct TargetedFieldTests {
    static let rows: [(String, DirectiveSource, Int32?)] = [
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2", .cdnCacheControl, 2),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: foo, max-age=2", .cdnCacheControl, 2),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: no-cache", .cdnCacheControl, nil),
        ("CDN-Cache-Control: max-age=99999999999", .cdnCacheControl, .max),
        ("CDN-Cache-Control: max-age=-5", .cdnCacheControl, 0),
        ("CDN-Cache-Control: max-age=1, max-age=2", .cdnCacheControl, 2),
        ("CDN-Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2;p=1", .cdnCacheControl, 2),
        // What does not parse counts as absent (§2.1).
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2, &&", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age= 2", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age=\"2\"", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2.5", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: MaX-aGe=2", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age=2,", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control: max-age=1234567890123456", .cacheControl, 1),
        ("Cache-Control: max-age=1\nCDN-Cache-Control:", .cacheControl, 1),
        // Edge Architecture Specification.
        ("CDN-Cache-Control: max-age=2\nSurrogate-Control: max-age=3", .surrogateControl, 3),
        (
            "Surrogate-Control: max-age=3+9, content=\"ESI/1.0\"\nCache-Control: max-age=1",
            .surrogateControl, 3
        ),
        ("Cache-Control: max-age=1\nSurrogate-Control: content=\"ESI/1.0\"", .cacheControl, 1),
        ("Cache-Control: max-age=1\nSurrogate-Control: max-age=9;abc", .cacheControl, 1),
        ("Surrogate-Control: max-age=a\nCache-Control: max-age=1", .surrogateControl, 0),
    ]

    @Test(arguments: rows)
    func `§2.2 the first valid field governs alone`(
        _ text: String, _ source: DirectiveSource, _ maxAge: Int32?
    ) {
        let answer = CacheControl.governing(fields(text))
        #expect(answer.source == source)
        #expect(answer.directives.maxAge == maxAge)
    }

    @Test func `what restricts counts with any value but false`() {
        for (text, flags) in [
            ("no-store=1", CacheControl.Flags.noStore), ("private", .private),
            ("no-cache=5", .noCache),
            ("no-store=?0, x", []), ("public=1, x", []), ("no-store, no-store=?0", []),
        ] {
            let head = fields("CDN-Cache-Control: \(text)")
            #expect(CacheControl.governing(head).directives.flags == flags)
        }
    }

    @Test func `Surrogate-Control announces ESI and extends max-age`() {
        let head = fields("Surrogate-Control: max-age=600+30, content=\"X/1 ESI/1.0\"")
        #expect(head.announcesESI)
        #expect(CacheControl.governing(head).directives.staleWhileRevalidate == 30)
        #expect(!fields("Surrogate-Control: content=\"ESI/1.00\"").announcesESI)
    }
}

@Suite("Structured dictionaries (RFC 9651 §4.2.2)")
struct StructuredDictionaryTests {
    private func read(_ text: String) -> [String]? {
        let bytes = Array(text.utf8)
        var reader = StructuredDictionary(bytes.span)
        var found: [String] = []
        while true {
            switch reader.next() {
            case .end: return found
            case .malformed: return nil
            case .member(let key, .string(let range)), .member(let key, .token(let range)):
                let text = bytes.span.extracting(range).text
                found.append("\(bytes.span.extracting(key).text) '\(text)'")
            case .member(let key, let value):
                found.append("\(bytes.span.extracting(key).text) \(value)")
            }
        }
    }

    @Test func `every type is read`() {
        #expect(
            read(
                "a, b=?0;x;y=1,c=-5 ,\t*d=\"x\\\"\",e=tok/en:*,f=:YQ==:,g=(1 a;b=2 \"\") ,h=@-5,"
                    + "i=%\"f%c3%bc\",j=1.5")
                == [
                    "a boolean(true)", "b boolean(false)", "c integer(-5)", "*d 'x\\\"'",
                    "e 'tok/en:*'", "f bytes", "g innerList", "h date", "i displayString",
                    "j decimal",
                ])
        #expect(read("") == [])
        #expect(read("  a  ") == ["a boolean(true)"])
    }

    @Test(arguments: [
        ",", "a,", "a,,b", "A", "1", "a=", "a= 1", "a =1", "a=?2", "a=?", "a=\"", "a=\"\\a\"",
        "a=\"é\"", "a=:é:", "a=:YQ", "a=(1", "a=(1)x", "a=(1,2)", "a=1.", "a=1.2345", "a=-",
        "a=1234567890123456", "a=1234567890123.1", "a=@1.5", "a=@", "a=%\"", "a=%\"%C3\"", "a=%x",
        "a;=1", "a;b=", "a;B", "a b", "&&",
    ])
    func `the first fault makes all fail`(_ text: String) {
        #expect(read(text) == nil)
    }
}
